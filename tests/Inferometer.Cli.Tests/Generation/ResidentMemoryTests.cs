using System.Diagnostics;
using System.Globalization;
using Inferometer.Core.Gguf;
using Inferometer.Inference.Engine;
using Inferometer.ModelFiles.Synthesis;
using Inferometer.ReferenceModels;

namespace Inferometer.Cli.Tests.Generation;

/// <summary>What the program holds in memory, as the system counts it, in a process of its own.</summary>
public sealed class ResidentMemoryTests : IDisposable
{
    // Wide and shallow: some 100 to 200 MB of weights with the vocabulary of a small model, so that the vocabulary's own memory stays in
    // the noise.
    private static readonly SyntheticShape s_shape = new()
    {
        HiddenSize = 2048,
        Layers = 4,
        Heads = 32,
        KvHeads = 4,
        FeedForwardSize = 5632,
        VocabularySize = 4000,
        ContextTokens = 512,
    };

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>
    /// The runtime's share is what the same command takes with a network of next to nothing: code, compiler, vocabulary. What a model adds
    /// to that is bound by its file
    /// and its keys and values plus 15 %, at the end and at the worst moment; twice the file would be what repacking without releasing
    /// takes.
    /// </summary>
    [Theory]
    [InlineData(GgmlType.Q4_0)]
    [InlineData(GgmlType.Q8_0)]
    [InlineData(GgmlType.Q4_K)]
    [InlineData(GgmlType.F16)]
    public async Task A_model_takes_little_more_memory_than_its_file_and_its_keys_and_values(GgmlType type)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "only on Linux are pages of the file given back once they were repacked");
        string small =
            Synthesise("small.gguf", s_shape with { HiddenSize = 256, Heads = 4, KvHeads = 1, Layers = 1, FeedForwardSize = 256 }, type);
        string large = Synthesise("large.gguf", s_shape, type);
        (double runtime, _) = await RunAsync(small);
        (double resident, double most) = await RunAsync(large);
        long keysAndValues = InferenceEngine.PlanMemory(large, new InferenceOptions { MaxBatchSize = 1 }).KvBytes;
        double allowed = runtime + (1.15 * (new FileInfo(large).Length + keysAndValues));
        Assert.InRange(resident, 0.5 * new FileInfo(large).Length, allowed);
        Assert.InRange(most, resident, allowed);
    }

    private string Synthesise(string name, SyntheticShape shape, GgmlType type)
    {
        string path = _folder.File(name);
        SyntheticModel.Write(path, shape, type, 1, cancellationToken: TestContext.Current.CancellationToken);
        return path;
    }

    private static async Task<(double Resident, double Most)> RunAsync(string model)
    {
        ProcessStartInfo start = new("dotnet")
        {
            ArgumentList =
                { typeof(InferometerCommand).Assembly.Location, "run", model, "--raw", "-p", "a b c d", "-n", "16", "--temp", "0",
                    "--verbose" },
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process child = Process.Start(start)!;
        Task<string> output = child.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        string report = await child.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await child.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(child.ExitCode == 0, report + await output);
        string[] memory = report.Split('\n').Single(l => l.StartsWith("memory:", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(["GB", "resident,", "GB", "at", "most"], [memory[2], memory[3], .. memory[5..]]);
        return (Bytes(memory[1]), Bytes(memory[4]));
    }

    private static double Bytes(string gigabytes) => 1e9 * double.Parse(gigabytes, CultureInfo.InvariantCulture);
}
