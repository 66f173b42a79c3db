using System.Globalization;
using Inferometer.Measurement.Explanation;
using Inferometer.Reports.Documents;
using Inferometer.Simulation.Costs;

namespace Inferometer.Reports.Explanation;

/// <summary>A measured service beside its forecast: the figures, the parts of each, what they say, and what would help.</summary>
public static class ExplanationPage
{
    /// <summary>The page.</summary>
    /// <param name="explanation">What was explained.</param>
    /// <param name="subject">What ran where, for the title.</param>
    public static Document Of(ServiceExplanation explanation, string subject)
    {
        ArgumentNullException.ThrowIfNull(explanation);
        Document page = new(Figures(explanation)) { Title = TitleOf(explanation, subject) };
        if (explanation.Forecast.PerToken.Count > 0)
        {
            page.Blocks.Add(Parts(
                "tpot_parts", "Where a token's time goes", explanation.Forecast.PerToken, explanation.Observed.TpotMs,
                explanation.Forecast.TpotMs));
        }

        page.Blocks.Add(Parts(
            "ttft_parts", "Where the time to the first token goes", explanation.Forecast.FirstToken, explanation.Observed.TtftMs,
            explanation.Forecast.TtftMs));
        page.Blocks.Add(new Sentences("findings", "What this says", explanation.Findings));
        page.Blocks.Add(explanation.Advice.Count > 0
            ? Advice(explanation)
            : new Sentences("advice_note", "What to try", ["No change that is forecast here would shorten a request by 1 % or more."]));
        page.Blocks.Add(new Sentences("assumptions", $"Forecast (cost model {explanation.CostModel})",
        [
            $"Fractions of peak: {explanation.RestsOn}.",
            "Users send the next request when the last has ended; their loop is replayed with the framework's way of putting prompts into "
                + "steps, and so is every change.",
            "With a change, what is not explained of a token stays, and of the first token goes with the time of a prompt and the users.",
        ]));
        return page;
    }

    private static string TitleOf(ServiceExplanation e, string subject) => string.Create(
        CultureInfo.InvariantCulture,
        $"{subject}, {e.Workload.BatchSize} users, {Numbers.Whole(e.Workload.InputTokens)} tokens in, "
        + $"{Numbers.Whole(e.Workload.OutputTokens)} out");

    private static Table Figures(ServiceExplanation e)
    {
        bool ranges = e.Forecast.Basis is not null;
        Table table = new(
            "times", null, Column.Text("time", "metric") with { IsRowName = true }, Column.Number("measured", "measured_ms"),
            Column.Number("forecast", "forecast_ms"), Column.Number("measured / forecast", "ratio"),
            Column.Number("low", "low_ms") with { Audience = ranges ? Audience.Everyone : Audience.Machines },
            Column.Number("high", "high_ms") with { Audience = ranges ? Audience.Everyone : Audience.Machines });
        Add("to the first token", e.Observed.TtftMs, e.Forecast.TtftMs, e.Forecast.TtftIntervalMs);
        if (e.Forecast.PerToken.Count > 0)
        {
            Add("per output token", e.Observed.TpotMs, e.Forecast.TpotMs, e.Forecast.TpotIntervalMs);
        }

        Add("whole request", e.Observed.EndToEndMs, e.Forecast.EndToEndMs, e.Forecast.EndToEndIntervalMs);
        return table;

        void Add(string name, double? measured, double forecast, Interval? range) => table.Add(
            name, measured is { } m ? Cell.Number(m, Numbers.Milliseconds(m)) : Cell.None,
            Cell.Number(forecast, Numbers.Milliseconds(forecast)),
            measured / forecast is { } ratio ? Cell.Number(ratio, Numbers.Short(ratio) + "x") : Cell.None,
            Cell.Number(range?.Low), Cell.Number(range?.High));
    }

    private static Table Parts(string key, string title, IReadOnlyList<TimePart> parts, double? measured, double forecast)
    {
        Table table = new(
            key, title, Column.Text("part", "part") with { IsRowName = true },
            Column.Text("", "key") with { Audience = Audience.Machines }, Column.Number("ms", "ms"), Column.Number("share", "share"),
            Column.Bars());
        double whole = Math.Max(forecast, measured ?? 0);
        foreach (TimePart part in parts)
        {
            Add(part.Name, part.Key, part.Milliseconds, Tone.Accent);
        }

        if (measured > forecast)
        {
            Add("not explained", "unexplained", measured.Value - forecast, Tone.Bad);
        }

        return table;

        void Add(string name, string partKey, double ms, Tone tone) =>
            table.Add(name, partKey, Cell.Number(ms), Cell.Share(ms / whole), Cell.BarOf(ms / whole, tone));
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
                each.Change, each.Condition.Length == 0 ? Cell.None : (Cell)each.Condition, each.Forecast.Devices,
                Cell.Number(each.TtftMs), Cell.Number(each.TpotMs), Cell.Number(each.EndToEndMs), Cell.Share(each.Gain));
        }

        return table;
    }
}
