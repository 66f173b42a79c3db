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
            Assert.Equal(fixture.Engine.Statistics.GeneratedTokens, NumberOf(generated));
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
        Assert.All(named, name => Assert.Contains("# TYPE " + Family().Replace(name, ""), page, StringComparison.Ordinal));
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

    [GeneratedRegex("_(bucket|sum|count)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Family();
}
