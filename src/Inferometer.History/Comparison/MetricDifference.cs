using Inferometer.History.Records;

namespace Inferometer.History.Comparison;

/// <summary>A figure of two runs.</summary>
public sealed record MetricDifference
{
    /// <summary>The figure in the first run.</summary>
    public required RunMetric A { get; init; }

    /// <summary>The figure in the second run.</summary>
    public required RunMetric B { get; init; }

    /// <summary>Its name for machines.</summary>
    public string Key => B.Key;

    /// <summary>Second less first, in the unit of the figure.</summary>
    public double Difference => B.Value - A.Value;

    /// <summary>Second over first less 1; null where the first is 0.</summary>
    public double? Relative => A.Value != 0 ? (B.Value - A.Value) / Math.Abs(A.Value) : null;

    /// <summary>Between what the difference lies at 95 %, in the unit of the figure; null = there is no spread to say it by.</summary>
    public Interval? Interval { get; init; }

    /// <summary>
    /// Between what second over first less 1 lies at 95 %: of the ratios themselves where both figures are above 0 in every resample,
    /// otherwise <see cref="Interval"/> over the first figure, of two figures not below 0 down to -1. Null where there is no spread, or the
    /// first figure is 0.
    /// </summary>
    public Interval? RelativeInterval { get; init; }

    /// <summary>Values behind the first figure.</summary>
    public int ValuesA { get; init; }

    /// <summary>Values behind the second figure.</summary>
    public int ValuesB { get; init; }

    /// <summary>By how much of the first figure the second is worse; negative = better; null where neither is good, or the first is
    /// 0.</summary>
    public double? Regression => B.Better switch
    {
        Better.Lower => Relative,
        Better.Higher => -Relative,
        _ => null,
    };

    /// <summary>What can be said of it.</summary>
    public Verdict Verdict => Interval is not { } i ? Verdict.Unknown
        : i.Low <= 0 && i.High >= 0 ? Verdict.Same
        : B.Better is Better.Neither ? Verdict.Different
        : Difference < 0 == (B.Better is Better.Lower) ? Verdict.Better
        : Verdict.Worse;
}
