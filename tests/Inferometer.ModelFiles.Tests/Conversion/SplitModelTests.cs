using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Conversion;
using Inferometer.ModelFiles.Formats;
using Inferometer.ModelFiles.Synthesis;
using Inferometer.ReferenceModels;

namespace Inferometer.ModelFiles.Tests.Conversion;

public sealed class SplitModelTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _whole;

    public SplitModelTests()
    {
        _whole = In("whole.gguf");
        SyntheticShape shape = new()
        {
            HiddenSize = 32,
            Layers = 2,
            Heads = 2,
            KvHeads = 1,
            FeedForwardSize = 64,
            VocabularySize = 300,
            ContextTokens = 32,
        };
        using FileStream stream = File.Create(_whole);
        SyntheticModel.Write(stream, shape, GgmlType.Q8_0, 1, null, TestContext.Current.CancellationToken);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Parts_hold_what_the_whole_file_holds_and_join_to_it_again()
    {
        ConversionResult result = Split(tensors: 8);
        Assert.Equal(3, result.Files.Count);
        Assert.Equal(In("m-00001-of-00003.gguf"), result.Files[0]);
        Assert.Equal(result.Files.Sum(file => new FileInfo(file).Length), result.FileBytes);
        using GgufModelFile whole = GgufModelFile.Open(_whole);
        foreach (string part in result.Files)
        {
            using GgufModelFile parts = GgufModelFile.Open(part);
            AssertSame(whole, parts);
            Assert.Equal(result.Files[0], parts.Path);
            Assert.Equal(result.FileBytes, parts.Header.FileLength);
        }

        string joined = In("joined.gguf");
        Convert(result.Files[2], joined, new ConversionOptions { Type = GgmlType.Q8_0 });
        using GgufModelFile again = GgufModelFile.Open(joined);
        AssertSame(whole, again);
        Assert.Equal(whole.Header.Metadata.Keys.Order(StringComparer.Ordinal), again.Header.Metadata.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Files_keep_to_the_size_that_was_given()
    {
        const long Most = 20_000;
        ConversionResult result = Convert(_whole, In("m.gguf"), new ConversionOptions { Type = GgmlType.Q8_0, MaxPartBytes = Most });
        Assert.True(result.Files.Count > 2);
        var header = GgufHeader.Read(result.Files[0]);
        Assert.All(header.Tensors.GroupBy(tensor => tensor.Part), part => Assert.InRange(part.Sum(tensor => tensor.ByteCount), 1, Most));
        Assert.Equal([_whole + "x"], Convert(_whole, _whole + "x", new() { Type = GgmlType.Q8_0, MaxPartBytes = 1L << 40 }).Files);
    }

    [Fact]
    public void A_missing_part_is_named()
    {
        ConversionResult result = Split(tensors: 8);
        File.Delete(result.Files[1]);
        Assert.Contains("part 2, " + result.Files[1] + ", is missing", Refusal(result.Files[2]), StringComparison.Ordinal);
    }

    [Fact]
    public void A_part_that_was_renamed_is_refused()
    {
        ConversionResult result = Split(tensors: 8);
        File.Move(result.Files[0], In("first.gguf"));
        Assert.Contains("must end in '-00001-of-00003.gguf'", Refusal(In("first.gguf")), StringComparison.Ordinal);
        File.Copy(result.Files[1], result.Files[0]);
        Assert.Contains("says that it is part 2 of 3; by its name it is part 1", Refusal(result.Files[1]), StringComparison.Ordinal);
    }

    [Fact]
    public void Parts_of_different_models_are_refused()
    {
        ConversionResult result = Split(tensors: 8), other = Convert(
            _whole, In("n.gguf"), new ConversionOptions { Type = GgmlType.Q8_0, MaxPartTensors = 9 });
        Assert.Equal(result.Files.Count, other.Files.Count);
        File.Copy(other.Files[1], result.Files[1], overwrite: true);
        Assert.Contains("is in", Refusal(result.Files[0]), StringComparison.Ordinal);
    }

    [Fact]
    public void The_parts_that_are_read_are_not_written_over()
    {
        ConversionResult result = Split(tensors: 8);
        Assert.Contains("cannot take the place", Assert.Throws<InferometerException>(() => Convert(
            result.Files[1], In("m.gguf"), new ConversionOptions { Type = GgmlType.Q8_0, MaxPartTensors = 8 })).Message,
                StringComparison.Ordinal);
        Assert.Equal(3, GgufHeader.Read(result.Files[1]).Parts.Count);
    }

    private string In(string name) => Path.Combine(_folder.Path, name);

    private ConversionResult Split(int tensors) =>
        Convert(_whole, In("m.gguf"), new ConversionOptions { Type = GgmlType.Q8_0, MaxPartTensors = tensors });

    private static ConversionResult Convert(string source, string output, ConversionOptions options) =>
        ModelConverter.Convert(source, output, options, cancellationToken: TestContext.Current.CancellationToken);

    private static string Refusal(string path) => Assert.Throws<InferometerException>(() => GgufHeader.Read(path)).Message;

    private static void AssertSame(GgufModelFile expected, GgufModelFile actual)
    {
        Assert.Equal(expected.Tensors.Select(tensor => tensor.ToString()), actual.Tensors.Select(tensor => tensor.ToString()));
        foreach (ModelTensor tensor in expected.Tensors)
        {
            Assert.True(actual.TryGetTensor(tensor.Name, out ModelTensor? same));
            Assert.True(tensor.Bytes(0, (int)tensor.ByteCount).SequenceEqual(same.Bytes(0, (int)same.ByteCount)), tensor.Name);
        }
    }
}
