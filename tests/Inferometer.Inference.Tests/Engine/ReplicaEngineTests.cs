using Inferometer.Core;
using Inferometer.Inference.Engine;
using Inferometer.ModelFiles;
using Inferometer.Tests;

namespace Inferometer.Inference.Tests.Engine;

/// <summary>Several engines over the same weights.</summary>
public sealed class ReplicaEngineTests
{
    private const string Prompt = "Alice was beginning to get very tired of sitting by her sister on the bank";

    private static string ModelPath => Path.Combine(SharedFolder.RepositoryRoot, "assets", "models", "tales-5m-q8_0.gguf");

    [Fact]
    public async Task Engines_over_one_model_answer_alike_at_once_and_the_weights_stay_for_the_last()
    {
        InferenceOptions options = new() { MaxBatchSize = 4, MaxSequenceTokens = 256, Threads = 3 };
        InferenceEngine alone = InferenceEngine.Load(ModelPath, options, cancellationToken: TestContext.Current.CancellationToken);
        IReadOnlyList<int> expected = (await alone.RunAsync(EngineRunner.Greedy(Prompt, 40))).TokenIds;
        await alone.DisposeAsync();
        IReadOnlyList<InferenceEngine> engines = Load(2, options);
        Assert.Equal([2, 1], engines.Select(engine => engine.Options.Threads));
        GenerationResult[] results = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(i => engines[i % 2].RunAsync(EngineRunner.Greedy(Prompt, 40))));
        Assert.All(results, result => Assert.Equal(expected, result.TokenIds));
        Assert.All(engines, engine => Assert.Equal(4, engine.Statistics.CompletedRequests));
        Assert.All(engines, engine => Assert.Equal(0, engine.Statistics.KvBlocksUsed));
        engines[0].Dispose();
        engines[0].Dispose(); // once more changes nothing for the other
        Assert.Equal(expected, (await engines[1].RunAsync(EngineRunner.Greedy(Prompt, 40))).TokenIds);
        engines[1].Dispose();
    }

    [Fact]
    public void Each_engine_needs_a_thread()
    {
        InferenceOptions options = new() { MaxBatchSize = 1, MaxSequenceTokens = 64, Threads = 2 };
        Assert.Contains("2 threads", Assert.Throws<InferometerException>(() => Load(3, options)).Message, StringComparison.Ordinal);
        Assert.Throws<InferometerException>(() => Load(0, options));
    }

    [Fact]
    public void The_plan_counts_weights_once_and_all_else_for_each()
    {
        InferenceOptions options = new() { MaxBatchSize = 16, MaxSequenceTokens = 1024 };
        Core.Models.ModelArchitecture architecture = Core.Gguf.GgufArchitectureReader.Read(ModelPath);
        MemoryPlan one = MemoryPlan.Make(architecture, 11_000_000, options, 10_000_000_000);
        MemoryPlan three = MemoryPlan.Make(architecture, 11_000_000, options, 10_000_000_000, replicas: 3);
        Assert.Equal(one.BlockCount, three.BlockCount);
        Assert.Equal(3 * (one.TotalBytes - one.WeightBytes), three.TotalBytes - three.WeightBytes);
        Assert.Contains("replicas     3", three.ToString(), StringComparison.Ordinal);
        MemoryPlan tight = MemoryPlan.Make(architecture, 11_000_000, options, (long)(one.TotalBytes * 1.5 / 0.9), replicas: 3);
        Assert.True(tight.Fits);
        Assert.InRange(tight.BlockCount, tight.LeastBlocks, one.BlockCount - 1);
        MemoryPlan none = MemoryPlan.Make(architecture, 11_000_000, options, 60_000_000, replicas: 16);
        Assert.Contains("replicas", Assert.Throws<InferometerException>(none.RequireFit).Message, StringComparison.Ordinal);
    }

    private static IReadOnlyList<InferenceEngine> Load(int replicas, InferenceOptions options) => InferenceEngine.LoadReplicas(
        Checkpoint.Open(ModelPath), replicas, options, cancellationToken: TestContext.Current.CancellationToken);
}
