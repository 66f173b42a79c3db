using System.Buffers;
using Inferometer.Measurement.Watch;
using Inferometer.Server.Metrics;

namespace Inferometer.Server.Watching;

/// <summary>How things stand with a service that is watched, as a page of metrics.</summary>
internal static class WatchMetrics
{
    private const string Counter = "counter";
    private const string Gauge = "gauge";

    /// <summary>Writes the page.</summary>
    public static void Write(IBufferWriter<byte> output, WatchState state)
    {
        PrometheusText text = new(output);
        text.Single("inferometer_watch_up", Gauge, "Whether the last page of the service could be read.", "", state.IsUp ? 1 : 0);
        text.Single("inferometer_watch_scrapes_total", Counter, "Pages of the service that were read.", "", state.Scrapes);
        text.Single("inferometer_watch_scrape_errors_total", Counter, "Pages that could not be read.", "", state.Failures);
        text.Single("inferometer_watch_restarts_total", Counter, "Times that the service was started anew.", "", state.Restarts);
        // Of a service that is away nothing is shown that would pass for its present state.
        ObservedLoad? seen = state.IsOutdated ? null : state.Load;
        if (seen is { } load)
        {
            WriteLoad(text, load);
        }

        text.Begin("inferometer_watch_alerts_total", Counter, "Times that a latency left its interval.");
        foreach (WatchedLatency latency in Enum.GetValues<WatchedLatency>())
        {
            text.Sample("inferometer_watch_alerts_total", Label(latency), state.Alerts[(int)latency]);
        }

        if (seen is { Latencies.Count: > 0 })
        {
            text.Begin("inferometer_watch_observed_seconds", Gauge, "Mean latency observed in the window.");
            foreach (ObservedLatency latency in seen.Latencies)
            {
                text.Sample("inferometer_watch_observed_seconds", Label(latency.Latency), latency.MeanSeconds);
            }
        }

        if (state is { IsOutdated: false, Predicted: { } predicted })
        {
            WritePredicted(text, predicted);
        }
    }

    private static void WriteLoad(PrometheusText text, ObservedLoad load)
    {
        Single("inferometer_watch_window_seconds", "Length of the window that the load was observed in.", load.Seconds);
        Single("inferometer_watch_requests", "Requests that ended in the window.", load.Requests);
        Single("inferometer_watch_request_rate", "Requests that came a second.", load.RequestsPerSecond);
        Single("inferometer_watch_input_tokens", "Mean tokens of a prompt.", load.InputTokens);
        Single("inferometer_watch_output_tokens", "Mean tokens of an answer.", load.OutputTokens);
        Single("inferometer_watch_running_requests", "Mean requests in the batch.", load.Running);
        Single("inferometer_watch_waiting_requests", "Mean requests in the queue.", load.Waiting);
        Single("inferometer_watch_kv_cache_usage_ratio", "Mean share of the cache in use, 0 to 1.", load.CacheUse);
        Single("inferometer_watch_prefix_cache_hit_ratio", "Share of prompt tokens found in the prefix cache.", load.CachedShare);

        void Single(string name, string help, double? value)
        {
            if (value is { } known)
            {
                text.Single(name, Gauge, help, "", known);
            }
        }
    }

    private static void WritePredicted(PrometheusText text, PredictedLoad predicted)
    {
        text.Single(
            "inferometer_watch_predicted_overload", Gauge, "Whether requests come faster than they are predicted to be answered.", "",
            predicted.IsOverloaded ? 1 : 0);
        Each("inferometer_watch_predicted_seconds", "Mean latency predicted for the observed load.", f => f.PredictedSeconds);
        Each("inferometer_watch_predicted_low_seconds", "Lower end of the interval of the mean latency.", f => f.Interval?.Low);
        Each("inferometer_watch_predicted_high_seconds", "Upper end of the interval of the mean latency.", f => f.Interval?.High);
        Each(
            "inferometer_watch_drift", "1: slower than the interval allows; -1: faster; 0: within it.",
            f => f.Drift switch { Drift.Slower => 1, Drift.Faster => -1, Drift.None => 0, _ => null });

        void Each(string name, string help, Func<WatchedFigure, double?> of)
        {
            WatchedFigure[] known = [.. predicted.Figures.Where(f => of(f) is not null)];
            if (known.Length > 0)
            {
                text.Begin(name, Gauge, help);
                foreach (WatchedFigure figure in known)
                {
                    text.Sample(name, Label(figure.Latency), of(figure)!.Value);
                }
            }
        }
    }

    private static string Label(WatchedLatency latency) => latency switch
    {
        WatchedLatency.TimeToFirstToken => "latency=\"time_to_first_token\"",
        WatchedLatency.TimePerOutputToken => "latency=\"time_per_output_token\"",
        WatchedLatency.InterTokenLatency => "latency=\"inter_token_latency\"",
        WatchedLatency.EndToEnd => "latency=\"end_to_end\"",
        WatchedLatency.Prefill => "latency=\"prefill\"",
        _ => "latency=\"queue\"",
    };
}
