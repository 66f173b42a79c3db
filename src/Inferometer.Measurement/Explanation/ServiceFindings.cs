using System.Globalization;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Measurement.Explanation;

/// <summary>Says in sentences where a measurement and its forecast part.</summary>
internal static class ServiceFindings
{
    // Frameworks add so much to the arithmetic of a step (serving rows of three frameworks against whole steps timed alone).
    private const double Near = 1.25;

    // A burst answers all users after about half the prompts of all of them.
    private const double BurstLow = 0.5;
    private const double BurstHigh = 2;

    public static IReadOnlyList<string> Of(ICostPlan plan, in WorkloadPoint point, ObservedService observed, LoadForecast forecast)
    {
        List<string> said = [];
        Within(said, "TPOT", observed.TpotMs, forecast.TpotIntervalMs);
        Within(said, "TTFT", observed.TtftMs, forecast.TtftIntervalMs);
        Tokens(said, observed, forecast);
        Prompts(said, plan, point, observed, forecast);
        if (forecast.Room is { } room)
        {
            said.Add(room < point.BatchSize
                ? Say($"Memory has room for {room:#,0} of the {point.BatchSize:#,0} requests; the rest waits. KV pressure governs TTFT.")
                : Say($"Memory has room for {room:#,0} such requests: with {point.BatchSize:#,0} in flight none waits for the KV cache."));
        }

        return said;
    }

    private static void Within(List<string> said, string metric, double? measured, Interval? range)
    {
        if (measured is { } ms && range is { } r)
        {
            said.Add(ms >= r.Low && ms <= r.High
                ? Say($"The measured {metric} lies where nine in ten measurements of such cases lie, {r.Low:0.0} to {r.High:0.0} ms: as ")
                    + "far as the cost model can tell it is as it should be."
                : Say($"The measured {metric} lies {(ms < r.Low ? "below" : "above")} where nine in ten measurements of such cases lie, ")
                    + Say($"{r.Low:0.0} to {r.High:0.0} ms: something is not as stated, or not as usual."));
        }
    }

    private static void Tokens(List<string> said, ObservedService observed, LoadForecast forecast)
    {
        if (observed.TpotMs is not { } measured || forecast.PerToken.Count == 0)
        {
            return;
        }

        TimePart most = forecast.PerToken.MaxBy(p => p.Milliseconds)!;
        said.Add(Say($"Of a token's {forecast.TpotMs:0.0} ms, most is {most.Name}: {most.Milliseconds:0.0} ms, ")
            + Say($"{100 * most.Milliseconds / forecast.TpotMs:0} %."));
        double factor = measured / forecast.TpotMs;
        double rest = measured - forecast.TpotMs;
        said.Add(factor switch
        {
            > Near => Say($"TPOT is {factor:0.0} times the forecast: {rest:0.0} ms of each token are neither bandwidth, arithmetic, ")
                + Say($"messages nor prompts in between as forecast. Look at what the framework does between steps (scheduling, sampling, ")
                + "detokenising), whether CUDA graphs are on, and whether the requests are longer than stated.",
            < 1 / Near => Say($"TPOT is {1 / factor:0.0} times faster than the forecast: the users may be fewer than stated at a time, ")
                + "the requests shorter, tokens drafted, or the device faster than its entry in the catalog.",
            _ => Say($"TPOT is as forecast ({100 * (factor - 1):+0;-0} %): the parts above account for it."),
        });
    }

    private static void Prompts(
        List<string> said, ICostPlan plan, in WorkloadPoint point, ObservedService observed, LoadForecast forecast)
    {
        if (observed.TtftMs is not { } measured)
        {
            return;
        }

        double own = forecast.FirstToken[0].Milliseconds;
        double users = Math.Ceiling((double)point.BatchSize / plan.Request.Parallelism.Data);
        double burst = own * (users + 1) / 2;
        double factor = measured / forecast.TtftMs;
        said.Add(Say($"Reading the prompt takes {own:#,0} ms of the {measured:#,0} ms to the first token."));
        if (factor <= Near)
        {
            said.Add(factor < 1 / Near
                ? Say($"TTFT is {1 / factor:0.0} times faster than the forecast: prompts may share a cached beginning, or be shorter.")
                : Say($"TTFT is as forecast ({100 * (factor - 1):+0;-0} %)."));
        }
        else if (users > 1 && measured / burst is > BurstLow and < BurstHigh)
        {
            said.Add(Say($"TTFT is {factor:0.0} times the forecast for users who come and go evenly, and near the {burst:#,0} ms that ")
                + Say($"{users:0} prompts at once would take on average: requests come in bursts, or the benchmark starts all users at ")
                + "once.");
        }
        else
        {
            said.Add(Say($"TTFT is {factor:0.0} times the forecast: {measured - forecast.TtftMs:#,0} ms are queueing that an evenly ")
                + "loaded engine would not have, or time outside the engine (tokenising, HTTP, polling of the scheduler).");
        }
    }

    private static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
