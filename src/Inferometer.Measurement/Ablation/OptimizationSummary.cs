using Inferometer.Core;
using Inferometer.Core.Deployments;

namespace Inferometer.Measurement.Ablation;

/// <summary>
/// What the optimisations gain for one model, machine and workload: predicted by a cost model and, where both ways were run, measured.
/// Nothing here is a constant.
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

    /// <summary>The options as they are.</summary>
    public required OptimizationComparison Baseline { get; init; }

    /// <summary>One entry per optimisation, the others left as configured.</summary>
    public required EquatableList<OptimizationGain> Gains { get; init; }

    /// <summary>
    /// From everything off to the options as they are, one more on at each step, in the order of <see cref="Optimization"/>.
    /// </summary>
    public required EquatableList<OptimizationStep> Ladder { get; init; }

    /// <summary>What the cost model assumed, one sentence each.</summary>
    public required EquatableList<string> Assumptions { get; init; }

    /// <summary>Predicted time with every optimisation off over predicted time with the options as they are.</summary>
    public double ExpectedSpeedup => Ladder[^1].ExpectedCumulative;

    /// <summary>Measured time with every optimisation off over measured time with the options as they are; null when not run.</summary>
    public double? MeasuredSpeedup => Ladder[^1].MeasuredCumulative;

    /// <summary>The same summary with measurements beside the predictions.</summary>
    /// <exception cref="InferometerException">The measurement is of another workload or of other options.</exception>
    public OptimizationSummary With(OptimizationMeasurement measurement)
    {
        ArgumentNullException.ThrowIfNull(measurement);
        if (measurement.Workload != Workload || measurement.Baseline != Baseline.Configuration)
        {
            throw new InferometerException(
                "optimisations: the measurement is of another workload or of other options than the prediction.");
        }

        return this with
        {
            Baseline = Baseline.With(measurement),
            Gains = new(Gains.Select(gain => gain with { On = gain.On.With(measurement), Off = gain.Off.With(measurement) })),
            Ladder = new(
                Ladder.Select(step => step with
                {
                    AllOff = step.AllOff.With(measurement),
                    Previous = step.Previous.With(measurement),
                    Current = step.Current.With(measurement),
                })),
        };
    }
}

/// <summary>One configuration: the prediction and, once it was run, the measurement.</summary>
/// <param name="Predicted">What the cost model says.</param>
/// <param name="Measured">What happened; null when it was not run.</param>
public sealed record OptimizationComparison(PredictedConfiguration Predicted, MeasuredConfiguration? Measured = null)
{
    /// <summary>Optimisations that are on.</summary>
    public OptimizationConfiguration Configuration => Predicted.Configuration;

    internal OptimizationComparison With(OptimizationMeasurement measurement) => this with { Measured = measurement[Configuration] };

    internal static double Expected(OptimizationComparison slow, OptimizationComparison fast) =>
        slow.Predicted.Seconds / fast.Predicted.Seconds;

    internal static double? Ran(OptimizationComparison slow, OptimizationComparison fast) =>
        slow.Measured?.Seconds / fast.Measured?.Seconds;
}

/// <summary>What one optimisation gains, the others left as configured.</summary>
/// <param name="Optimization">Which one.</param>
/// <param name="IsEnabled">Whether the options have it on.</param>
/// <param name="On">With it.</param>
/// <param name="Off">Without it.</param>
public sealed record OptimizationGain(Optimization Optimization, bool IsEnabled, OptimizationComparison On, OptimizationComparison Off)
{
    /// <summary>Predicted time without it over predicted time with it.</summary>
    public double ExpectedSpeedup => OptimizationComparison.Expected(Off, On);

    /// <summary>Measured time without it over measured time with it; null when the two were not run.</summary>
    public double? MeasuredSpeedup => OptimizationComparison.Ran(Off, On);

    /// <summary>Predicted share of KV and activation memory that it saves; negative where it takes more.</summary>
    public double ExpectedMemorySaving =>
        1 - ((On.Predicted.KvBytes + On.Predicted.ActivationBytes) / (Off.Predicted.KvBytes + Off.Predicted.ActivationBytes));

    /// <summary>
    /// Measured share of the engine's KV and working memory that it saves; negative where it takes more; null when the two were not run.
    /// </summary>
    public double? MeasuredMemorySaving => On.Measured is { Memory: var on } && Off.Measured is { Memory: var off }
        ? 1 - ((double)(on.KvBytes + on.WorkBytes) / (off.KvBytes + off.WorkBytes))
        : null;
}

/// <summary>One step of the ladder from everything off to everything that is configured.</summary>
/// <param name="Added">What the step switches on; null for the first, which has everything off.</param>
/// <param name="AllOff">Everything off.</param>
/// <param name="Previous">The step before; for the first, itself.</param>
/// <param name="Current">This step.</param>
public sealed record OptimizationStep(
    Optimization? Added, OptimizationComparison AllOff, OptimizationComparison Previous, OptimizationComparison Current)
{
    /// <summary>Predicted time of the step before over predicted time of this one.</summary>
    public double ExpectedFactor => OptimizationComparison.Expected(Previous, Current);

    /// <summary>Predicted time with everything off over predicted time of this step.</summary>
    public double ExpectedCumulative => OptimizationComparison.Expected(AllOff, Current);

    /// <summary>Measured time of the step before over measured time of this one; null when not run.</summary>
    public double? MeasuredFactor => OptimizationComparison.Ran(Previous, Current);

    /// <summary>Measured time with everything off over measured time of this step; null when not run.</summary>
    public double? MeasuredCumulative => OptimizationComparison.Ran(AllOff, Current);
}
