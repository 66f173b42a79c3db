using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Kernels.Matrices;
using Inferometer.Cpu.Tests.Execution;
using Inferometer.Cpu.Weights;
using Inferometer.ModelFiles.Synthesis;
using Inferometer.ReferenceModels;

namespace Inferometer.Cpu.Tests.Weights;

public sealed class RepackedFileTests : IDisposable
{
    private static readonly SyntheticShape s_shape = new()
    {
        HiddenSize = 256,
        Layers = 2,
        Heads = 4,
        KvHeads = 2,
        FeedForwardSize = 512,
        VocabularySize = 300,
        ContextTokens = 64,
    };

    private readonly TemporaryFolder _folder = new();
    private readonly string _path;

    public RepackedFileTests() => _path = _folder.Create("models");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(GgmlType.Q4_0)]
    [InlineData(GgmlType.Q5_1)]
    [InlineData(GgmlType.Q8_0)]
    [InlineData(GgmlType.Q4_K)]
    [InlineData(GgmlType.Q6_K)]
    [InlineData(GgmlType.Q2_K)]
    [InlineData(GgmlType.Q3_K)]
    [InlineData(GgmlType.IQ4_NL)]
    [InlineData(GgmlType.IQ4_XS)]
    public void A_file_that_was_written_is_used_at_the_next_start_and_changes_nothing(GgmlType type)
    {
        string model = Synthesise("m.gguf", type);
        (float[] expected, RepackedFileReport absent) = Run(model, RepackedFileUse.Read);
        Assert.Equal(RepackedFileOutcome.Absent, absent.Outcome);
        Assert.False(File.Exists(model + ".repacked"));

        (float[] first, RepackedFileReport written) = Run(model, RepackedFileUse.ReadOrWrite);
        Assert.Equal(
            new RepackedFileReport(model + ".repacked", RepackedFileOutcome.Written, new FileInfo(model + ".repacked").Length), written);
        (float[] second, RepackedFileReport used) = Run(model, RepackedFileUse.Read);
        Assert.Equal(written with { Outcome = RepackedFileOutcome.Used }, used);
        Assert.Equal(RepackedFileOutcome.Used, Run(model, RepackedFileUse.ReadOrWrite).Report.Outcome);
        Assert.Equal(RepackedFileOutcome.Absent, Run(model, RepackedFileUse.Ignore).Report.Outcome);
        Assert.Equal(expected, first);
        Assert.Equal(expected, second);
        Assert.Equal(["m.gguf", "m.gguf.repacked"], Directory.GetFiles(_path).Select(Path.GetFileName).Order(StringComparer.Ordinal)!);
    }

    [Fact]
    public void A_copy_of_the_model_under_another_name_and_time_is_the_same_model()
    {
        string model = Synthesise("m.gguf", GgmlType.Q8_0), copy = Path.Combine(_path, "copy.gguf");
        Run(model, RepackedFileUse.ReadOrWrite);
        File.Copy(model, copy);
        File.SetLastWriteTimeUtc(copy, DateTime.UnixEpoch);
        File.Move(model + ".repacked", copy + ".repacked");
        Assert.Equal(RepackedFileOutcome.Used, Run(copy, RepackedFileUse.Read).Report.Outcome);
    }

    [Fact]
    public void A_file_of_other_weights_is_not_used_and_is_replaced_when_that_is_asked_for()
    {
        string model = Synthesise("m.gguf", GgmlType.Q8_0), other = Synthesise("other.gguf", GgmlType.Q8_0, seed: 2);
        float[] expected = Run(model, RepackedFileUse.Ignore).Logits;
        Run(other, RepackedFileUse.ReadOrWrite);
        File.Copy(other + ".repacked", model + ".repacked");

        (float[] logits, RepackedFileReport report) = Run(model, RepackedFileUse.Read);
        Assert.Equal((RepackedFileOutcome.Unusable, "it was made for another model"), (report.Outcome, report.Reason));
        Assert.Equal(expected, logits);

        (logits, report) = Run(model, RepackedFileUse.ReadOrWrite);
        Assert.Equal((RepackedFileOutcome.Written, "it was made for another model"), (report.Outcome, report.Reason));
        Assert.Equal(expected, logits);
        Assert.Equal(RepackedFileOutcome.Used, Run(model, RepackedFileUse.Read).Report.Outcome);
    }

    [Fact]
    public void A_file_made_for_another_layout_of_the_kernels_is_not_used()
    {
        string model = Synthesise("m.gguf", GgmlType.Q8_0), file = model + ".repacked";
        float[] expected = Run(model, RepackedFileUse.ReadOrWrite).Logits;
        byte[] bytes = File.ReadAllBytes(file);
        RepackedPrefix prefix = RepackedPrefix.Read(bytes);
        int offset = (int)prefix.DirectoryOffset;
        RepackedDirectory directory = RepackedDirectory.Parse(bytes[offset..]);
        Assert.Equal([(GgmlType.Q8_0, PanelLayout.Fingerprint(GgmlType.Q8_0))], directory.Layouts);

        byte[] changed = (directory with { Layouts = [(GgmlType.Q8_0, directory.Layouts[0].Layout + 1)] }).ToBytes();
        changed.CopyTo(bytes, offset);
        (prefix with { DirectoryChecksum = PanelLayout.Checksum(changed) }).Write(bytes);
        File.WriteAllBytes(file, bytes);
        (float[] logits, RepackedFileReport report) = Run(model, RepackedFileUse.Read);
        Assert.Equal(
            (RepackedFileOutcome.Unusable, "it was made by another version, or for another kind of processor"),
            (report.Outcome, report.Reason));
        Assert.Equal(expected, logits);
    }

    [Fact]
    public void A_damaged_file_is_never_used()
    {
        string model = Synthesise("m.gguf", GgmlType.Q4_0), file = model + ".repacked";
        float[] expected = Run(model, RepackedFileUse.ReadOrWrite).Logits;
        byte[] sound = File.ReadAllBytes(file);
        int data = (int)RepackedDirectory.DataOffset, directory = (int)RepackedPrefix.Read(sound).DirectoryOffset;
        Random random = new(5);
        int[] places =
        [
            .. Enumerable.Range(0, RepackedPrefix.ByteCount),
            .. Enumerable.Range(0, 40).Select(_ => random.Next(data, directory)),
            .. Enumerable.Range(0, 40).Select(_ => random.Next(directory, sound.Length)),
        ];
        foreach (int place in places)
        {
            byte[] damaged = [.. sound];
            damaged[place] ^= (byte)(1 << random.Next(8));
            Assert.Equal(RepackedFileOutcome.Unusable, Outcome(damaged));
        }

        foreach (int length in (int[])[0, 1, 20, 39, 40, 4096, data, data + 5000, directory, directory + 9, sound.Length - 1])
        {
            Assert.Equal(RepackedFileOutcome.Unusable, Outcome(sound[..length]));
        }

        Assert.Equal(RepackedFileOutcome.Unusable, Outcome([.. sound, 0]));
        Assert.Equal(RepackedFileOutcome.Used, Outcome(sound));

        RepackedFileOutcome Outcome(byte[] content)
        {
            File.WriteAllBytes(file, content);
            (float[] logits, RepackedFileReport report) = Run(model, RepackedFileUse.Read);
            Assert.Equal(expected, logits);
            Assert.True(report.Outcome == RepackedFileOutcome.Used || report.Reason is { Length: > 10 });
            return report.Outcome;
        }
    }

    [Fact]
    public void Something_else_under_the_name_is_never_overwritten()
    {
        string model = Synthesise("m.gguf", GgmlType.Q8_0), file = model + ".repacked";
        File.WriteAllText(file, "my notes on this model");
        Assert.Equal((RepackedFileOutcome.Unusable, "it is no file of repacked weights"), Reason(Run(model, RepackedFileUse.Read).Report));
        InferometerException error = Assert.Throws<InferometerException>(() => Run(model, RepackedFileUse.ReadOrWrite));
        Assert.StartsWith(file + ": is there and is no file of repacked weights", error.Message, StringComparison.Ordinal);
        Assert.Equal("my notes on this model", File.ReadAllText(file));

        File.Delete(file);
        Directory.CreateDirectory(file);
        Assert.Equal(RepackedFileOutcome.Unusable, Run(model, RepackedFileUse.Read).Report.Outcome);
        Assert.Throws<InferometerException>(() => Run(model, RepackedFileUse.ReadOrWrite));

        static (RepackedFileOutcome, string?) Reason(RepackedFileReport report) => (report.Outcome, report.Reason);
    }

    [Fact]
    public void A_place_that_cannot_be_written_is_an_error_that_names_it()
    {
        // The longest name a file can have: with the ending it is too long.
        string model = Path.Combine(_path, new string('m', 250) + ".gguf");
        File.Move(Synthesise("m.gguf", GgmlType.Q8_0), model);
        InferometerException error = Assert.Throws<InferometerException>(() => Run(model, RepackedFileUse.ReadOrWrite));
        Assert.Contains(".repacked: cannot be written: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_load_that_is_stopped_leaves_no_file_behind()
    {
        string model = Synthesise("m.gguf", GgmlType.Q8_0);
        using CancellationTokenSource stop = new();
        LoadOptions options = new() { Threads = 1, RepackedFile = RepackedFileUse.ReadOrWrite };
        Assert.Throws<OperationCanceledException>(() => TransformerModel.Load(
            model, options, new StopAt("head", stop), stop.Token));
        Assert.Equal([model], Directory.GetFiles(_path));
    }

    [Fact]
    public void Weights_that_are_used_as_they_are_stored_need_no_file()
    {
        string model = Synthesise("m.gguf", GgmlType.F32);
        Assert.Equal(RepackedFileOutcome.NotNeeded, Run(model, RepackedFileUse.ReadOrWrite).Report.Outcome);
        Assert.Equal([model], Directory.GetFiles(_path));
    }

    private (float[] Logits, RepackedFileReport Report) Run(string path, RepackedFileUse use)
    {
        using TransformerModel model = TransformerModel.Load(
            path, new LoadOptions { Threads = 2, RepackedFile = use }, cancellationToken: TestContext.Current.CancellationToken);
        using SequenceRunner runner = new(model, 32);
        return (runner.Run([3, 1, 4, 1, 5])[^1], model.RepackedFile);
    }

    private string Synthesise(string name, GgmlType type, ulong seed = 1)
    {
        string path = Path.Combine(_path, name);
        SyntheticModel.Write(path, s_shape, type, seed, cancellationToken: TestContext.Current.CancellationToken);
        return path;
    }

    private sealed class StopAt(string stage, CancellationTokenSource stop) : IProgress<LoadProgress>
    {
        public void Report(LoadProgress value)
        {
            if (string.Equals(value.Stage, stage, StringComparison.Ordinal))
            {
                stop.Cancel();
            }
        }
    }
}
