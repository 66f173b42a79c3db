using Inferometer.Core.Gguf;
using Inferometer.Inference.Engine;
using Inferometer.Measurement.Models;
using Inferometer.Tests;

namespace Inferometer.Measurement.Tests;

/// <summary>Models small enough to be measured in a test, and how they are run.</summary>
internal static class SmallModels
{
    public const string Stories = "models/stories260k/stories260k-f32.gguf";
    public const string Tales = "models/tales-5m/tales-5m-f16.gguf";

    /// <summary>The model that comes with the program.</summary>
    public static string Bundled { get; } = Path.Combine(SharedFolder.RepositoryRoot, "assets", "models", "tales-5m-q8_0.gguf");

    /// <summary>What lies in its file.</summary>
    public static StoredModel StoredBundled { get; } = new()
    {
        Path = Bundled,
        Name = Path.GetFileName(Bundled),
        Format = "GGUF v3",
        FileBytes = new FileInfo(Bundled).Length,
        Architecture = GgufArchitectureReader.Read(Bundled),
        Groups = [new StoredTensors(GgmlType.Q8_0, 43, 5_472_256, 5_814_272), new StoredTensors(GgmlType.F32, 13, 3_328, 13_312)],
    };

    public static InferenceOptions Options { get; } = new() { MaxBatchSize = 8, MaxSequenceTokens = 512, Threads = 1 };
}
