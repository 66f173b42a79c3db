using Inferometer.History.Records;
using Inferometer.Measurement.Watch;
using Inferometer.Reports.Watch;

namespace Inferometer.Reports.Runs;

/// <summary>
/// What the history keeps of a watched service: every look at the window, over time. Of more than 10,000 looks every second is kept, one
/// with a drift before one without. Not thread-safe.
/// </summary>
public sealed class RecordedWatch
{
    /// <summary>The series that the others are over: seconds since the watch began.</summary>
    public const string Axis = "at_s";

    private const int MostLooks = 10_000;
    private static readonly WatchedLatency[] Latencies = Enum.GetValues<WatchedLatency>();
    private readonly DateTimeOffset _began;
    private readonly List<Look> _looks = [];
    private int _stride = 1;
    private long _all;

    /// <summary>Begins.</summary>
    /// <param name="began">When the watch began.</param>
    public RecordedWatch(DateTimeOffset began) => _began = began;

    /// <summary>Notes what happened; looks alone are kept.</summary>
    /// <param name="happened">What did.</param>
    public void Add(WatchEvent happened)
    {
        ArgumentNullException.ThrowIfNull(happened);
        if (happened.Kind is not WatchEventKind.Looked)
        {
            return;
        }

        Look look = new((happened.At - _began).TotalSeconds, happened.State.Load!, happened.State.Predicted);
        if (_all++ % _stride == 0)
        {
            _looks.Add(look);
        }
        else if (look.Drifts && !_looks[^1].Drifts)
        {
            _looks[^1] = look;
        }

        if (_looks.Count > MostLooks)
        {
            Look[] kept = [.. _looks.Chunk(2).Select(pair => pair.FirstOrDefault(l => l.Drifts) ?? pair[0])];
            _looks.Clear();
            _looks.AddRange(kept);
            _stride *= 2;
        }
    }

    /// <summary>What is kept.</summary>
    /// <param name="end">How things stood in the end.</param>
    public RecordedFigures Figures(WatchState end)
    {
        ArgumentNullException.ThrowIfNull(end);
        return new RecordedFigures([.. Metrics(end)], _looks.Count > 0 ? [.. Series()] : []);
    }

    /// <summary>A latency in keys: <c>ttft</c>.</summary>
    internal static string KeyOf(WatchedLatency latency) => latency switch
    {
        WatchedLatency.EndToEnd => "e2el", // as the other commands call it
        _ => WatchPage.NameOf(latency).ToLowerInvariant(),
    };

    private IEnumerable<RunMetric> Metrics(WatchState end)
    {
        yield return Metric("alerts", "Times that a latency left its interval", "", Better.Lower, end.Alerts.Sum(), isHeadline: true);
        foreach ((string key, string name, string unit, Func<Look, double?> of) in Loads())
        {
            if (Mean(of) is { } mean)
            {
                yield return Metric(
                    "mean_" + key, $"{name}, mean of the looks", unit, Better.Neither, mean, isHeadline: key is "request_throughput");
            }
        }

        foreach (WatchedLatency latency in Latencies)
        {
            string key = KeyOf(latency), name = WatchPage.NameOf(latency);
            if (Mean(l => l.Observed(latency)) is { } observed)
            {
                yield return Metric(
                    $"observed_{key}_ms", $"{name} observed, mean of the looks", "ms", Better.Lower, observed,
                    isHeadline: latency is WatchedLatency.TimeToFirstToken or WatchedLatency.TimePerOutputToken);
            }

            if (Mean(l => l.Figure(latency)?.PredictedSeconds * 1000) is { } predicted)
            {
                yield return Metric($"predicted_{key}_ms", $"{name} predicted, mean of the looks", "ms", Better.Neither, predicted);
            }

            if (Mean(l => Math.Abs(l.DriftOf(latency)) is var d && double.IsNaN(d) ? null : d) is { } drifting)
            {
                yield return Metric($"drift_share_{key}", $"{name}: looks outside the interval", "", Better.Lower, drifting);
            }
        }

        yield return Metric("looks", "Looks at the window", "", Better.Neither, _all);
        yield return Metric("scrapes", "Pages read", "", Better.Neither, end.Scrapes);
        yield return Metric("scrape_errors", "Pages that could not be read", "", Better.Lower, end.Failures);
        yield return Metric("restarts", "Times that the service was started anew", "", Better.Lower, end.Restarts);
    }

