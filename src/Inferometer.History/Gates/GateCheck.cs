using Inferometer.History.Comparison;

namespace Inferometer.History.Gates;

/// <summary>A figure at a gate.</summary>
/// <param name="Figure">The figure of the baseline and of the run.</param>
/// <param name="MaxRegression">How much worse it may be, as a share of the baseline's figure.</param>
/// <param name="Outcome">What was found.</param>
public sealed record GateCheck(MetricDifference Figure, double MaxRegression, GateOutcome Outcome);
