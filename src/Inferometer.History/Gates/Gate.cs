using Inferometer.Core;
using Inferometer.History.Comparison;
using Inferometer.History.Records;

namespace Inferometer.History.Gates;

/// <summary>
/// Whether a run is no worse than a baseline, by <see cref="Rule"/>.
/// </summary>
/// <param name="Comparison">Baseline and run.</param>
/// <param name="Checks">The figures, in the order of the run.</param>
public sealed record Gate(RunComparison Comparison, IReadOnlyList<GateCheck> Checks)
{
    /// <summary>By what a figure passes, for people.</summary>
    public const string Rule =
        "Failed: worse than allowed, and certainly worse, as the interval leaves 0 out. Unproven: worse than allowed, and nothing says "
            + "whether that is chance, as a run has no spread, or one so wide that the ends of B/A are more than four times apart. "
            + "Passed: everything else, also what is worse than allowed and may be chance. Unproven figures pass beside others that do; "
            + "where there are no others, nothing is decided, and the gate does not pass.";

    private const string Median = "median_";
    private const string Mean = "mean_";
    private const double WidestRatio = 4; // ends of an interval further apart than this say nothing: half as fast to twice as fast

    /// <summary>Whether nothing failed, and something passed.</summary>
    public bool Passed => !IsUndecided && Checks.All(c => c.Outcome is not GateOutcome.Failed);

    /// <summary>Whether every figure is unproven.</summary>
    public bool IsUndecided => Checks.All(c => c.Outcome is GateOutcome.Unproven);

    /// <summary>Holds a run against a baseline.</summary>
    /// <param name="comparison">Baseline and run.</param>
    /// <param name="maxRegression">How much worse figures may be, as a share of the baseline's.</param>
    /// <param name="limits">The figures that are looked at; none = the headline figures that are better one way, and for
    /// a median without spread the mean, where that has one.</param>
    /// <exception cref="InferometerException">A figure is not in both runs, or neither good nor bad; or there is none to look
    /// at.</exception>
    public static Gate Of(RunComparison comparison, double maxRegression, IReadOnlyList<GateLimit> limits)
    {
        ArgumentNullException.ThrowIfNull(comparison);
        ArgumentNullException.ThrowIfNull(limits);
        GateCheck[] checks = limits.Count > 0
            ? [.. limits.Select(l => Check(Require(comparison, l.Key), l.MaxRegression ?? maxRegression))]
            : [.. comparison.Differences.Where(d => d.B.IsHeadline && d.B.Better is not Better.Neither).Select(
                d => Check(Judged(comparison, d), maxRegression))];
        return checks.Length > 0
            ? new Gate(comparison, checks)
            : throw new InferometerException(
                $"The runs {comparison.A.ShortId} and {comparison.B.ShortId} have no headline figure in common; say which figures with "
                    + $"--metric.");
    }

    // Results of other programs have a deviation beside a mean, and nothing beside a median.
    private static MetricDifference Judged(RunComparison comparison, MetricDifference figure) =>
        figure.Verdict is Verdict.Unknown && figure.Key.StartsWith(Median, StringComparison.Ordinal)
            && comparison.Find(Mean + figure.Key[Median.Length..]) is { Verdict: not Verdict.Unknown } mean
                ? mean
                : figure;

    private static string[] Judgeable(RunComparison comparison) =>
        [.. comparison.Differences.Where(d => d.B.Better is not Better.Neither).Select(d => d.Key)];

    private static MetricDifference Require(RunComparison comparison, string key)
    {
        MetricDifference figure = comparison.Find(key) ?? throw new InferometerException(
            $"--metric: '{key}' is not a figure of both runs.{NameSuggestion.For(key, comparison.Differences.Select(d => d.Key))} They "
                + $"have {NameSuggestion.List(key, Judgeable(comparison))}.");
        return figure.B.Better is not Better.Neither
            ? figure
            : throw new InferometerException($"--metric: '{key}' is neither better higher nor lower, so that it cannot regress.");
    }

    private static GateCheck Check(MetricDifference figure, double limit)
    {
        GateCheck check = new(figure, limit, GateOutcome.Passed);
        return !check.IsWorseThanAllowed ? check
            : figure.Verdict is Verdict.Worse ? check with { Outcome = GateOutcome.Failed }
            : figure.Verdict is Verdict.Unknown || SaysNothing(figure) ? check with { Outcome = GateOutcome.Unproven }
            : check;
    }

    private static bool SaysNothing(MetricDifference figure) =>
        figure.RelativeInterval is { } range && 1 + range.High > WidestRatio * (1 + range.Low);
}
