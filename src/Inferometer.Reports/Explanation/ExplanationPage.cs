using Inferometer.Measurement.Explanation;
using Inferometer.Reports.Documents;
using Inferometer.Simulation.Costs;

namespace Inferometer.Reports.Explanation;

/// <summary>
/// A measured service beside its simulation: the figures, the parts of each, what they say, what may be the cause, and what would help.
/// </summary>
public static class ExplanationPage
{
    /// <summary>The page.</summary>
    /// <param name="explanation">What was explained.</param>
    /// <param name="title">What ran where and what was asked of it, one line.</param>
    public static Document Of(ServiceExplanation explanation, string title)
    {
        ArgumentNullException.ThrowIfNull(explanation);
        ServiceForecast forecast = explanation.Forecast, cause = explanation.Cause?.Forecast ?? forecast;
        Document page = new(Figures(explanation)) { Title = title };
        if (forecast.PerToken.Count > 0)
        {
            page.Blocks.Add(Parts(
                "tpot_parts", "Where a token's time goes, as forecast", forecast.PerToken,
                explanation.Cause is null ? null : cause.PerToken, explanation.Observed.TpotMs - cause.TpotMs));
        }

        page.Blocks.Add(Parts(
            "ttft_parts", "Where the time to the first token goes, as forecast", forecast.FirstToken,
            explanation.Cause is null ? null : cause.FirstToken, explanation.Observed.TtftMs - cause.TtftMs));
        page.Blocks.Add(new Sentences("findings", "What this says", explanation.Findings));
        if (explanation.Causes.Count > 0)
        {
            page.Blocks.Add(Causes(explanation));
        }

        page.Blocks.Add(explanation.Advice.Count > 0
            ? Advice(explanation)
            : new Sentences("advice_note", "What to try", ["No change that was simulated would shorten a request by 1 % or more."]));
        page.Blocks.Add(new Sentences("assumptions", $"Forecast (cost model {explanation.CostModel})",
        [
            $"Fractions of peak: {explanation.RestsOn}.",
            "All figures are means over the requests of a simulation that runs the framework's scheduler, without those of the warm-up; "
                + "causes and changes are simulated with the same requests.",
            "To the first token comes what measured services take outside the engine's steps, and in steps with prompts tokens wait for as "
                + "much of them as there.",
            "Each cause and each change stands alone. A gain is the share of a whole request that is saved of the forecast; of what sets a "
                + "cause right, of what was measured.",
        ]));
        return page;
    }

    private static Table Figures(ServiceExplanation e)
    {
        bool ranges = e.Forecast.Basis is not null;
        Table table = new(
            "times", null, Column.Text("time", "metric") with { IsRowName = true }, Column.Number("measured", "measured_ms"),
            Column.Number("forecast", "forecast_ms"), Column.Number("measured / forecast", "ratio"),
            Column.Number("low", "low_ms") with { Audience = ranges ? Audience.Everyone : Audience.Machines },
            Column.Number("high", "high_ms") with { Audience = ranges ? Audience.Everyone : Audience.Machines });
        Add("to the first token", e.Observed.TtftMs, e.Forecast.TtftMs, e.Forecast.TtftIntervalMs);
        if (e.Forecast.TpotMs is { } token)
        {
            Add("per output token", e.Observed.TpotMs, token, e.Forecast.TpotIntervalMs);
        }

        Add("whole request", e.Observed.EndToEndMs, e.Forecast.EndToEndMs, e.Forecast.EndToEndIntervalMs);
        return table;

        void Add(string name, double? measured, double forecast, Interval? range) => table.Add(
            name, Time(measured), Time(forecast),
            measured / forecast is { } ratio ? Cell.Number(ratio, Numbers.Short(ratio) + "x") : Cell.None,
            Time(range?.Low), Time(range?.High));

        static Cell Time(double? milliseconds) =>
            milliseconds is { } ms ? Cell.Number(ms, Numbers.Milliseconds(ms)) : Cell.None;
    }

