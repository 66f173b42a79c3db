using Inferometer.Core.Catalog;
using Inferometer.Measurement.Watch;
using Inferometer.Reports.Documents;
using Inferometer.Reports.Estimates;

namespace Inferometer.Reports.Watch;

/// <summary>What was seen of a service that is watched, beside what is predicted for the same load.</summary>
public static class WatchPage
{
    /// <summary>The page.</summary>
    /// <param name="state">How things stand.</param>
    /// <param name="title">What is watched, one line.</param>
    /// <param name="model">The model that it is predicted for; null = nothing is predicted.</param>
    /// <param name="restsOn">What the prediction rests on, a sentence without its full stop; null = nothing is predicted.</param>
    public static Document Of(WatchState state, string title, string? model, string? restsOn)
    {
        ArgumentNullException.ThrowIfNull(state);
        Document page = new(Headline(state, restsOn is not null)) { Title = title };
        if (state.Load is { } load)
        {
            page.Blocks.Add(Latencies(state, load));
        }

        page.Blocks.Add(new Sentences("notes", "Notes", [.. Notes(state, model, restsOn)]));
        return page;
    }

    /// <summary>The latencies alone, a row each.</summary>
    /// <param name="state">How things stand.</param>
    public static Table Latencies(WatchState state)
    {
        ArgumentNullException.ThrowIfNull(state);
        return Latencies(state, state.Load);
    }

    /// <summary>A latency's name, for people.</summary>
    /// <param name="latency">Which.</param>
    public static string NameOf(WatchedLatency latency) => latency switch
    {
        WatchedLatency.TimeToFirstToken => "TTFT",
        WatchedLatency.TimePerOutputToken => "TPOT",
        WatchedLatency.InterTokenLatency => "ITL",
        WatchedLatency.EndToEnd => "E2E",
        WatchedLatency.Prefill => "prefill",
        WatchedLatency.Queue => "queue",
        _ => throw new ArgumentOutOfRangeException(nameof(latency), latency, null),
    };

    private static Table Latencies(WatchState state, ObservedLoad? load)
    {
        Table table = new(
            "latencies", $"Mean latencies{(state.IsOutdated ? $" before the service {Fate(state)}" : "")}, ms",
            Column.Text("", "metric") with { IsRowName = true },
            Column.Number("observed", "observed_ms"), Column.Number("predicted", "predicted_ms"), Column.Number("from", "low_ms"),
            Column.Number("to", "high_ms"), Column.Text("", "drift"));
        foreach (WatchedLatency latency in Enum.GetValues<WatchedLatency>())
        {
            WatchedFigure? figure = state.Predicted?.Figures.FirstOrDefault(f => f.Latency == latency);
            double? observed = load?.Of(latency)?.MeanSeconds;
            if (observed is null && figure?.PredictedSeconds is null)
            {
                continue;
            }

            table.Add(
                NameOf(latency), Cell.Number(observed * 1000), Cell.Number(figure?.PredictedSeconds * 1000),
                Cell.Number(figure?.Interval?.Low * 1000), Cell.Number(figure?.Interval?.High * 1000), Word(figure, state));
        }

        return table;
    }

    private static Cell Word(WatchedFigure? figure, WatchState state) => figure?.Drift switch
    {
        Drift.Slower => new Cell("SLOWER", "slower") { Tone = Tone.Bad },
        Drift.Faster => new Cell("FASTER", "faster") { Tone = Tone.Bad },
        Drift.None => new Cell("within", "none") { Tone = Tone.Good },
        _ => state.Predicted is null ? Cell.None : new Cell("-", "unknown"),
    };

