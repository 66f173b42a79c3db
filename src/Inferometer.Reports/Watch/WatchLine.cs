using System.Globalization;
using Inferometer.Measurement.Watch;
using Inferometer.Reports.Documents;

namespace Inferometer.Reports.Watch;

/// <summary>An event of a watch as a line of a log.</summary>
public static class WatchLine
{
    /// <summary>The line: the time in UTC, a word to search for, and what happened.</summary>
    /// <param name="happened">The event.</param>
    public static string Of(WatchEvent happened)
    {
        ArgumentNullException.ThrowIfNull(happened);
        string time = Time(happened.At);
        return happened.Kind switch
        {
            WatchEventKind.Looked => $"{time} load: {Load(happened.State)}",
            WatchEventKind.DriftBegan => $"{time} DRIFT: {Figure(happened.Figure!)}",
            WatchEventKind.DriftEnded => $"{time} drift over: {WatchPage.NameOf(happened.Figure!.Latency)}",
            WatchEventKind.Lost => $"{time} LOST: {happened.State.Error}",
            WatchEventKind.Returned => $"{time} returned: the metrics can be read again",
            WatchEventKind.Restarted => $"{time} restarted: the counters fell, and the window begins anew",
            _ => throw new ArgumentOutOfRangeException(nameof(happened), happened.Kind, null),
        };
    }

    /// <summary>A moment in UTC, to the second.</summary>
    internal static string Time(DateTimeOffset at) =>
        at.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Load(WatchState state)
    {
        ObservedLoad load = state.Load!;
        List<string> parts =
        [
            load.RequestsPerSecond is { } rate ? $"{Numbers.Short(rate)} requests/s" : "requests not counted",
            $"input {Known(load.InputTokens)}",
            $"output {Known(load.OutputTokens)}",
            $"running {Known(load.Running)}",
            $"waiting {Known(load.Waiting)}",
        ];
        foreach (ObservedLatency latency in load.Latencies.Where(l => l.Latency is WatchedLatency.TimeToFirstToken
            or WatchedLatency.TimePerOutputToken or WatchedLatency.EndToEnd))
        {
            double? predicted = state.Predicted?.Figures.FirstOrDefault(f => f.Latency == latency.Latency)?.PredictedSeconds;
            parts.Add(
                $"{WatchPage.NameOf(latency.Latency)} {Numbers.Milliseconds(latency.MeanSeconds * 1000)}"
                    + (predicted is { } p ? $" (predicted {Numbers.Milliseconds(p * 1000)})" : ""));
        }

        return string.Join(", ", parts);
    }

    private static string Figure(WatchedFigure figure) =>
        $"{WatchPage.NameOf(figure.Latency)} is {(figure.Drift is Drift.Slower ? "slower" : "faster")} than predicted: "
            + $"{Numbers.Milliseconds(figure.ObservedSeconds!.Value * 1000)}, predicted "
            + $"{Numbers.Milliseconds(figure.PredictedSeconds!.Value * 1000)}, expected "
            + $"{Numbers.Milliseconds(figure.Interval!.Value.Low * 1000)} to "
            + $"{(double.IsFinite(figure.Interval.Value.High) ? Numbers.Milliseconds(figure.Interval.Value.High * 1000) : "any time")}";

    private static string Known(double? value) => value is { } v && double.IsFinite(v) ? Numbers.Short(v) : "-";
}
