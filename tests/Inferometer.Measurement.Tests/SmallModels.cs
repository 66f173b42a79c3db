using Inferometer.Inference.Engine;

namespace Inferometer.Measurement.Tests;

/// <summary>Models small enough to be measured in a test, and how they are run.</summary>
internal static class SmallModels
{
    public const string Stories = "models/stories260k/stories260k-f32.gguf";
    public const string Tales = "models/tales-5m/tales-5m-f16.gguf";

    public static InferenceOptions Options { get; } = new() { MaxBatchSize = 8, MaxSequenceTokens = 512, Threads = 1 };
}
