using System.Diagnostics;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Inferometer.Simulation;
using Inferometer.Simulation.Configuration;

namespace Inferometer.Server.Tests.Simulator;

/// <summary>The estimate over HTTP is the estimate: the same words in, the same JSON out, and refusals that help.</summary>
[Collection(EngineTests.Name)]
public sealed class EstimateEndpointTests(EngineFixture fixture)
{
    private const string Path = "/api/v1/estimate";

    [Fact]
    public async Task Options_and_configuration_say_the_same_and_give_what_the_library_gives()
    {
        const string Configuration = """
            {"model":"llama-3.1-70b","features":["prefill","decode","flash_attention"],
             "simulation_params":{"system_name":"H100_SXM","tensor_parallel":4,"batch_size":8,"input_tokens":1000,"output_tokens":100,
                                  "beam_size":1,"quantization":{"weights":"fp8"},"cost_model":"calibrated"}}
            """;
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        const string Options = """{"model":"llama-3.1-70b","on":"h100","tp":4,"batch":"8","input":1000,"output":100,"weights":"fp8"}""";
        string said = (await server.PostAsync(Path, Options)).Succeeded().Text;
        string configured = (await server.PostAsync(Path, Configuration)).Succeeded().Text;
        string expected = new SimulationEngine().Simulate(SimulationConfig.FromJson(Configuration, "request")).ToJson();
        Assert.Equal(expected, configured);
        JsonNode[] both = [JsonNode.Parse(said)!, JsonNode.Parse(configured)!];
        foreach (string member in (ReadOnlySpan<string>)["metrics", "memory_usage", "operators", "model", "system", "devices"])
        {
            Assert.True(JsonNode.DeepEquals(both[0][member], both[1][member]), member);
        }
    }

    [Fact]
    public async Task A_machine_may_be_figures_of_the_users_own()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        JsonElement result = (await server.PostAsync(
            Path, """{"model":"llama-3.1-8b","on":{"Flops":312,"Memory_size":80,"Memory_BW":2039,"ICN":300}}""")).Succeeded().Json;
        Assert.True(result.GetProperty("metrics").GetProperty("tpot_ms").GetDouble() > 0);
    }

    [Theory]
    [InlineData("""{"on":"h100"}""", "model", "model")]
    [InlineData("""{"model":"llama-3.1-8b"}""", "on", "machine")]
    [InlineData("""{"model":"lama-3.1-8b","on":"h100"}""", "model", "Did you mean")]
    [InlineData("""{"model":"llama-3.1-8b","on":"h1000"}""", "on", "Did you mean")]
    [InlineData("""{"model":"llama-3.1-8b","on":"h100+nothing"}""", "on", "'nothing' is not allowed")]
    [InlineData("""{"model":"llama-3.1-8b","on":"h100","tp":"x"}""", "tp", "a whole number from 1")]
    [InlineData("""{"model":"llama-3.1-8b","on":"h100","tp":[1,2]}""", "tp", "a text or a number")]
    [InlineData("""{"model":"llama-3.1-8b","on":"h100","tpp":2}""", "tpp", "not known")]
    [InlineData("""{"model":"llama-3.1-8b","on":"h100","draft-tokens":3}""", "draft-tokens", "needs draft")]
    [InlineData("""{"model":"llama-3.1-8b","on":"h100","draft":"nothing"}""", "draft", "a model of the catalog")]
    [InlineData("""{"model":"llama-3.1-8b","on":"h100","host":"nothing","gpu-layers":3}""", "host", "a machine of the catalog")]
    [InlineData("""{"model":"llama-3.1-8b","on":"h100","tp":3}""", null, "Allowed: 1, 2, 4, 8")]
    [InlineData("""{"model":"llama-3.1-8b","on":"h100","kv":"q4","kv-compression":"q8"}""", null, "contradicts")]
    [InlineData("""{"model":"llama-3.1-8b","on":"h100","param":{"no_such":1}}""", null, "no_such")]
    [InlineData("""[1]""", null, "JSON object")]
    [InlineData("""{"model":""", null, "no JSON")]
    public async Task A_refusal_names_the_field_and_what_is_allowed(string body, string? field, string says)
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        Answer answer = await server.PostAsync(Path, body);
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Contains(says, answer.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(400, answer.Json.GetProperty("status").GetInt32());
        Assert.Equal(field, answer.Json.TryGetProperty("field", out JsonElement named) ? named.GetString() : null);
    }

    [Theory]
    [InlineData("model")]
    [InlineData("on")]
    [InlineData("draft")]
    [InlineData("host")]
    [InlineData("kv")]
    public async Task No_text_of_a_client_reaches_the_file_system(string field)
    {
        string file = System.IO.Path.Combine(System.IO.Path.GetTempPath(), $"{Guid.NewGuid():N}.json");
        await File.WriteAllTextAsync(file, "{\"secret\":1}", TestContext.Current.CancellationToken);
        try
        {
            JsonObject body = new() { ["model"] = "llama-3.1-8b", ["on"] = "h100", ["gpu-layers"] = field is "host" ? 3 : null };
            body[field] = file;
            await using TestServer server = await TestServer.StartAsync(fixture.Model);
            Answer there = await server.PostAsync(Path, body.ToJsonString());
            File.Delete(file);
            Answer gone = await server.PostAsync(Path, body.ToJsonString());
            Assert.Equal(HttpStatusCode.BadRequest, there.Status);
            Assert.Equal(gone.Text, there.Text);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public async Task What_does_not_fit_is_refused_with_changes_that_make_it_fit()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        Answer answer = await server.PostAsync(Path, """{"model":"llama-3.1-70b","on":"h100"}""");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        JsonElement problem = answer.Json;
        Assert.Equal("does_not_fit", problem.GetProperty("code").GetString());
        JsonElement memory = problem.GetProperty("memory_usage");
        Assert.True(memory.GetProperty("total_bytes").GetDouble() > memory.GetProperty("capacity_bytes").GetDouble());
        JsonElement[] changes = [.. problem.GetProperty("changes").EnumerateArray()];
        Assert.NotEmpty(changes);
        Assert.EndsWith(
            "It would fit with \"tp\": 2 or \"weights\": \"fp8\".", problem.GetProperty("detail").GetString(),
            StringComparison.Ordinal);
        foreach (JsonElement change in changes)
        {
            JsonObject body = new() { ["model"] = "llama-3.1-70b", ["on"] = "h100" };
            body[change.GetProperty("field").GetString()!] = change.GetProperty("value").GetString();
            (await server.PostAsync(Path, body.ToJsonString())).Succeeded();
        }

        (await server.PostAsync(Path, """{"model":"llama-3.1-70b","on":"h100","allow-overflow":true}""")).Succeeded();
    }

    [Fact]
    public async Task A_body_that_is_too_long_is_not_read()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        Answer answer = await server.PostAsync(Path, $$"""{"model":"{{new string('x', 70_000)}}"}""");
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.Status);
        Assert.Equal("body_too_large", answer.Json.GetProperty("code").GetString());
    }

    [Fact]
    public async Task An_estimate_is_answered_while_a_slider_moves()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        List<double> times = [];
        for (int batch = 1; batch <= 40; batch++)
        {
            long start = Stopwatch.GetTimestamp();
            (await server.PostAsync(Path, $$"""{"model":"deepseek-v3","on":"h200","tp":8,"batch":{{batch}}}""")).Succeeded();
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
        }

        Assert.InRange(times.Order().ElementAt(20), 0, 50);
    }
}
