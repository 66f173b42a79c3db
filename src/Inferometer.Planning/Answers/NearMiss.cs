using System.Globalization;
using Inferometer.Planning.Demand;
using Inferometer.Planning.Screening;
using Inferometer.Serving;

namespace Inferometer.Planning.Answers;

/// <summary>The deployment that comes nearest where none keeps the level, and what would let it.</summary>
/// <param name="Rejection">What it fails by.</param>
/// <param name="Would">What would let it, a sentence without its full stop.</param>
public sealed record NearMiss(Rejection Rejection, string Would)
{
    // Figures are rounded up to two digits: a limit that is met by a hair in a model is met by none in a machine.
    private const double Margin = 1.05;

    internal static NearMiss? Of(IReadOnlyList<RejectionGroup> groups, ServiceLevel level)
    {
        RejectionGroup? nearest = groups
            .Where(g => Stage(g) > 0)
            .OrderByDescending(Stage).ThenBy(g => g.Nearest.Excess).ThenBy(g => g.Reason)
            .FirstOrDefault();
        return nearest is null ? null : new NearMiss(nearest.Nearest, Words(nearest.Nearest, level));
    }

    // What is found out late is near to being an answer: a deployment that serves too few users within the limits is nearer than one that
    // serves none, however little that one lacks.
    private static int Stage(RejectionGroup group) => group.Reason switch
    {
        RejectionReason.NoPrice or RejectionReason.Impossible or RejectionReason.Dominated or RejectionReason.Dearer => 0,
        RejectionReason.Weights => 1,
        RejectionReason.KvCache when group.Binding is null => 2,
        RejectionReason.KvCache or RejectionReason.Load or RejectionReason.Budget => 4,
        RejectionReason.Simulated => 5,
        _ => 3,
    };

    private static string Words(Rejection rejection, ServiceLevel level) => rejection.Reason switch
    {
        RejectionReason.Weights => Say(
            $"{Math.Ceiling((rejection.Needed - rejection.Found) / 1e9):0} GB more a device would, or narrower weights (awq: 4 bits)"),
        RejectionReason.KvCache or RejectionReason.Load when rejection.LeastDevices is { } devices =>
            Say($"{devices} devices would, or {rejection.Found:#,0} requests at once on each replica instead of {rejection.Needed:#,0}"),
        RejectionReason.KvCache => "shorter requests would, or a narrower cache",
        RejectionReason.Budget => Say($"${rejection.Found:#,0} a month would"),
        RejectionReason.Simulated when rejection.Needed == 0 => "fewer or shorter requests would",
        RejectionReason.Simulated => Say($"a limit of {Rounded(rejection.Found * 1000 * Margin)} ms would"),
        _ => string.Join(
            " and ",
            rejection.Others.Select(o => Needs(o.Limit, o.Seconds))
                .Prepend(Needs(Limit(rejection.Reason, level), rejection.Found))) + " would, for a single user",
    };

    private static string Needs(SloLimit limit, double seconds) => Say(
        $"p{limit.Percentile} {SloLimit.NameOf(limit.Metric).ToUpperInvariant()} < {Rounded(seconds * 1000 * Margin)} ms");

    private static SloLimit Limit(RejectionReason reason, ServiceLevel level)
    {
        LatencyMetric metric = reason switch
        {
            RejectionReason.TimeToFirstToken => LatencyMetric.TimeToFirstToken,
            RejectionReason.TimePerOutputToken => LatencyMetric.TimePerOutputToken,
            RejectionReason.InterTokenLatency => LatencyMetric.InterTokenLatency,
            _ => LatencyMetric.EndToEnd,
        };
        return level.Limits.First(l => l.Metric == metric);
    }

    private static string Rounded(double value)
    {
        double unit = Math.Pow(10, Math.Max(-1, Math.Floor(Math.Log10(value)) - 1));
        return (Math.Ceiling(value / unit) * unit).ToString("#,0.#", CultureInfo.InvariantCulture);
    }

    private static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
