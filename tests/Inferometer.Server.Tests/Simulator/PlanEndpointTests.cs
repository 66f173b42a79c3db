using System.Net;
using System.Text.Json;
using Inferometer.Server.Simulator;
using Inferometer.Tests;

namespace Inferometer.Server.Tests.Simulator;

/// <summary>Plans over HTTP: what the command prints as JSON, with nothing that reaches a file.</summary>
[Collection(EngineTests.Name)]
public sealed class PlanEndpointTests(EngineFixture fixture)
{
    private const string Path = "/api/v1/plan";

    [Fact]
    public async Task A_load_is_planned_for_and_equal_seeds_give_equal_plans()
    {
        const string Body = """
            {"model":"llama-3.1-8b","users":20,"slo":"ttft:2s,tpot:60ms","on":["4xl40s"],"framework":"vllm","tp":[1,2]}
            """;
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        string first = (await server.PostAsync(Path + "?wait=60", Body)).Succeeded().Text;
        JsonElement plan = JsonElement.Parse(first);
        JsonElement cheapest = plan.GetProperty("answers").EnumerateArray().First();
        Assert.Equal("L40S", cheapest.GetProperty("system").GetString());
        Assert.Equal(first, (await server.PostAsync(Path + "?wait=60", Body)).Succeeded().Text);
    }

