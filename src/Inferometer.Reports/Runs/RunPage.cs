using System.Globalization;
using System.Text.Json.Nodes;
using Inferometer.History.Records;
using Inferometer.Reports.Documents;

namespace Inferometer.Reports.Runs;

/// <summary>One run of the history.</summary>
public static class RunPage
{
    /// <summary>The page.</summary>
    /// <param name="run">The run, with its series.</param>
    /// <param name="parts">Its parts; empty where it has none.</param>
    public static Document Of(RunRecord run, IReadOnlyList<RunRecord> parts)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(parts);
        List<Fact> facts =
        [
            new("Run", "id", run.Id),
            new("When", "at", RunListPage.When(run.At)),
            new("Kind", "kind", new Cell($"{RunWords.Of(run.Kind)}, {RunWords.Of(run.Arm)}", RunWords.Of(run.Kind))),
            new("Model", "model", run.Model),
            new("On", "on", run.On),
        ];
        Add(facts, "Name", "name", run.Name);
        Add(facts, "Tags", "tags", run.Tags.Count > 0 ? string.Join(", ", run.Tags) : null);
        Add(facts, "Command", "command_line", run.CommandLine.Count > 0 ? "inferometer " + string.Join(' ', run.CommandLine.Select(Quoted))
            : null);
        facts.Add(new("Settings", "config_hash", new Cell(run.Config.Hash[..10], run.Config.Hash)));
        Add(facts, "Machine", "machine", MachineOf(run.Machine));
        facts.Add(new("Product", "product", run.Product));
        Add(facts, "Tree", "tree_commit", run.TreeCommit);
        Add(facts, "Predicts", "prediction_of", run.PredictionOf);
        Add(facts, "Part of", "part_of", run.PartOf);
        Document page = new(new Facts(null, facts), Metrics(run)) { Title = $"{run.ShortId}: {RunWords.Of(run.Kind)} of {run.Model}" };
        if (RunParts.Of(run, parts) is { } table)
        {
            page.Blocks.Add(table.Rows.Count > 0
                ? table
                : new Sentences("drifts", table.Title, ["No latency left its interval, or nothing was predicted."]));
        }

        return page;
    }

    /// <summary>All that is kept of a run, as JSON: what <c>-f json</c> prints.</summary>
    /// <param name="run">The run, with its series.</param>
    public static Document Full(RunRecord run)
    {
        ArgumentNullException.ThrowIfNull(run);
        JsonObject data = new()
        {
            ["id"] = run.Id,
            ["at"] = (string?)RunListPage.When(run.At).Value,
            ["kind"] = RunWords.Of(run.Kind),
            ["arm"] = RunWords.Of(run.Arm),
            ["model"] = run.Model,
            ["on"] = run.On,
            ["name"] = run.Name,
            ["tags"] = new JsonArray([.. run.Tags.Select(t => JsonValue.Create(t))]),
            ["command_line"] = new JsonArray([.. run.CommandLine.Select(w => JsonValue.Create(w))]),
            ["config"] = run.Config.ToJsonObject(),
            ["config_hash"] = run.Config.Hash,
            ["machine"] = run.Machine is { } m
                ? new JsonObject
                {
                    ["processor"] = m.Processor,
                    ["cores"] = m.Cores,
                    ["memory_bytes"] = m.MemoryBytes,
                    ["system"] = m.System,
                    ["architecture"] = m.Architecture,
                    ["runtime"] = m.Runtime,
                }
                : null,
            ["product"] = run.Product,
            ["tree_commit"] = run.TreeCommit,
            ["prediction_of"] = run.PredictionOf,
            ["part_of"] = run.PartOf,
            ["metrics"] = new JsonArray([.. run.Metrics.Select(MetricOf)]),
            ["series"] = new JsonArray([.. run.Series.Select(s => new JsonObject
            {
                ["key"] = s.Key,
                ["unit"] = s.Unit,
                ["axis"] = s.Axis,
                ["values"] = new JsonArray([.. s.Values.Select(v => double.IsNaN(v) ? null : (JsonNode)JsonValue.Create(v))]),
            })]),
        };
        return new Document { Data = data };
    }

    /// <summary>The figures, with the spread of the values behind them.</summary>
    /// <param name="run">The run, with its series.</param>
    public static Table Metrics(RunRecord run)
    {
        ArgumentNullException.ThrowIfNull(run);
        Table table = new(
            "metrics", null, Column.Text("metric", "key") with { IsRowName = true }, Column.Number("value", "value"),
                Column.Text("unit", "unit"),
            Column.Text("better", "better"), Column.Number("values", "count"), Column.Number("std", "standard_deviation"));
        foreach (RunMetric metric in run.Metrics)
        {
            double[] values = run.SeriesOf(metric)?.Known() ?? [];
            table.Add(
                new Cell(metric.Key, metric.Key), FigureCell.Of(metric), metric.Unit,
                metric.Better switch { Better.Higher => "higher", Better.Lower => "lower", _ => "" },
                values.Length > 0 ? values.Length : Cell.None, Cell.Number(Deviation(run, metric, values)));
        }

        return table;
    }

    // Of the mean of the values alone, which it is the deviation from: the run's own figure of it where there is one (of a service's
    // requests, over n, as vLLM's benchmark has it), else that of repetitions, over n - 1, as llama-bench and 'bench' have it.
    private static double? Deviation(RunRecord run, RunMetric metric, double[] values)
    {
        if (metric.Statistic is not Statistic.Mean || values.Length < 2)
        {
            return null;
        }

        double mean = values.Average();
        return run.Metrics.FirstOrDefault(
            m => m.Statistic is Statistic.StandardDeviation && string.Equals(m.Series, metric.Series, StringComparison.Ordinal))?.Value
            ?? Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Length - 1));
    }

    private static JsonObject MetricOf(RunMetric metric) => new()
    {
        ["key"] = metric.Key,
        ["name"] = metric.Name,
        ["value"] = metric.Value,
        ["unit"] = metric.Unit,
        ["better"] = metric.Better switch { Better.Higher => "higher", Better.Lower => "lower", _ => null },
        ["statistic"] = metric.Series is null ? null : metric.Statistic.ToString().ToLowerInvariant(),
        ["series"] = metric.Series,
        ["standard_error"] = metric.StandardError,
    };

    private static void Add(List<Fact> facts, string label, string key, string? text)
    {
        if (text is not null)
        {
            facts.Add(new(label, key, text));
        }
    }

    private static string? MachineOf(RunMachine? machine) => machine is null
        ? null
        : string.Create(
            CultureInfo.InvariantCulture,
            $"{machine.Processor}, {machine.Cores} processors, {Numbers.Bytes(machine.MemoryBytes)}, {machine.System}, {machine.Runtime}");

    private static string Quoted(string word) =>
        word.Length > 0 && word.All(
            c => char.IsLetterOrDigit(c) || c is '-' or '_' or '.' or '/' or ':' or ',' or '=' or '+' or '@' or '~' or '%')
            ? word
            : "'" + word.Replace("'", "'\\''", StringComparison.Ordinal) + "'";
}
