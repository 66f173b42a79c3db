using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Inferometer.History.Records;

namespace Inferometer.Reports.Runs;

/// <summary>Runs as JSON, the same in files of reports and over HTTP.</summary>
public static class RunJson
{
    /// <summary>A run.</summary>
    /// <param name="run">The run.</param>
    /// <param name="isWhole">With what was asked for, the machine and the values behind the figures; else what a list shows.</param>
    public static JsonObject Of(RunRecord run, bool isWhole)
    {
        ArgumentNullException.ThrowIfNull(run);
        JsonObject json = new()
        {
            ["id"] = run.Id,
            ["short_id"] = run.ShortId,
            ["kind"] = RunWords.Of(run.Kind),
            ["arm"] = RunWords.Of(run.Arm),
            ["at"] = run.At.UtcDateTime.ToString("O", CultureInfo.InvariantCulture),
            ["model"] = run.Model,
            ["on"] = run.On,
            ["name"] = run.Name,
            ["tags"] = new JsonArray([.. run.Tags.Select(t => (JsonNode)t)]),
            ["config_hash"] = run.Config.Hash,
            ["product"] = run.Product,
            ["tree_commit"] = run.TreeCommit,
            ["prediction_of"] = run.PredictionOf,
            ["command_line"] = new JsonArray([.. run.CommandLine.Select(w => (JsonNode)w)]),
            ["metrics"] = new JsonArray([.. run.Metrics.Where(m => isWhole || m.IsHeadline).Select(m => (JsonNode)Metric(m))]),
        };
        if (!isWhole)
        {
            return json;
        }

        json["config"] = run.Config.ToJsonObject();
        if (run.Machine is { } machine)
        {
            json["machine"] = new JsonObject
            {
                ["processor"] = machine.Processor,
                ["cores"] = machine.Cores,
                ["memory_bytes"] = machine.MemoryBytes,
                ["system"] = machine.System,
                ["architecture"] = machine.Architecture,
                ["runtime"] = machine.Runtime,
            };
        }

        json["series"] = new JsonArray([.. run.Series.Select(s => (JsonNode)Series(s))]);
        return json;
    }

    /// <summary>A report: its runs, whole.</summary>
    /// <param name="report">The report.</param>
    public static string File(RunReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        JsonObject json = new()
        {
            ["title"] = report.Title,
            ["runs"] = new JsonArray([.. report.Runs.Select(r => (JsonNode)Of(r.Record, isWhole: true))]),
        };
        return Indented(json) + "\n";
    }

    /// <summary>JSON for people to read.</summary>
    internal static string Indented(JsonNode json)
    {
        using MemoryStream buffer = new();
        using (Utf8JsonWriter writer = new(buffer, new JsonWriterOptions { Indented = true }))
        {
            json.WriteTo(writer);
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    /// <summary>Which way a figure is better, as a word.</summary>
    internal static string WordOf(Better better) => better switch
    {
        Better.Lower => "lower",
        Better.Higher => "higher",
        _ => "neither",
    };

    private static JsonObject Metric(RunMetric metric) => new()
    {
        ["key"] = metric.Key,
        ["name"] = metric.Name,
        ["unit"] = metric.Unit,
        ["better"] = WordOf(metric.Better),
        ["value"] = metric.Value,
        ["series"] = metric.Series,
        ["headline"] = metric.IsHeadline,
    };

    // JSON has no NaN: what is missing is null.
    private static JsonObject Series(RunSeries series) => new()
    {
        ["key"] = series.Key,
        ["unit"] = series.Unit,
        ["axis"] = series.Axis,
        ["values"] = new JsonArray([.. series.Values.Select(v => double.IsFinite(v) ? (JsonNode?)v : null)]),
    };
}
