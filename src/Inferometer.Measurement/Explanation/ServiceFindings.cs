using System.Globalization;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Serving;

namespace Inferometer.Measurement.Explanation;

/// <summary>Says in sentences where a measurement and its forecast part.</summary>
internal static class ServiceFindings
{
    private const double Notable = 0.05;

    public static IReadOnlyList<string> Of(ServiceExplanation e)
    {
        List<string> said = [];
        Within(said, "TPOT", e.Observed.TpotMs, e.Forecast.TpotIntervalMs);
        Within(said, "TTFT", e.Observed.TtftMs, e.Forecast.TtftIntervalMs);
        Most(said, "a token", e.Forecast.PerToken, e.Forecast.TpotMs);
        Most(said, "the first token", e.Forecast.FirstToken, e.Forecast.TtftMs);
        Pressure(said, e.Forecast);
        if (e.Forecast.Result.Overload is { } overload)
        {
            said.Add(Say($"Requests come faster than they are answered, {overload.ArrivalsPerSecond:0.##} against ")
                + Say($"{overload.CompletionsPerSecond:0.##} a second: they pile up as long as they come, and the time to the ")
                + "first token says how long that was.");
        }

        Parting(said, e);
        return said;
    }

    private static void Within(List<string> said, string metric, double? measured, Interval? range)
    {
        if (measured is { } ms && range is { } r)
        {
            said.Add(ms >= r.Low && ms <= r.High
                ? Say($"The measured {metric} lies where nine in ten measurements of such cases lie, {Short(r.Low)} to {Short(r.High)} ")
                    + "ms: as far as the cost model can tell it is as it should be."
                : Say($"The measured {metric} lies {(ms < r.Low ? "below" : "above")} where nine in ten measurements of such cases lie, ")
                    + Say($"{Short(r.Low)} to {Short(r.High)} ms: something is not as stated, or not as usual."));
        }
    }

    private static void Most(List<string> said, string what, IReadOnlyList<TimePart> parts, double? whole)
    {
        if (whole is { } ms && parts.Count > 0)
        {
            TimePart most = parts.MaxBy(p => p.Milliseconds)!;
            said.Add(Say($"Of {what}'s {Short(ms)} ms as forecast, most is {most.Name}: {Short(most.Milliseconds)} ms, ")
                + Say($"{100 * most.Milliseconds / ms:0} %."));
        }
    }

    private static void Pressure(List<string> said, ServiceForecast forecast)
    {
        ServiceLoad load = forecast.Result.Load;
        long preemptions = forecast.Result.Report.Value.Preemptions;
        double waits = Of(forecast.FirstToken, "cache_queue") / forecast.TtftMs;
        said.Add(preemptions > 0 || waits > Notable
            ? Say($"KV pressure: the cache of {load.KvCapacityTokens:#,0} tokens is full ({100 * load.PeakKvUse:0} % at its peak); ")
                + Say($"{preemptions:#,0} preemptions, and requests wait {Of(forecast.FirstToken, "cache_queue"):#,0} ms for room.")
            : Say($"The KV cache has room for {load.KvCapacityTokens:#,0} tokens, of which {100 * load.PeakKvUse:0.#} % are in use at the ")
                + "peak: nobody waits for it.");
    }

    private static void Parting(List<string> said, ServiceExplanation e)
    {
        if (e.Causes.Count == 0)
        {
            said.Add(e.Distance <= ServiceExplainer.Near
                ? "Measurement and forecast agree: the parts below account for it."
                : "Nothing that was simulated in place of what was stated comes nearer to the measurement.");
        }
        else if (e.Cause is { } cause)
        {
            said.Add(Say($"The measured times come out where {cause.Text}: {Times(cause.Forecast)}. ")
                + Differences(e.Forecast, cause.Forecast));
        }
        else
        {
            ServiceCause nearest = e.Causes[0];
            said.Add(Say($"Nothing simulated gives the measured times; nearest comes what follows if {nearest.Text}: ")
                + Say($"{Times(nearest.Forecast)}."));
        }
    }

    private static string Times(ServiceForecast forecast) => forecast.TpotMs is { } tpot
        ? Say($"TTFT {Short(forecast.TtftMs)} ms, TPOT {Short(tpot)} ms")
        : Say($"TTFT {Short(forecast.TtftMs)} ms");

    private static string Differences(ServiceForecast now, ServiceForecast then)
    {
        string first = Grown(now.FirstToken, then.FirstToken), token = Grown(now.PerToken, then.PerToken);
        return (first.Length, token.Length) switch
        {
            (0, 0) => "",
            (0, _) => $"What grows in the time per token: {token}.",
            (_, 0) => $"What grows in the time to first token: {first}.",
            _ => $"What grows in the time to first token: {first}; in the time per token: {token}.",
        };
    }

    private static string Grown(IReadOnlyList<TimePart> now, IReadOnlyList<TimePart> then)
    {
        TimePart? most = then.MaxBy(p => p.Milliseconds - Of(now, p.Key));
        double by = most is null ? 0 : most.Milliseconds - Of(now, most.Key);
        return by > Notable * then.Sum(p => p.Milliseconds) ? Say($"{most!.Name} by {Short(by)} ms") : "";
    }

    private static double Of(IReadOnlyList<TimePart> parts, string key) =>
        parts.FirstOrDefault(p => string.Equals(p.Key, key, StringComparison.Ordinal))?.Milliseconds ?? 0;

    private static string Short(double ms) => ms.ToString(ms < 100 ? "0.0" : "#,0", CultureInfo.InvariantCulture);

    private static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
