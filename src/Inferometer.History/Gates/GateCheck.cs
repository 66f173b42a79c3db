using Inferometer.History.Comparison;
using Inferometer.History.Records;

namespace Inferometer.History.Gates;

/// <summary>A figure at a gate.</summary>
/// <param name="Figure">The figure of the baseline and of the run.</param>
/// <param name="MaxRegression">How much worse it may be, as a share of the baseline's figure.</param>
/// <param name="Outcome">What was found.</param>
public sealed record GateCheck(MetricDifference Figure, double MaxRegression, GateOutcome Outcome)
{
    /// <summary>Whether it is worse than allowed, certainly or not.</summary>
    public bool IsWorseThanAllowed => Figure.Regression is { } regression ? regression > MaxRegression
        : Figure.B.Better is Better.Lower ? Figure.Difference > 0 : Figure.Difference < 0; // of a baseline of 0 there is no share

    /// <summary>Why it was found so, in the words of every report; null = it is not worse than allowed.</summary>
    public string? Reason => !IsWorseThanAllowed ? null
        : Outcome switch
        {
            GateOutcome.Failed => "certainly worse",
            GateOutcome.Passed => "may be chance",
            _ when Figure.Verdict is Verdict.Unknown => "no spread",
            _ => "spread too wide",
        };
}