    private IEnumerable<RunSeries> Series()
    {
        yield return new RunSeries(Axis, "s", [.. _looks.Select(l => l.Seconds)]);
        foreach ((string key, _, string unit, Func<Look, double?> of) in Loads())
        {
            if (Values(of) is { } values)
            {
                yield return new RunSeries(key, unit, values, Axis);
            }
        }

        foreach (WatchedLatency latency in Latencies)
        {
            string key = KeyOf(latency) + "_ms";
            (string Key, string Unit, Func<Look, double?> Of)[] kinds =
            [
                (key, "ms", l => l.Observed(latency)),
                ("predicted_" + key, "ms", l => l.Figure(latency)?.PredictedSeconds * 1000),
                ("predicted_low_" + key, "ms", l => l.Figure(latency)?.Interval?.Low * 1000),
                ("predicted_high_" + key, "ms", l => l.Figure(latency)?.Interval?.High * 1000),
                ("drift_" + KeyOf(latency), "", l => l.DriftOf(latency)),
            ];
            foreach ((string name, string unit, Func<Look, double?> of) in kinds)
            {
                if (Values(of) is { } values)
                {
                    yield return new RunSeries(name, unit, values, Axis);
                }
            }
        }
    }

    private static IEnumerable<(string Key, string Name, string Unit, Func<Look, double?> Of)> Loads() =>
    [
        ("request_throughput", "Requests a second", "requests/s", l => l.Load.RequestsPerSecond),
        ("input_tokens", "Tokens of a prompt", "tokens", l => l.Load.InputTokens),
        ("output_tokens", "Tokens of an answer", "tokens", l => l.Load.OutputTokens),
        ("output_throughput", "Output throughput", "tokens/s", l => l.Load.OutputTokensPerSecond),
        ("running_requests", "Requests running", "", l => l.Load.Running),
        ("waiting_requests", "Requests waiting", "", l => l.Load.Waiting),
        ("kv_cache_usage", "KV cache in use", "", l => l.Load.CacheUse),
    ];

    private double? Mean(Func<Look, double?> of)
    {
        double[] known = [.. _looks.Select(of).Where(v => v is { } x && double.IsFinite(x)).Select(v => v!.Value)];
        return known.Length > 0 ? known.Average() : null;
    }

    private double[]? Values(Func<Look, double?> of)
    {
        double[] values = [.. _looks.Select(l => of(l) is { } v && double.IsFinite(v) ? v : double.NaN)];
        return values.All(double.IsNaN) ? null : values;
    }

    private static RunMetric Metric(string key, string name, string unit, Better better, double value, bool isHeadline = false) => new()
    {
        Key = key,
        Name = name,
        Unit = unit,
        Better = better,
        Value = value,
        IsHeadline = isHeadline,
    };

    private sealed record Look(double Seconds, ObservedLoad Load, PredictedLoad? Predicted)
    {
        public bool Drifts => Predicted?.Figures.Any(f => f.Drift is Drift.Slower or Drift.Faster) == true;

        public double? Observed(WatchedLatency latency) => Load.Of(latency)?.MeanSeconds * 1000;

        public WatchedFigure? Figure(WatchedLatency latency) => Predicted?.Figures.FirstOrDefault(f => f.Latency == latency);

        /// <summary>1 slower than the interval allows, -1 faster, 0 within, NaN where it cannot be said.</summary>
        public double DriftOf(WatchedLatency latency) => Figure(latency)?.Drift switch
        {
            Drift.Slower => 1,
            Drift.Faster => -1,
            Drift.None => 0,
            _ => double.NaN,
        };
    }
}