    // The parts of the forecast as shares of it, and beside them those with the cause that gives what was measured.
    private static Table Parts(
        string key, string title, IReadOnlyList<TimePart> parts, IReadOnlyList<TimePart>? caused, double? unexplained)
    {
        Audience ofCause = caused is null ? Audience.Machines : Audience.Everyone;
        Table table = new(
            key, title, Column.Text("part", "part") with { IsRowName = true },
            Column.Text("", "key") with { Audience = Audience.Machines }, Column.Number("ms", "ms"), Column.Number("share", "share"),
            Column.Bars(), Column.Number("with the cause", "with_cause_ms") with { Audience = ofCause },
            Column.Number("more", "more_ms") with { Audience = ofCause });
        double left = Math.Max(0, unexplained ?? 0);
        double whole = parts.Sum(p => p.Milliseconds);
        IEnumerable<TimePart> others = (caused ?? []).ExceptBy(parts.Select(p => p.Key), p => p.Key, StringComparer.Ordinal);
        foreach (TimePart part in parts.Concat(others.Select(p => p with { Milliseconds = 0 })))
        {
            double? then = caused is null
                ? null
                : caused.FirstOrDefault(p => string.Equals(p.Key, part.Key, StringComparison.Ordinal))?.Milliseconds ?? 0;
            table.Add(
                part.Name, part.Key, Cell.Number(part.Milliseconds), Cell.Share(part.Milliseconds / whole),
                Cell.BarOf(part.Milliseconds / whole), Cell.Number(then), Cell.Number(then - part.Milliseconds));
        }

        if (left > 0)
        {
            table.Add(
                "measured beyond that, not explained", "unexplained", caused is null ? Cell.Number(left) : Cell.None, Cell.None,
                Cell.BarOf(0), caused is null ? Cell.None : Cell.Number(left), Cell.None);
        }

        return table;
    }

    private static Table Causes(ServiceExplanation e)
    {
        Table table = new(
            "causes", "What may be other than stated, the nearest to the measurement first",
            Column.Text("if", "cause") with { IsRowName = true }, Column.Text("", "key") with { Audience = Audience.Machines },
            Column.Number("TTFT ms", "ttft_ms"), Column.Number("TPOT ms", "tpot_ms"), Column.Number("apart", "apart"),
            Column.Text("", "remedy") with { Audience = Audience.Machines });
        foreach (ServiceCause each in e.Causes)
        {
            Add(each.Text, each.Key, each.Forecast, each.Distance, each.Remedy);
        }

        Add("all is as stated", "stated", e.Forecast, e.Distance, "");
        return table;

        void Add(string text, string key, ServiceForecast forecast, double distance, string remedy) => table.Add(
            text, key, Cell.Number(forecast.TtftMs), Cell.Number(forecast.TpotMs), Cell.Share(Math.Exp(distance) - 1),
            remedy.Length == 0 ? Cell.None : (Cell)remedy);
    }

    private static Table Advice(ServiceExplanation e)
    {
        Table table = new(
            "advice", "What to try, the greatest gain first", Column.Text("change", "change") with { IsRowName = true },
            Column.Text("condition", "condition"), Column.Number("devices", "devices"), Column.Number("TTFT ms", "ttft_ms"),
            Column.Number("TPOT ms", "tpot_ms"), Column.Number("E2E ms", "e2e_ms"), Column.Number("gain", "gain"));
        foreach (ServiceAdvice each in e.Advice)
        {
            table.Add(
                each.Change, each.Condition.Length == 0 ? Cell.None : (Cell)each.Condition, each.Forecast.Result.Load.Devices,
                Cell.Number(each.Forecast.TtftMs), Cell.Number(each.Forecast.TpotMs), Cell.Number(each.Forecast.EndToEndMs),
                Cell.Share(each.Gain));
        }

        return table;
    }
}
