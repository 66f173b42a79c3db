using System.Text.Json;
using System.Text.RegularExpressions;
using Inferometer.Server.Hosting;
using Inferometer.Server.Metrics;
using Inferometer.Server.Upstreams;
using Inferometer.Tests;
using YamlDotNet.RepresentationModel;

namespace Inferometer.Server.Tests.Metrics;

/// <summary>The dashboard and the compose file: nothing is drawn that is not there, nothing mounted that does not exist.</summary>
[Collection(EngineTests.Name)]
public sealed partial class DeployTests(EngineFixture fixture)
{
    private static readonly string s_folder = Path.Combine(SharedFolder.RepositoryRoot, "deploy");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_expression_of_the_dashboard_is_sound_and_names_metrics_that_are_there()
    {
        JsonElement dashboard = await DashboardAsync();
        string[] expressions =
        [
            .. dashboard.GetProperty("panels").EnumerateArray().Where(p => p.TryGetProperty("targets", out _))
                .SelectMany(p => p.GetProperty("targets").EnumerateArray()).Select(t => t.GetProperty("expr").GetString()!),
        ];
        Assert.True(expressions.Length > 30);

        // Prometheus's own checker reads expressions as rules; what Grafana puts in is put in.
        string[] rules =
        [
            .. expressions.Select((e, i) => FormattableString.Invariant($"      - record: x:{i}\n        expr: ") + Quoted(
                e.Replace("$__rate_interval", "1m", StringComparison.Ordinal).Replace("$model_name", ".*", StringComparison.Ordinal))),
        ];
        string file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(
                file, "groups:\n  - name: dashboard\n    rules:\n" + string.Join('\n', rules) + "\n", Cancelled);
            (int code, string[] lines) = await PrometheusTool.CheckAsync(["check", "rules", file], "");
            Assert.True(code == 0, string.Join('\n', lines));
        }
        finally
        {
            File.Delete(file);
        }

        string pages = await PagesAsync();
        string[] named = [.. expressions.SelectMany(e => Names().Matches(e)).Select(m => m.Value).Distinct(StringComparer.Ordinal)];
        Assert.Contains("inferometer_predicted_time_to_first_token_seconds_sum", named);
        Assert.All(named, name => Assert.Contains("# TYPE " + Family().Replace(name, "") + " ", pages, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_dashboard_has_what_grafana_asks_of_one_and_its_panels_do_not_overlap()
    {
        JsonElement dashboard = await DashboardAsync();
        Assert.All(
            (string[])["title", "uid", "schemaVersion", "panels", "templating", "time"],
            m => Assert.True(dashboard.TryGetProperty(m, out _)));
        JsonElement[] panels = [.. dashboard.GetProperty("panels").EnumerateArray()];
        Assert.Equal(panels.Length, panels.Select(p => p.GetProperty("id").GetInt32()).Distinct().Count());
        HashSet<(int X, int Y)> taken = [];
        foreach (JsonElement place in panels.Select(p => p.GetProperty("gridPos")))
        {
            (int x, int y) = (place.GetProperty("x").GetInt32(), place.GetProperty("y").GetInt32());
            (int w, int h) = (place.GetProperty("w").GetInt32(), place.GetProperty("h").GetInt32());
            Assert.InRange(x + w, 1, 24);
            for (int i = 0; i < w * h; i++)
            {
                Assert.True(taken.Add((x + (i % w), y + (i / w))), $"two panels at {x}, {y}");
            }
        }

        string[] variables =
        [
            .. dashboard.GetProperty("templating").GetProperty("list").EnumerateArray().Select(v => v.GetProperty("name").GetString()!),
        ];
        string[] used =
            [.. Variables().Matches(dashboard.GetRawText()).Select(m => m.Groups["name"].Value).Distinct(StringComparer.Ordinal)];
        Assert.Empty(used.Except(variables, StringComparer.Ordinal).Except(["__rate_interval", "__all"], StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_compose_file_mounts_what_exists_and_its_programs_read_what_they_are_given()
    {
        string folder = Path.Combine(s_folder, "compose");
        YamlMappingNode root = await YamlAsync(Path.Combine(folder, "compose.yml"));
        var services = (YamlMappingNode)root["services"];
        Assert.Equal(
            ["grafana", "inferometer", "prometheus"], services.Children.Keys.Select(k => k.ToString()).Order(StringComparer.Ordinal));
        string[] named = [.. ((YamlMappingNode)root["volumes"]).Children.Keys.Select(k => k.ToString())];
        foreach (YamlNode volume in services.Children.Values.SelectMany(s => ((YamlSequenceNode)s["volumes"]).Children))
        {
            string source = Variable().Replace(volume.ToString(), "").Split(':')[0];
            bool isThere = source.Length == 0 || named.Contains(source, StringComparer.Ordinal)
                || Path.Exists(Path.GetFullPath(Path.Combine(folder, source)));
            Assert.True(isThere, volume.ToString());
        }

        Assert.True(File.Exists(Path.Combine(folder, services["inferometer"]["build"].ToString(), "Dockerfile")));
        foreach (string file in Directory.EnumerateFiles(s_folder, "*.yml", SearchOption.AllDirectories))
        {
            await YamlAsync(file);
        }

        // The key lies in a file of the container only.
        (int code, string[] lines) = await PrometheusTool.CheckAsync(
            ["check", "config", "--syntax-only", Path.Combine(s_folder, "prometheus", "compose.yml")], "");
        Assert.True(code == 0, string.Join('\n', lines));
    }

    private static async Task<JsonElement> DashboardAsync() =>
        JsonElement.Parse(await File.ReadAllTextAsync(Path.Combine(s_folder, "grafana", "inferometer.json"), Cancelled));

    private static async Task<YamlMappingNode> YamlAsync(string file)
    {
        YamlStream yaml = [];
        yaml.Load(new StringReader(await File.ReadAllTextAsync(file, Cancelled)));
        return Assert.IsType<YamlMappingNode>(Assert.Single(yaml.Documents).RootNode);
    }

    private static string Quoted(string text) => $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";

    private async Task<string> PagesAsync()
    {
        (LatencyForecast? forecast, _) = await LatencyForecast.TryMeasureAsync(fixture.Engine, fixture.Model.Files, Cancelled);
        await using TestServer server = await TestServer.StartAsync(
            fixture.Model, new ServerOptions { ResponseCacheBytes = 1 << 20 }, forecast);
        UpstreamOptions upstreams = new() { Addresses = [server.Client.BaseAddress!] };
        await using TestServer front = await TestServer.StartAsync(model: null, new ServerOptions { Upstreams = upstreams });
        return (await server.GetAsync("/metrics")).Succeeded().Text + (await front.GetAsync("/metrics")).Succeeded().Text;
    }

    [GeneratedRegex(@"\b(vllm:|inferometer_|process_)\w+", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Names();

    [GeneratedRegex("_(bucket|sum|count)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Family();

    [GeneratedRegex(@"\$\{?(?<name>\w+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Variables();

    [GeneratedRegex(@"\$\{[^}]*\}", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Variable();
}
