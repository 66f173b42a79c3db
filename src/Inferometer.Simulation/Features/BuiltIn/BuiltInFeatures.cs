namespace Inferometer.Simulation.Features.BuiltIn;

/// <summary>The features that come with the simulator, in the order they are applied: phase, precision, parallelism, then what builds on those.</summary>
internal static class BuiltInFeatures
{
    public static IReadOnlyList<Func<ISimulationFeature>> All { get; } =
    [
        () => new PrefillFeature(),
        () => new DecodeFeature(),
        () => new ChunkedFeature(),
        () => new QuantizationFeature(),
        () => new TensorParallelFeature(),
        () => new PipelineParallelFeature(),
        () => new ExpertParallelFeature(),
        () => new DataParallelFeature(),
        () => new LoraFeature(),
        () => new FlashAttentionFeature(),
        () => new KvCompressionFeature(),
        () => new PrefixCachingFeature(),
        () => new SpeculativeDecodeFeature(),
        () => new CpuOptimizationFeature(),
        () => new MemoryOffloadFeature(),
    ];
}
