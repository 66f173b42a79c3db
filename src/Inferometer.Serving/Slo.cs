using System.Globalization;
using Inferometer.Core;

namespace Inferometer.Serving;

/// <summary>
/// A service level objective: limits on latencies. A request is good when it keeps all of them, whatever their percentiles; what completes
/// good is goodput. The service meets its level when of each limit the share of requests that the limit's percentile names keep it.
/// </summary>
public sealed record Slo
{
    private static readonly LatencyMetric[] s_metrics = Enum.GetValues<LatencyMetric>();

    /// <summary>Collects limits.</summary>
    /// <exception cref="InferometerException">There is none, one is out of range, or a metric is limited twice.</exception>
    public Slo(IReadOnlyList<SloLimit> limits)
    {
        ArgumentNullException.ThrowIfNull(limits);
        Limits = [.. limits];
        if (Limits.Count == 0)
        {
            throw new InferometerException("service level: it has no limit; an example is \"ttft<500ms,tpot<40ms\".");
        }

        foreach (SloLimit limit in Limits)
        {
            if (!(limit.Seconds > 0) || !double.IsFinite(limit.Seconds) || limit.Percentile is not (null or (> 0 and <= 100)))
            {
                throw new InferometerException(
                    $"service level: '{limit}': allowed is a time above 0 and a percentile above 0 up to 100.");
            }

            if (Limits.Count(l => l.Metric == limit.Metric) > 1)
            {
                throw new InferometerException($"service level: {SloLimit.NameOf(limit.Metric)} is limited twice.");
            }
        }
    }

    /// <summary>The limits, each of another metric.</summary>
    public IReadOnlyList<SloLimit> Limits { get; }