    [Fact]
    public async Task Without_a_load_what_there_is_is_looked_at()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        string text = (await server.PostAsync(
            Path + "?wait=60",
            """{"on":"2xrtx4090","model":["llama-3.1-8b","llama-3.1-405b"],"input":1024,"output":256}""")).Succeeded().Text;
        Assert.Contains("meta-llama/Llama-3.1-8B", text, StringComparison.Ordinal);
        Assert.Contains("405B", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_starts_the_chosen_deployment_is_told_where_it_is_asked_for()
    {
        const string Body = """
            {"model":"llama-3.1-8b","users":20,"slo":"ttft:2s,tpot:60ms","on":["4xl40s"],"tp":[1,2],"modes":"aggregated","emit":"KIND"}
            """;
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        JsonElement plan = JsonElement.Parse((await server.PostAsync(
            Path + "?wait=60", Body.Replace("KIND", "sglang", StringComparison.Ordinal))).Succeeded().Text);
        JsonElement launch = Assert.Single(plan.GetProperty("launch").EnumerateArray());
        JsonElement cheapest = plan.GetProperty("answers").EnumerateArray().First();
        Assert.Equal("sglang", cheapest.GetProperty("framework").GetString());
        Assert.Equal(cheapest.GetProperty("rented_replicas").GetInt32(), launch.GetProperty("replicas").GetInt32());
        Assert.Contains(
            $"--max-running-requests {cheapest.GetProperty("max_sequences").GetInt32()}", launch.GetProperty("command").GetString(),
            StringComparison.Ordinal);
        plan = JsonElement.Parse((await server.PostAsync(
            Path + "?wait=60", Body.Replace("KIND", "kubernetes", StringComparison.Ordinal))).Succeeded().Text);
        Assert.Contains("kind: Deployment", plan.GetProperty("manifest").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"model":"llama-3.1-8b","users":50}""", "slo")]
    [InlineData("""{"model":"llama-3.1-8b","users":50,"slo":"ttft:1s","emit":"vllm","framework":"sglang"}""", "emit")]
    [InlineData("""{"model":"llama-3.1-8b","rate":50,"slo":"ttft:1s","emit":"vllm","pools":true}""", "emit")]
    [InlineData("""{"model":"llama-3.1-8b","users":50,"slo":"ttft:1s","emit":"systemd"}""", "emit")]
    [InlineData("""{"on":"8xh100","emit":"vllm"}""", "emit")]
    [InlineData("""{"model":"llama-3.1-8b","users":50,"rate":2,"slo":"ttft:1s"}""", "rate")]
    [InlineData("""{"model":["llama-3.1-8b","qwen3-8b"],"users":50,"slo":"ttft:1s"}""", "model")]
    [InlineData("""{"model":"/etc/passwd","users":50,"slo":"ttft:1s"}""", "model")]
    [InlineData("""{"model":"llama-3.1-8b","users":50,"slo":"ttft:1s","on":"3x/etc/passwd"}""", "on")]
    [InlineData("""{"model":"llama-3.1-8b","users":50,"slo":"ttft:1s","kv":"/etc/passwd"}""", "kv")]
    [InlineData("""{"model":"llama-3.1-8b","users":50,"slo":"ttft:1s","kv":["fp8","med"]}""", "kv")]
    [InlineData("""{"model":"llama-3.1-8b","users":50,"slo":"ttft:1s","input":"file:/etc/passwd"}""", "input")]
    [InlineData("""{"model":"llama-3.1-8b","users":50,"slo":"ttft:1s","dataset":"/etc/passwd"}""", "dataset")]
    [InlineData("""{"model":"llama-3.1-8b","users":50,"slo":"ttft:1s","prices":"/etc/passwd"}""", "prices")]
    [InlineData("""{"model":"llama-3.1-8b","users":50,"slo":"ttft:1s","pools":true}""", "pools")]
    [InlineData("""{"model":"llama-3.1-8b","users":50,"slo":"ttft:1s","percentile":"p101"}""", "percentile")]
    [InlineData("""{"model":"llama-3.1-8b","users":50,"slo":"ttft:1s","confidence":60}""", "confidence")]
    [InlineData("""{"model":"llama-3.1-8b","users":50,"slo":"ttft:1s","tp":[1,2.5]}""", "tp")]
    [InlineData("""{"model":"llama-3.1-8b","users":50,"slo":"ttft:1s","framework":"other"}""", "framework")]
    [InlineData("""{"model":"llama-3.1-8b","users":50,"slo":"ttft:1s","weights":"fp3"}""", "weights")]
    [InlineData("""{"model":"llama-3.1-8b","users":50,"slo":"ttft:1s","arrivals":"poisson"}""", "arrivals")]
    [InlineData("""{"on":"8xh100","spares":1}""", "spares")]
    [InlineData("""{"model":"llama-3.1-8b"}""", "on")]
    public async Task What_is_wrong_is_said_before_anything_is_planned(string body, string field)
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        Answer answer = await server.PostAsync(Path, body);
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal(field, answer.Json.GetProperty("field").GetString());
    }

    // The options are declared in the room of the command line, which this one does not know; the guide lists them as they are.
    [Fact]
    public async Task A_plan_is_described_as_the_options_of_plan_describe_it()
    {
        string[] lines = await File.ReadAllLinesAsync(
            System.IO.Path.Combine(SharedFolder.RepositoryRoot, "docs", "commands.md"), TestContext.Current.CancellationToken);
        Dictionary<string, string> values = lines.SkipWhile(l => !l.StartsWith("<!-- options of plan", StringComparison.Ordinal))
            .TakeWhile(l => !l.StartsWith("<!-- end", StringComparison.Ordinal))
            .Where(l => l.StartsWith("| `--", StringComparison.Ordinal))
            .Select(l => l.Replace("\\|", "/", StringComparison.Ordinal).Split('|', StringSplitOptions.TrimEntries))
            .ToDictionary(c => c[1].Split('`')[1][2..], c => c[2].Trim('`'), StringComparer.Ordinal);
        Assert.All(PlanSettings.All, s => Assert.Equal(s.Value.Replace('|', '/'), values[s.Name]));
        string[] elsewhere = ["dataset", "prices", "top", "catalog", "format"];
        Assert.Empty(values.Keys.Except(PlanSettings.All.Select(s => s.Name), StringComparer.Ordinal).Except(
            elsewhere, StringComparer.Ordinal));
    }
}
