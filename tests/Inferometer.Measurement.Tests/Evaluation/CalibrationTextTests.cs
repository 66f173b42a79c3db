using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Weights;
using Inferometer.Measurement.Evaluation;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.Measurement.Tests.Evaluation;

public sealed class CalibrationTextTests : IDisposable
{
    private readonly TransformerModel _model = TransformerModel.Load(SmallModels.Bundled, new LoadOptions { Threads = 1 });
    private readonly Tokenizer _tokenizer = GgufTokenizer.Load(GgufHeader.Read(SmallModels.Bundled));
    private readonly string _file = Path.GetTempFileName();

    public void Dispose()
    {
        _model.Dispose();
        File.Delete(_file);
    }

    [Fact]
    public void A_text_fills_whole_windows_that_begin_with_the_start_token()
    {
        CalibrationText text = Read(string.Concat(Enumerable.Repeat("Once upon a time there was a king. ", 40)), 64);
        Assert.Equal(text.Tokens.Length / 63, text.Available);
        IReadOnlyList<int[]> windows = text.Windows(2, first: 1);
        Assert.All(windows, w => Assert.Equal((64, text.StartToken!.Value), (w.Length, w[0])));
        Assert.Equal(text.Tokens[63..126], windows[0][1..]);
    }

    [Fact]
    public void Windows_are_as_long_as_the_model_allows_unless_said_otherwise() =>
        Assert.Equal(1024, Read(string.Concat(Enumerable.Repeat("Once upon a time there was a king. ", 400)), 0).WindowTokens);

    [Theory]
    [InlineData("too short", 64, "are too few; one window takes 64")]
    [InlineData("any", 31, "windows of 31 tokens are not possible; the model takes 32 to 1024")]
    [InlineData("any", 1025, "windows of 1025 tokens are not possible")]
    public void What_cannot_be_cut_is_refused(string content, int windowTokens, string expected) =>
        Assert.Contains(expected, Assert.Throws<InferometerException>(() => Read(content, windowTokens)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_file_that_cannot_be_read_is_named() => Assert.StartsWith(
        "missing.txt: cannot be read",
        Assert.Throws<InferometerException>(() => CalibrationText.Read("missing.txt", _tokenizer, _model, 0)).Message,
        StringComparison.Ordinal);

    private CalibrationText Read(string content, int windowTokens)
    {
        File.WriteAllText(_file, content);
        return CalibrationText.Read(_file, _tokenizer, _model, windowTokens);
    }
}
