using System.Text.Json;
using System.Text.Json.Nodes;
using Inferometer.Reports.Documents;
using Inferometer.Reports.Estimates;
using Inferometer.Reports.Metrics;
using Inferometer.Reports.Showcase;
using Inferometer.Reports.Writers;
using Inferometer.Simulation;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Planning;
using Inferometer.Simulation.Results;
using Inferometer.Tests;

namespace Inferometer.Reports.Tests.Metrics;

public class MetricsTests
{
    private static readonly SimulationConfig Config = Tour.Start("llama-3.1-8b", "h100");
    private static readonly SimulationResult Result = new SimulationEngine().Simulate(Config);

    [Fact]
    public void The_documentation_lists_every_metric_with_key_unit_direction_and_definition()
    {
        using StringWriter markdown = new();
        new MarkdownWriter(markdown).Write(MetricsPage.Create());
        string page = File.ReadAllText(Path.Combine(SharedFolder.RepositoryRoot, "docs", "metrics.md"));
        foreach (string line in markdown.ToString().Split('\n'))
        {
            Assert.Contains(line, page, StringComparison.Ordinal);
        }

        Assert.Contains("| Time to first token | `ttft_ms` | ms | lower | TTFT: queueing + prefill", page, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_key_is_unique_and_every_metric_says_what_it_is()
    {
        Assert.Equal(EstimateMetrics.All.Count, EstimateMetrics.All.Select(m => m.Key).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(PhaseMetrics.All.Count, PhaseMetrics.All.Select(m => m.Key).Distinct(StringComparer.Ordinal).Count());
        Assert.All(EstimateMetrics.All, m => Assert.True(m is { Name.Length: > 0, Definition.Length: > 0, Unit.Length: > 0 }, m.Key));
        Assert.All(EstimateMetrics.All.Select(m => m.Key), key => Assert.Matches("^[a-z0-9]+(_[a-z0-9]+)*$", key));
    }

    [Fact]
    public void Every_number_of_the_results_metrics_is_a_metric()
    {
        // A property added to the record without a declaration here would be in no table.
        double[] known = [.. EstimateMetrics.All.Select(m => m.Of(Result)).OfType<double>()];
        JsonObject metrics = JsonNode.Parse(Result.ToJson())!["metrics"]!.AsObject();
        KeyValuePair<string, JsonNode?>[] numbers = [.. metrics.Where(m => m.Value is JsonValue)];
        Assert.Equal(typeof(SimulationMetrics).GetProperties().Count(p => p.PropertyType != typeof(Interval?)), numbers.Length);
        Assert.All(numbers, m => Assert.Contains(m.Value!.GetValue<double>(), known));

        // What else there is are the ranges of numbers that have one.
        Assert.All(metrics.Except(numbers), m => Assert.NotNull(m.Value!["low"]));
    }

    [Fact]
    public void Csv_and_json_of_a_comparison_have_the_keys_of_the_list_in_its_order()
    {
        using StringWriter csv = new();
        new CsvWriter(csv).Write(ComparisonPage.RowOf(Config, Result));
        string[] header = csv.ToString().Split('\n')[0].Split(',');
        string[] keys = [.. EstimateMetrics.All.Where(m => m.IsColumn).Select(m => m.Key)];
        Assert.Equal(keys, header.Where(k => keys.Contains(k, StringComparer.Ordinal)));
        Assert.Equal("error", header[^1]);

        using StringWriter json = new();
        new JsonWriter(json).Write(ComparisonPage.RowOf(Config, Result));
        JsonElement row = JsonSerializer.Deserialize<JsonElement>(json.ToString())[0];
        Assert.Equal(header, row.EnumerateObject().Select(m => m.Name));
        Assert.All(EstimateMetrics.All.Where(m => m.IsColumn), m => Assert.Equal(m.Of(Result)!.Value, row.GetProperty(m.Key).GetDouble()));
    }

    [Fact]
    public void An_objective_takes_its_direction_from_its_metric()
    {
        Estimate[] estimates = [Fake(2, 10), Fake(1, 5), new(Config, null) { Error = "impossible" }];
        Assert.Equal(1, Best("TTFT", estimates));
        Assert.Equal(0, Best("throughput", estimates));
        Assert.Equal(-1, Best("cost", estimates[2]));
        Assert.All(MetricChoice.OfEstimates.Objectives, o => Assert.NotEqual(Direction.None, o.Metric.Better));

        static int Best(string word, params Estimate[] some) =>
            MetricChoice.OfEstimates.Best(word).BestOf(some.Select(e => e.Result));

        static Estimate Fake(double ttft, double rate) =>
            new(Config, Result with { Throughput = rate, Metrics = Result.Metrics with { TtftMs = ttft } });
    }

    [Fact]
    public void Settings_are_read_from_the_configuration_whoever_wrote_it()
    {
        SimulationConfig config = SimulationConfig.FromJson(
            """
            {"model": "llama-3.1-8b", "features": ["decode"], "simulation_params": {"system_name": "h100", "batch_size": 4,
             "tensor_parallel": 2, "quantization": {"weights": "int4", "kv_cache": "fp8"}, "lora": {"rank": 8}}}
            """);
        Document page = ComparisonPage.Of(
            [Estimate.Of(config, new SimulationEngine())], MetricChoice.OfEstimates.Objectives[0], forPeople: true);
        Assert.Equal("llama-3.1-8b on h100, int4/kv fp8, TP 2, batch 4, 2,048 tokens in, 256 out, LoRA 8:1:dynamic", page.Title);
    }
}
