using Inferometer.Core;
using Inferometer.Core.Deployments;
using Inferometer.Measurement.Ablation;
using Inferometer.ModelFiles;
using Inferometer.Tests;

namespace Inferometer.Measurement.Tests.Ablation;

public sealed class WorkloadRunTests
{
    private static readonly Workload Load = new() { BatchSize = 3, InputTokens = 40, OutputTokens = 5, CachedPrefixTokens = 32 };

    [Fact]
    public async Task Without_a_cache_the_whole_sequence_passes_the_network_for_every_token()
    {
        // 40 + 41 + 42 + 43 + 44 tokens for each of 3 requests, together or one after another.
        Assert.Equal(3 * 210, (await MeasureAsync(OptimizationConfiguration.None)).ForwardedTokens);
        Assert.Equal(3 * 210, (await MeasureAsync(OptimizationConfiguration.All.Without(Optimization.KvCache))).ForwardedTokens);
    }

    [Fact]
    public async Task With_a_cache_every_token_passes_once_and_a_shared_prefix_not_at_all()
    {
        // 40 of the prompt and 4 of 5 generated ones; of the prompt 8 behind a cached prefix of two blocks.
        Assert.Equal(3 * 44, (await MeasureAsync(OptimizationConfiguration.All.Without(Optimization.PrefixCache))).ForwardedTokens);
        Assert.Equal(3 * 12, (await MeasureAsync(OptimizationConfiguration.All)).ForwardedTokens);
    }

    [Fact]
    public async Task Peak_memory_counts_the_blocks_in_use()
    {
        WorkloadSample all = await MeasureAsync(OptimizationConfiguration.All);
        WorkloadSample prefix = await MeasureAsync(OptimizationConfiguration.All.Without(Optimization.PrefixCache));
        WorkloadSample single = await MeasureAsync(
            OptimizationConfiguration.All.Without(Optimization.PrefixCache).Without(Optimization.Batching));
        WorkloadSample heads = await MeasureAsync(
            OptimizationConfiguration.All.Without(Optimization.PrefixCache).Without(Optimization.GroupedHeads));

        // 44 tokens are 3 blocks for each of 3 requests; 2 of the blocks are shared, or one request runs at a time. stories260k: 5 layers
        // of 4 KV heads of 8, 8 query heads; rows of values
        // are padded to 16.
        const long block = 5 * 16 * 4 * (8 + 16) * sizeof(ushort);
        Assert.Equal(9 * block, prefix.Memory.KvBytes);
        Assert.Equal(5 * block, all.Memory.KvBytes);
        Assert.Equal(3 * block, single.Memory.KvBytes);
        Assert.Equal(18 * block, heads.Memory.KvBytes);
        Assert.All(
            new[] { all, prefix, single, heads },
            sample =>
                Assert.True(sample.Memory is { ActivationBytes: > 0, AttentionScratchBytes: > 0, LogitBytes: > 0, WeightBytes: > 0 }));
    }

    [Fact]
    public async Task Every_configuration_generates_the_same_tokens()
    {
        WorkloadSample all = await MeasureAsync(OptimizationConfiguration.All);
        Assert.Equal([5, 5, 5], all.Outputs.Select(tokens => tokens.Length));
        foreach (OptimizationConfiguration configuration in OptimizationMeasurement.ConfigurationsFor(OptimizationConfiguration.All))
        {
            Assert.Equal(all.Outputs, (await MeasureAsync(configuration)).Outputs);
        }
    }

    [Theory]
    [InlineData(0, 4, 1, 0, "each must be 1 or more")]
    [InlineData(1, 4, 0, 0, "each must be 1 or more")]
    [InlineData(1, 4, 1, 4, "allowed are 0 to 3")]
    [InlineData(1, 600, 1, 0, "sequences of 601 tokens are not possible")]
    public async Task Impossible_workloads_are_refused(int batch, int input, int output, int shared, string expected)
    {
        Workload workload = new() { BatchSize = batch, InputTokens = input, OutputTokens = output, CachedPrefixTokens = shared };
        InferometerException error = await Assert.ThrowsAsync<InferometerException>(
            () => MeasureAsync(OptimizationConfiguration.All, workload));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    private static Task<WorkloadSample> MeasureAsync(OptimizationConfiguration configuration, Workload? workload = null) =>
        WorkloadRun.MeasureAsync(
        Checkpoint.Open(SharedFolder.Require(SmallModels.Stories)), SmallModels.Options, configuration, workload ?? Load, TimeSpan.Zero,
        TestContext.Current.CancellationToken);
}
