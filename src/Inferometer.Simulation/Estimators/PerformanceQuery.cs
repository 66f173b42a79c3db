namespace Inferometer.Simulation.Estimators;

/// <summary>What the estimator functions take; the defaults are those of the API they descend from.</summary>
public sealed record PerformanceQuery
{
    /// <summary>Name of the configuration, for comparisons.</summary>
    public string Name { get; init; } = "";

    /// <summary>Model by name or path.</summary>
    public string Model { get; init; } = "llama2_7b";

    /// <summary>Requests in flight.</summary>
    public int BatchSize { get; init; } = 1;

    /// <summary>Beams per request; 1 = greedy.</summary>
    public int BeamSize { get; init; } = 1;

    /// <summary>Prompt tokens per request.</summary>
    public int InputTokens { get; init; } = 2048;

    /// <summary>Generated tokens per request.</summary>
    public int OutputTokens { get; init; } = 256;

    /// <summary>The system: a catalog name, or figures from <see cref="PerformanceEstimator.GetHardwareConfig"/> or of one's own.</summary>
    public HardwareConfig System { get; init; } = SimulationEngine.DefaultSystem;

    /// <summary>Number format: <c>fp32</c>, <c>bf16</c>, <c>fp8</c>, <c>int8</c>, <c>int4</c>, ...</summary>
    public string Bits { get; init; } = "bf16";

    /// <summary>Tensor-parallel degree.</summary>
    public int TensorParallel { get; init; } = 1;

    /// <summary>Pipeline-parallel degree.</summary>
    public int PipelineParallel { get; init; } = 1;

    /// <summary>Expert-parallel degree.</summary>
    public int ExpertParallel { get; init; } = 1;

    /// <summary>Cost model: <c>roofline</c>, <c>genz</c> or <c>bud</c>.</summary>
    public string CostModel { get; init; } = Costs.CostModels.Default;
}
