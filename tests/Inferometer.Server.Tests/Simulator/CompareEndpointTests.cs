using System.Net;
using System.Text.Json;

namespace Inferometer.Server.Tests.Simulator;

/// <summary>Comparisons over HTTP: lists of every field, ordered, filtered and bounded.</summary>
[Collection(EngineTests.Name)]
public sealed class CompareEndpointTests(EngineFixture fixture)
{
    private const string Path = "/api/v1/compare";

    [Fact]
    public async Task Every_combination_is_a_row_and_the_impossible_ones_say_why()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        JsonElement[] rows = await RowsAsync(server, """{"model":"llama-3.1-8b","on":["h100","a100"],"tp":"1,3","batch":[1,8]}""");
        Assert.Equal(8, rows.Length);
        Assert.Equal(4, rows.Count(r => r.GetProperty("error").ValueKind == JsonValueKind.String));
        Assert.Equal(["H100_SXM", "A100_SXM_80GB"], rows.Select(r => r.GetProperty("system").GetString()).Distinct());
    }

    [Fact]
    public async Task Lists_can_be_taken_in_step()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        JsonElement[] rows = await RowsAsync(server, """{"model":"llama-3.1-8b","on":["h100","a100"],"tp":[1,2],"zip":true}""");
        Assert.Equal([1, 2], rows.Select(r => r.GetProperty("tensor_parallel").GetInt32()));
        Answer answer = await server.PostAsync(Path, """{"model":"llama-3.1-8b","on":["h100","a100"],"tp":[1,2,4],"zip":true}""");
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
    }

    [Theory]
    [InlineData("""{"model":"llama-3.1-8b","on":["h100","2xh100"]}""")]
    [InlineData("""{"model":"llama-3.1-8b","on":"h100","tensor-parallel-size":[1,2]}""")]
    public async Task Devices_that_share_every_layer_can_be_said_in_other_words(string body)
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        Assert.Equal([1, 2], (await RowsAsync(server, body)).Select(r => r.GetProperty("devices").GetInt32()).Order());
    }

    [Fact]
    public async Task Rows_are_sorted_filtered_and_cut()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        JsonElement[] rows = await RowsAsync(
            server, """{"model":"llama-3.1-8b","on":"h100","batch":[1,2,4,8,16],"filter":["batch_size>0","tpot_ms<1000"],"sort":"cost"}""",
            HttpStatusCode.BadRequest);
        Assert.Empty(rows); // a setting is no metric
        rows = await RowsAsync(
            server, """{"model":"llama-3.1-8b","on":"h100","batch":[1,2,4,8,16],"filter":"ttft_ms<300","sort":"cost","top":2}""");
        double[] costs = [.. rows.Select(r => r.GetProperty("usd_per_million_output_tokens").GetDouble())];
        Assert.Equal(2, costs.Length);
        Assert.True(costs[0] < costs[1]);
        Assert.All(rows, r => Assert.True(r.GetProperty("ttft_ms").GetDouble() < 300));
    }

    [Fact]
    public async Task Too_many_combinations_are_refused()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        string many = string.Join(',', Enumerable.Range(1, 60));
        Answer answer = await server.PostAsync(Path, $$"""{"model":"llama-3.1-8b","on":"h100","batch":"{{many}}","input":"{{many}}"}""");
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Contains("3,600 combinations", answer.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    private static async Task<JsonElement[]> RowsAsync(TestServer server, string body, HttpStatusCode expected = HttpStatusCode.OK)
    {
        Answer answer = await server.PostAsync(Path, body);
        Assert.True(answer.Status == expected, answer.Text);
        return expected == HttpStatusCode.OK ? [.. answer.Json.EnumerateArray()] : [];
    }
}
