using Inferometer.Core;
using Inferometer.Core.Deployments;

namespace Inferometer.Inference.Engine;

/// <summary>The engine's optimisations that have a switch.</summary>
public enum Optimization
{
    /// <summary>Keys and values kept between steps.</summary>
    KvCache,

    /// <summary>Attention in tiles.</summary>
    FlashAttention,

    /// <summary>Key/value heads shared by groups of query heads.</summary>
    GroupedHeads,

    /// <summary>Requests computed together.</summary>
    Batching,

    /// <summary>Prompts' common beginnings computed once.</summary>
    PrefixCache,
}

/// <summary>What one optimisation gains, the others left as configured.</summary>
public sealed record OptimizationGain
{
    /// <summary>Which one.</summary>
    public required Optimization Optimization { get; init; }

    /// <summary>Whether the options have it on.</summary>
    public required bool IsEnabled { get; init; }

    /// <summary>Predicted time without it over predicted time with it.</summary>
    public required double ExpectedSpeedup { get; init; }

    /// <summary>Predicted share of KV and activation memory that it saves, 0..1; null where it is not about memory.</summary>
    public double? ExpectedMemorySaving { get; init; }

    /// <summary>Measured time without it over measured time with it; null when the two were not run.</summary>
    public double? MeasuredSpeedup { get; init; }
}

/// <summary>
/// What the optimisations gain for one model, machine and workload: predicted by a cost model and, where both ways were run, measured. Nothing here is a constant.
/// </summary>
public sealed record OptimizationSummary
{
    /// <summary>The model.</summary>
    public required string Model { get; init; }

    /// <summary>The machine the prediction is for.</summary>
    public required string System { get; init; }

    /// <summary>The cost model that predicted.</summary>
    public required string CostModel { get; init; }

    /// <summary>The workload.</summary>
    public required Workload Workload { get; init; }

    /// <summary>One entry per optimisation.</summary>
    public required EquatableList<OptimizationGain> Gains { get; init; }

    /// <summary>Predicted time with every optimisation off over predicted time with the options as they are.</summary>
    public required double ExpectedSpeedup { get; init; }

    /// <summary>Measured time with every optimisation off over measured time with the options as they are; null when not run.</summary>
    public double? MeasuredSpeedup { get; init; }

    /// <summary>What the cost model assumed, one sentence each.</summary>
    public required EquatableList<string> Assumptions { get; init; }

    /// <summary>The same summary with measured gains beside the predicted ones.</summary>
    /// <exception cref="InferometerException">The measurement is of another workload.</exception>
    public OptimizationSummary With(OptimizationMeasurement measurement)
    {
        ArgumentNullException.ThrowIfNull(measurement);
        if (measurement.Workload != Workload)
        {
            throw new InferometerException("optimisations: the measurement is of another workload than the prediction.");
        }

        return this with
        {
            Gains = new(Gains.Select(gain => gain with { MeasuredSpeedup = measurement.SpeedupOf(gain.Optimization) })),
            MeasuredSpeedup = measurement.AllOffSeconds / measurement.BaselineSeconds,
        };
    }
}