    /// <summary>
    /// Reads limits separated by commas, such as <c>ttft&lt;500ms,tpot&lt;40ms</c> or <c>p95 ttft &lt; 0.5s</c>: an optional percentile, a
    /// metric (ttft, tpot, itl, e2e), <c>&lt;</c>, <c>&lt;=</c> or <c>:</c> (all: at most; a shell lets the last be), a number and its unit
    /// (us, ms, s).
    /// </summary>
    /// <exception cref="InferometerException">A part is malformed; the message quotes it and says what is allowed.</exception>
    public static Slo Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return new Slo([.. text.Split(',').Select(part => ParseLimit(text, part.Trim()))]);
    }

    /// <summary>
    /// Whether a request keeps every limit. Of a metric that it does not have (one token has no TPOT) it keeps any limit; one that did not
    /// complete, or has no token, keeps none.
    /// </summary>
    public bool IsKeptBy(RequestTimeline timeline)
    {
        ArgumentNullException.ThrowIfNull(timeline);
        return timeline.IsCompleted && timeline.TimeToFirstToken is not null
            && Limits.All(limit => !(ValueOf(limit.Metric, timeline) > limit.Seconds));
    }

    /// <summary>
    /// Whether a service meets its level, judged by the timelines of what completed: of each limit, the percentile named of the requests'
    /// values is at most the limit; without a percentile every value is.
    /// </summary>
    public bool IsMetBy(IEnumerable<RequestTimeline> timelines)
    {
        ArgumentNullException.ThrowIfNull(timelines);
        RequestTimeline[] completed = [.. timelines.Where(t => t.IsCompleted)];
        foreach (SloLimit limit in Limits)
        {
            double[] values = [.. completed.Select(t => ValueOf(limit.Metric, t)).OfType<double>().Order()];
            if (values.Length > 0 && Percentile.Of(values, limit.Percentile ?? 100) > limit.Seconds)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>As it is read by <see cref="Parse"/>.</summary>
    public override string ToString() => string.Join(",", Limits);

    /// <summary>Limits are compared in order.</summary>
    public bool Equals(Slo? other) => other is not null && Limits.SequenceEqual(other.Limits);

    /// <inheritdoc/>
    public override int GetHashCode() => Limits.Aggregate(Limits.Count, HashCode.Combine);

    /// <summary>NaN = the request does not have the metric.</summary>
    internal bool IsKeptBy(double timeToFirstToken, double timePerOutputToken, double longestGap, double endToEnd)
    {
        for (int i = 0; i < Limits.Count; i++)
        {
            double value = Limits[i].Metric switch
            {
                LatencyMetric.TimeToFirstToken => timeToFirstToken,
                LatencyMetric.TimePerOutputToken => timePerOutputToken,
                LatencyMetric.InterTokenLatency => longestGap,
                _ => endToEnd,
            };
            if (value > Limits[i].Seconds)
            {
                return false;
            }
        }

        return true;
    }

    private static double? ValueOf(LatencyMetric metric, RequestTimeline timeline) => metric switch
    {
        LatencyMetric.TimeToFirstToken => timeline.TimeToFirstToken,
        LatencyMetric.TimePerOutputToken => timeline.TimePerOutputToken,
        LatencyMetric.InterTokenLatency => timeline.Deliveries.Count < 2 ? null : timeline.InterTokenLatencies.Max(),
        _ => timeline.EndToEndTime,
    };

    private static SloLimit ParseLimit(string text, string part)
    {
        if (part.Length == 0)
        {
            throw Malformed(text, text, "a limit is missing; an example is \"ttft<500ms,tpot<40ms\"");
        }

        int sign = part.AsSpan().IndexOfAny('<', ':');
        if (sign < 0)
        {
            throw Malformed(text, part, "it has no \"<\" or \":\"; an example is \"ttft<500ms\"");
        }

        if (part.AsSpan(sign + 1).IndexOfAny('<', ':') >= 0)
        {
            throw Malformed(text, part, "it holds two limits; separate them by commas, as in \"ttft<500ms,tpot<40ms\"");
        }

        string[] words = part[..sign].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (words.Length is 0 or > 2)
        {
            throw Malformed(text, part, "before \"<\" stands a metric, and before that a percentile if wanted");
        }

        double? percentile = words.Length == 2 ? ParsePercentile(text, part, words[0]) : null;
        LatencyMetric metric = ParseMetric(text, part, words[^1]);
        string limit = part[(sign + 1)..].TrimStart('=').Trim();
        return new SloLimit(metric, ParseSeconds(text, part, limit), percentile);
    }

    private static LatencyMetric ParseMetric(string text, string part, string word)
    {
        foreach (LatencyMetric metric in s_metrics)
        {
            if (string.Equals(SloLimit.NameOf(metric), word, StringComparison.OrdinalIgnoreCase))
            {
                return metric;
            }
        }

        throw Malformed(text, part, $"unknown metric \"{word}\"; known are {string.Join(", ", s_metrics.Select(SloLimit.NameOf))}");
    }

    private static double ParsePercentile(string text, string part, string word) =>
        word[0] is 'p' or 'P'
            && double.TryParse(word.AsSpan(1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out double percent)
            && percent is > 0 and <= 100
            ? percent
            : throw Malformed(text, part, $"\"{word}\" is no percentile; allowed is p above 0 up to 100, such as p95");

    private static double ParseSeconds(string text, string part, string limit)
    {
        int digits = limit.AsSpan().LastIndexOfAnyInRange('0', '9') + 1;
        double scale = limit[digits..].Trim() switch
        {
            "us" => 1e6,
            "ms" => 1e3,
            "s" => 1,
            "" => throw Malformed(text, part, $"\"{limit}\" has no unit; allowed are us, ms, s"),
            string unit => throw Malformed(text, part, $"unknown unit \"{unit}\"; allowed are us, ms, s"),
        };
        const NumberStyles Style = NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent;
        return double.TryParse(limit.AsSpan(0, digits), Style, CultureInfo.InvariantCulture, out double number)
            && number > 0 && double.IsFinite(number)
            ? number / scale
            : throw Malformed(text, part, $"\"{limit[..digits]}\" is no number above 0");
    }

    private static InferometerException Malformed(string text, string part, string why) =>
        new(string.Equals(part, text, StringComparison.Ordinal)
            ? $"service level '{text}': {why}."
            : $"service level '{text}': in '{part}': {why}.");
}
