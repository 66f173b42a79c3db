using Inferometer.Inference.Engine;
using Inferometer.Inference.Sampling;
using Inferometer.Tests;

namespace Inferometer.Inference.Tests.Engine;

/// <summary>Engines over the small shared models, and the requests that the tests make of them.</summary>
internal static class EngineRunner
{
    public const string Stories = "models/stories260k/stories260k-f32.gguf";
    public const string Tales = "models/tales-5m/tales-5m-f16.gguf";

    public static InferenceOptions Defaults { get; } = new() { MaxBatchSize = 8, MaxSequenceTokens = 512, Threads = 1 };

    public static InferenceEngine Start(string model, InferenceOptions? options = null) =>
        InferenceEngine.Load(SharedFolder.Require(model), options ?? Defaults, cancellationToken: TestContext.Current.CancellationToken);

    public static GenerationRequest Greedy(string prompt, int tokens) =>
        new() { Prompt = prompt, MaxNewTokens = tokens, Sampling = SamplingOptions.Greedy };

    public static Task<GenerationResult> RunAsync(this InferenceEngine engine, GenerationRequest request) =>
        engine.GenerateAsync(request, TestContext.Current.CancellationToken);
}
