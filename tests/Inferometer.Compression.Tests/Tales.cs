using Inferometer.Compression.Calibration;
using Inferometer.Compression.Evaluation;
using Inferometer.Cpu.Execution;
using Inferometer.ModelFiles.Tokenization;
using Inferometer.Tests;

namespace Inferometer.Compression.Tests;

/// <summary>The small trained model that quality is measured on, loaded once, and its texts.</summary>
public sealed class Tales : IDisposable
{
    private readonly Lazy<TransformerModel> _model = new(() => TransformerModel.Load(Folder));
    private readonly Lazy<Tokenizer> _tokenizer = new(() => HuggingFaceTokenizer.Load(Folder));

    public static string Folder => SharedFolder.Require("models/tales-5m");

    public TransformerModel Model => _model.Value;

    public IReadOnlyList<int[]> Windows(string file, int windowTokens, int windows, int firstWindow = 0)
    {
        int[] tokens = _tokenizer.Value.Encode(File.ReadAllText(Path.Combine(Folder, file)), addSpecial: false);
        return TextWindows.Cut(tokens, _tokenizer.Value.BosId, windowTokens, windows, firstWindow);
    }

    public ModelBases Bases(int windowTokens, int windows, int headGroupSize = 1)
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        CalibrationStatistics statistics = CalibrationStatistics.Collect(
            Model, Windows("calibration.txt", windowTokens, windows), headGroupSize, null, cancellation);
        Assert.Equal(windowTokens * windows, statistics.Tokens);
        return ModelBases.Calibrated(Model, statistics, null, cancellation);
    }

    public void Dispose()
    {
        if (_model.IsValueCreated)
        {
            _model.Value.Dispose();
        }
    }
}
