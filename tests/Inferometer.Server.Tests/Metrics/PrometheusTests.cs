using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using System.Text.RegularExpressions;
using Inferometer.Server.Metrics;
using Inferometer.Tests;

namespace Inferometer.Server.Tests.Metrics;

/// <summary>Prometheus itself reads the server, and the rules that come with it.</summary>
[Collection(EngineTests.Name)]
public sealed partial class PrometheusTests(EngineFixture fixture)
{
    private const string Firsts = "vllm:time_to_first_token_seconds";
    private const string PerToken = "time_per_output_token_seconds_sum";

    private static readonly string Rules = Path.Combine(SharedFolder.RepositoryRoot, "deploy", "prometheus", "rules.yml");

    [Fact]
    public async Task Prometheus_scrapes_the_server()
    {
        string program = PrometheusTool.Require("prometheus");
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        (await server.PostAsync("/v1/completions", """{"prompt":"Once","max_tokens":5,"ignore_eos":true}""")).Succeeded();
        DirectoryInfo folder = Directory.CreateTempSubdirectory("inferometer");
        int port = FreePort();
        string configuration = Path.Combine(folder.FullName, "prometheus.yml");
        await File.WriteAllTextAsync(
            configuration,
            $"""
            global:
              scrape_interval: 1s
            rule_files:
              - {Rules}
            scrape_configs:
              - job_name: inferometer
                static_configs:
                  - targets: ["{server.Server.Address.Authority}"]
            """,
            TestContext.Current.CancellationToken);
        using Process prometheus = PrometheusTool.Start(
            program,
            [
                $"--config.file={configuration}", $"--storage.tsdb.path={Path.Combine(folder.FullName, "data")}",
                FormattableString.Invariant($"--web.listen-address=127.0.0.1:{port}"), "--log.level=error",
            ]);
        try
        {
            using HttpClient client = new() { BaseAddress = new Uri(FormattableString.Invariant($"http://127.0.0.1:{port}")) };
            JsonElement generated = await QueryAsync(client, "vllm:generation_tokens_total", prometheus);
            Assert.Equal("tales", generated.GetProperty("metric").GetProperty("model_name").GetString());
            Assert.Equal(5, NumberOf(generated)); // what the engine of all tests gave before this server began is not in it
            JsonElement quantile = await QueryAsync(
                client, "histogram_quantile(0.5, sum by (le) (vllm:time_to_first_token_seconds_bucket))", prometheus);
            Assert.True(NumberOf(quantile) > 0);
        }
        finally
        {
            prometheus.Kill();
            await prometheus.WaitForExitAsync(CancellationToken.None);
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task The_rules_are_sound_and_name_metrics_that_are_there()
    {
        (int code, string[] lines) = await PrometheusTool.CheckAsync(["check", "rules", Rules], "");
        Assert.True(code == 0, string.Join('\n', lines));
        (LatencyForecast? forecast, _) = await LatencyForecast.TryMeasureAsync(
            fixture.Engine, fixture.Model.Files, TestContext.Current.CancellationToken);
        await using TestServer server = await TestServer.StartAsync(fixture.Model, forecast: forecast);
        string page = (await server.GetAsync("/metrics")).Succeeded().Text;
        string rules = await File.ReadAllTextAsync(Rules, TestContext.Current.CancellationToken);
        string[] named = [.. Names().Matches(rules).Select(m => m.Value)];
        Assert.NotEmpty(named);
        Assert.All(named, name => Assert.Contains("# TYPE " + Family().Replace(name, "") + " ", page, StringComparison.Ordinal));

        // A share within a bound that no bucket has would be a share of nothing.
        string[] bounds = [.. Bounds().Matches(rules).Select(m => m.Value)];
        Assert.NotEmpty(bounds);
        Assert.All(bounds, bound => Assert.Contains(bound, page, StringComparison.Ordinal));
    }

    /// <summary>What each alert is for, told to Prometheus as a series of an afternoon, and what it makes of it.</summary>
    [Theory]
    [InlineData(
        "InferometerBurnsObjective", "burns", true,
        Firsts + """_bucket{model_name="m",le="2.5"}=0+50x180;""" + Firsts + """_count{model_name="m"}=0+100x180""")]
    [InlineData(
        "InferometerBurnsObjective", "keeps", false,
        Firsts + """_bucket{model_name="m",le="2.5"}=0+97x180;""" + Firsts + """_count{model_name="m"}=0+100x180""")]
    [InlineData(
        "InferometerStalls", "stalls", true,
        """vllm:num_requests_running{model_name="m"}=3+0x180;vllm:generation_tokens_total{model_name="m"}=900+0x180""")]
    [InlineData(
        "InferometerStalls", "works", false,
        """vllm:num_requests_running{model_name="m"}=3+0x180;vllm:generation_tokens_total{model_name="m"}=900+40x180""")]
    [InlineData(
        "InferometerSlowerThanPredicted", "drifts", true,
        "inferometer_measured_" + PerToken + "=0+5x180;inferometer_predicted_" + PerToken + "=0+2x180")]
    [InlineData(
        "InferometerSlowerThanPredicted", "agrees", false,
        "inferometer_measured_" + PerToken + "=0+3x180;inferometer_predicted_" + PerToken + "=0+2x180")]
    [InlineData(
        "InferometerPrefixHitsFell", "fell", true,
        """vllm:prefix_cache_hits_total=0+80x110 8810+5x70;vllm:prefix_cache_queries_total=0+100x180""")]
    [InlineData(
        "InferometerPrefixHitsFell", "never had", false,
        """vllm:prefix_cache_hits_total=0+1x180;vllm:prefix_cache_queries_total=0+100x180""")]
    [InlineData("InferometerQueueStands", "stands", true, """vllm:num_requests_waiting{model_name="m"}=1+0x180""")]
    [InlineData("InferometerRefuses", "refuses", true, """inferometer_http_responses_total{code="429"}=0+6x180""")]
    [InlineData("InferometerFails", "fails", true, """inferometer_http_responses_total{code="500"}=0+6x180""")]
    [InlineData("InferometerDown", "gone", true, """up{job="inferometer"}=0+0x180""")]
    public async Task An_alert_fires_when_it_should_and_else_not(string alert, string what, bool fires, string series)
    {
        string[] inputs =
        [
            .. series.Split(';').Select(one => one.Split('=')).Select(parts =>
                $"      - series: '{string.Join('=', parts[..^1])}'\n        values: '{parts[^1]}'"),
        ];
        string file = Path.GetTempFileName();
        try
        {
            // Whatever labels and words it fires with: asked as a query, for a rule's test wants every word of its alerts.
            await File.WriteAllTextAsync(
                file,
                $"""
                rule_files:
                  - {Rules}
                evaluation_interval: 1m
                tests:
                  - name: {what}
                    interval: 1m
                    input_series:
                {string.Join('\n', inputs)}
                    promql_expr_test:
                      - expr: count(ALERTS{"{"}alertname="{alert}",alertstate="firing"{"}"})
                        eval_time: 160m
                        exp_samples: {(fires ? "[{ labels: '{}', value: 1 }]" : "[]")}
                """,
                TestContext.Current.CancellationToken);
            (int code, string[] lines) = await PrometheusTool.CheckAsync(["test", "rules", file], "");
            Assert.True(code == 0, string.Join('\n', lines));
        }
        finally
        {
            File.Delete(file);
        }
    }

    private static async Task<JsonElement> QueryAsync(HttpClient client, string query, Process prometheus)
    {
        for (int attempt = 0; attempt < 300; attempt++)
        {
            Assert.False(prometheus.HasExited, "prometheus ended");
            await Task.Delay(100, TestContext.Current.CancellationToken);
            try
            {
                string answer = await client.GetStringAsync(
                    "/api/v1/query?query=" + Uri.EscapeDataString(query), TestContext.Current.CancellationToken);
                JsonElement result = JsonElement.Parse(answer).GetProperty("data").GetProperty("result");
                if (result.GetArrayLength() > 0)
                {
                    return result[0];
                }
            }
            catch (HttpRequestException)
            {
                // It is not there yet.
            }
        }

        Assert.Fail($"prometheus knew nothing of {query} after half a minute");
        return default;
    }

    private static double NumberOf(JsonElement sample) =>
        double.Parse(sample.GetProperty("value")[1].GetString()!, CultureInfo.InvariantCulture);

    private static int FreePort()
    {
        using TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    [GeneratedRegex(@"\b(vllm:|inferometer_)\w+", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Names();

    [GeneratedRegex("le=\"[^\"]*\"", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Bounds();

    [GeneratedRegex("_(bucket|sum|count)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Family();
}