    private static Facts Headline(WatchState state, bool predicts)
    {
        ObservedLoad? load = state.Load;
        PredictedLoad? predicted = state.Predicted;
        string program = load is null ? "-" : load.Program.Program;
        string span = load is null
            ? "nothing yet"
            : (state.IsOutdated ? $"before it {Fate(state)}: " : "")
                + $"{Numbers.Short(load.Seconds)} s, {Numbers.Whole(load.Scrapes)} pages"
                + (load.Requests is { } n ? $", {Numbers.Whole((long)Math.Round(n))} requests ended" : "");
        List<Fact> facts =
        [
            new("Service", "program", new Cell(
                state.LostSince is null ? program : $"LOST: {state.Error}", load?.Program.Program)
            { Tone = state.LostSince is null ? Tone.Normal : Tone.Bad }),
            new("Up", "up", state.IsUp),
            new("Window", "window_seconds", new Cell(span, load?.Seconds)),
        ];
        if (state.LostSince is { } lost)
        {
            facts.Insert(1, new("Lost since", "lost_since", WatchLine.Time(lost)));
        }

        if (load is not null)
        {
            facts.Add(new("Rate", "requests_per_s", Optional(load.RequestsPerSecond, v => $"{Numbers.Short(v)} requests/s")));
            facts.Add(new("Prompts", "mean_input_tokens", Optional(load.InputTokens, v => $"{Numbers.Short(v)} tokens{Cached(load)}")));
            facts.Add(new("Answers", "mean_output_tokens", Optional(load.OutputTokens, v => $"{Numbers.Short(v)} tokens")));
            facts.Add(new("Throughput", "output_tokens_per_s", Optional(
                load.OutputTokensPerSecond, v => $"{Numbers.Short(v)} output tokens/s")));
            facts.Add(new("Running", "running", Optional(load.Running, Numbers.Short)));
            facts.Add(new("Waiting", "waiting", Optional(load.Waiting, Numbers.Short)));
            facts.Add(new("KV cache in use", "kv_use", Optional(
                load.CacheUse, v => Numbers.Percent(v) + (predicted?.CacheUse is { } p ? $", predicted {Numbers.Percent(p)}" : ""))));
        }

        if (predicted is not null)
        {
            double? inSystem = load?.Running + load?.Waiting;
            facts.Add(new("In the system", "predicted_in_system", Optional(
                predicted.InSystem,
                v => $"{(inSystem is { } seen ? Numbers.Short(seen) : "-")}, predicted {Numbers.Short(v)}")));
            facts.Add(new("Predicted overload", "predicted_overload", predicted.IsOverloaded));
        }

        facts.Add(new("Drift", "drift", DriftOf(state, predicts)));
        facts.Add(new("Alerts", "alerts", state.Alerts.Sum()));
        facts.Add(new("Restarts", "restarts", state.Restarts));
        facts.Add(new("Pages missed", "scrape_errors", state.Failures));
        return new Facts(null, facts);
    }

    private static Cell DriftOf(WatchState state, bool predicts)
    {
        if (state.Predicted is null)
        {
            return new Cell(
                predicts ? "not known: no window was looked at with requests to predict" : "not known: nothing is predicted", null);
        }

        WatchedFigure[] drifting = [.. state.Drifting];
        string words = drifting.Length == 0
            ? "none"
            : string.Join(", ", drifting.Select(f => $"{NameOf(f.Latency)} {(f.Drift is Drift.Slower ? "slower" : "faster")}"));
        return state.IsOutdated
            ? new Cell($"not known; before the service {Fate(state)}: {words}", null)
            : new Cell(words, drifting.Length > 0) { Tone = drifting.Length > 0 ? Tone.Bad : Tone.Good };
    }

    private static string Fate(WatchState state) => state.LostSince is null ? "was away" : "was lost";

    private static IEnumerable<string> Notes(WatchState state, string? model, string? restsOn)
    {
        if (model is not null && state.Models.Count > 0 && !state.Models.Any(served => IsNamed(served, model)))
        {
            yield return $"The service calls what it runs {string.Join(", ", state.Models)}; the prediction is for {model}. Where that is "
                + "another model, drift says nothing.";
        }

        if (state is { LostSince: not null, Load: not null })
        {
            yield return "The service cannot be read any more: what is shown was seen last, and says nothing of it now.";
        }

        yield return "Rates, lengths and latencies are of the requests that ended in the window; running, waiting and cache are means of "
            + "the pages.";
        if (restsOn is null)
        {
            yield return "Nothing is predicted: say what the service runs on with --on.";
        }
        else
        {
            yield return $"The prediction: {restsOn}. Requests come independently of each other at the observed rate.";
            yield return "The interval: what the cost model or --tolerance allows, and what chance does to so many requests.";
        }

        if (state.Load is { Requests: null })
        {
            yield return $"{state.Load.Program.Program} does not count requests: say how long answers are on average with "
                + "--mean-output-len.";
        }

        if (state.Predicted is { IsOverloaded: true })
        {
            yield return "Requests come faster than they are predicted to be answered: no time is too long then.";
        }

        if (state.Predicted is not null && state.Load is { } load
            && !state.Predicted.Figures.Any(f => f.Interval is not null && load.Of(f.Latency) is not null))
        {
            yield return $"{load.Program.Program} showed no latency in the window that could be compared.";
        }
    }

    // A service may be given any name; most bear the model's own, with or without who made it.
    // Where the catalog does not know both, a name that goes on behind the model's says its format or how it was tuned.
    private static bool IsNamed(string served, string model)
    {
        (string name, string known) = (SettingMeasures.ShortName(served), SettingMeasures.ShortName(model));
        return ModelCatalog.BuiltIn.TryFind(served) is { } one && ModelCatalog.BuiltIn.TryFind(model) is { } other
            ? one == other
            : name.StartsWith(known, StringComparison.OrdinalIgnoreCase)
                && (name.Length == known.Length || !char.IsAsciiLetterOrDigit(name[known.Length]));
    }

    private static string Cached(ObservedLoad load) =>
        load.CachedShare is > 0 and { } share ? $", {Numbers.Percent(share)} of them from the prefix cache" : "";

    private static Cell Optional(double? value, Func<double, string> text) =>
        value is { } v && double.IsFinite(v) ? Cell.Number(v, text(v)) : Cell.None;
}
