using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Inferometer.Core;
using Inferometer.History.Records;

namespace Inferometer.History.Import;

/// <summary>
/// Tests of llama-bench: <c>n_prompt</c>, <c>n_gen</c>, <c>n_depth</c>, <c>avg_ts</c>, <c>samples_ts</c>, <c>stddev_ts</c>,
/// <c>build_commit</c>, <c>model_filename</c>, <c>cpu_info</c>, <c>gpu_info</c>, <c>test_time</c>. Figures are called as <c>bench</c> calls
/// them, whose own files are read as well: they have fields besides, of which <c>n_sequences</c> tells tests apart.
/// </summary>
internal static class LlamaBenchResult
{
    // Fields of bench alone: sequences side by side, and one that says whose file it is.
    private const string Sequences = "n_sequences", OwnField = "limit_share";

    // Differ from test to test, or say nothing of what was asked.
    private static readonly string[] Results =
    [
        "n_prompt", "n_gen", "n_depth", "test_time", "avg_ns", "stddev_ns", "avg_ts", "stddev_ts", "samples_ns", "samples_ts", "n_threads",
        "model_size", "model_n_params", "test", Sequences, OwnField, "limit_ts", "joules_per_token", "watts", "probe_read_gbps",
        "probe_float_gops", "probe_int8_gops",
    ];

    public static IEnumerable<ImportedRun> Of(IReadOnlyList<JsonElement> tests, string name)
    {
        foreach (IGrouping<string, JsonElement> group in tests.GroupBy(Settings, StringComparer.Ordinal))
        {
            JsonElement first = group.First();
            bool several = group.Select(t => ImportedFigures.Number(t, "n_threads")).Distinct().Count() > 1;
            List<RunMetric> metrics = [];
            List<RunSeries> series = [];
            foreach (JsonElement test in group)
            {
                Add(test, several, name, metrics, series);
            }

            JsonObject settings = JsonNode.Parse(group.Key)!.AsObject();
            settings["tests"] = new JsonArray([.. metrics.Select(m => JsonValue.Create(m.Key))]);
            string? file = ImportedFigures.Text(first, "model_filename");
            string program = first.TryGetProperty(OwnField, out _) ? "inferometer bench" : "llama-bench";
            yield return new ImportedRun
            {
                Program = $"{program} {ImportedFigures.Text(first, "build_commit")}".TrimEnd(),
                Model = file?[(file.LastIndexOfAny(['/', '\\']) + 1)..],
                On = ImportedFigures.Text(first, "gpu_info") ?? ImportedFigures.Text(first, "cpu_info"),
                At = DateTimeOffset.TryParse(
                    ImportedFigures.Text(first, "test_time"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal,
                        out DateTimeOffset at) ? at : null,
                Settings = settings,
                Metrics = metrics,
                Series = series,
            };
        }
    }

    private static void Add(JsonElement test, bool several, string file, List<RunMetric> metrics, List<RunSeries> series)
    {
        double rate = ImportedFigures.Number(test, "avg_ts") is { } given && double.IsFinite(given) && given > 0
            ? given
            : throw new InferometerException($"{file}: a test of llama-bench has no number above 0 in 'avg_ts'.");
        string name = NameOf(test, several), key = name;
        for (int i = 2; metrics.Any(m => string.Equals(m.Key, key, StringComparison.Ordinal)); i++)
        {
            key = string.Create(CultureInfo.InvariantCulture, $"{name} #{i}");
        }

        RunMetric metric = new() { Key = key, Name = key, Unit = "tokens/s", Better = Better.Higher, Value = rate, IsHeadline = true };
        if (ImportedFigures.List(test, "samples_ts") is { Length: > 0 } samples && samples.All(double.IsFinite))
        {
            series.Add(new RunSeries(key, "tokens/s", samples));
            metric = metric with { Statistic = Statistic.Mean, Series = key };
        }

        metrics.Add(metric);
    }

    private static string NameOf(JsonElement test, bool several)
    {
        double prompt = ImportedFigures.Number(test, "n_prompt") ?? 0, generated = ImportedFigures.Number(test, "n_gen") ?? 0;
        double depth = ImportedFigures.Number(test, "n_depth") ?? 0;
        string?[] parts = [prompt > 0 ? Text("pp", prompt) : null, generated > 0 ? Text("tg", generated) : null];
        return string.Join('+', parts.OfType<string>()) + (depth > 0 ? Text(" @ d", depth) : "")
            + (ImportedFigures.Number(test, Sequences) is > 1 and { } sequences ? Text(" x ", sequences) : "")
            + (several && ImportedFigures.Number(test, "n_threads") is { } threads ? Text(" t", threads) : "");

        static string Text(string before, double number) => string.Create(CultureInfo.InvariantCulture, $"{before}{number}");
    }

    private static string Settings(JsonElement test)
    {
        JsonObject settings = [];
        foreach (JsonProperty field in test.EnumerateObject())
        {
            if (!Results.Contains(field.Name, StringComparer.Ordinal))
            {
                settings[field.Name] = ImportedFigures.Setting(field.Value);
            }
        }

        return RunConfig.Of(settings).Json;
    }
}
