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

    /// <summary>The same over the first figure; null where that is 0 or may be.</summary>
    public Interval? RelativeInterval => Interval is { } i && A.Value != 0
        ? new Interval(i.Low / Math.Abs(A.Value), i.High / Math.Abs(A.Value)) : null;

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
