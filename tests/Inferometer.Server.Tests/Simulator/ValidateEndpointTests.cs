using System.Net;
using System.Text.Json;

namespace Inferometer.Server.Tests.Simulator;

/// <summary>Measurements in a request beside predictions.</summary>
[Collection(EngineTests.Name)]
public sealed class ValidateEndpointTests(EngineFixture fixture)
{
    private const string Path = "/api/v1/validate?wait=60";
    private const string Row = """
        {"model":"llama-3.1-8b","system":"h100","precision":"bf16","isl":1024,"osl":128,"concurrency":8,"tp":1,"ttft_ms":80,"tpot_ms":9.1}
        """;

    [Fact]
    public async Task Rows_and_a_text_of_the_same_give_the_same_answer()
    {
        const string Csv = """model,system,precision,isl,osl,concurrency,tp,ttft_ms,tpot_ms\nllama-3.1-8b,h100,bf16,1024,128,8,1,80,9.1\n""";
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        string rows = (await server.PostAsync(Path, $$"""{"measurements":[{{Row}}],"rows":true}""")).Succeeded().Text;
        Assert.Equal(rows, (await server.PostAsync(Path, $$"""{"measurements":"{{Csv}}","rows":true}""")).Succeeded().Text);
        JsonElement[] figures = [.. JsonElement.Parse(rows).GetProperty("rows").EnumerateArray()];
        Assert.Contains(figures, f => f.GetProperty("measured").GetDouble() == 80);
        Assert.All(figures, f => Assert.True(f.GetProperty("predicted").GetDouble() > 0));
        Assert.Contains(figures, f => f.GetProperty("measured").GetDouble() == 9.1);
    }

    [Fact]
    public async Task Another_tools_predictions_stand_beside()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        string row = Row.TrimEnd().TrimEnd('}') + ",\"id\":\"a\"}";
        string text = (await server.PostAsync(
            Path, $$"""{"measurements":[{{row}}],"against":[{"id":"a","ttft_ms":100,"tpot_ms":9}],"rows":true}""")).Succeeded().Text;
        Assert.Contains(JsonElement.Parse(text).GetProperty("rows").EnumerateArray(), f => f.GetProperty("baseline").GetDouble() == 9);
    }

    [Fact]
    public async Task Rows_are_judged_by_fits_that_have_not_seen_them()
    {
        string rows = string.Join(',', Enumerable.Range(1, 48).Select(i => FormattableString.Invariant(
            $$"""
            {"id":"{{i}}","model":"llama-3.1-8b","system":"{{(i % 2 == 0 ? "h100" : "a100")}}","framework":"vllm","precision":"bf16",
             "isl":1024,"osl":128,"concurrency":{{4 * i}},"tp":1,"ttft_ms":{{60 + (20 * i)}},"tpot_ms":{{8 + (0.2 * i)}}}
            """)));
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        string text = (await server.PostAsync(
            Path, $$"""{"measurements":[{{rows}}],"hold-out":"gpu","calibrate":[0,2]}""")).Succeeded().Text;
        JsonElement[] errors = [.. JsonElement.Parse(text).GetProperty("held_out").EnumerateArray()];
        Assert.Equal([0, 2], errors.Select(e => e.GetProperty("points").GetInt32()).Distinct().Order());
        Assert.All(errors, e => Assert.Equal(44, e.GetProperty("count").GetInt32())); // all but those that a fit was corrected by
        Assert.Equal(2, JsonElement.Parse(text).GetProperty("parts").EnumerateArray().Select(p => p.GetProperty("part").GetString())
            .Distinct(StringComparer.Ordinal).Count());
    }

    [Theory]
    [InlineData("""{}""", "measurements")]
    [InlineData("""{"measurements":"/etc/passwd"}""", "measurements")]
    [InlineData("""{"measurements":[1]}""", "measurements")]
    [InlineData("""{"measurements":[{"model":{"a":1}}]}""", "measurements")]
    [InlineData("""{"measurements":[{"model":"llama-3.1-8b","system":"h100","precision":"bf16","isl":"x","osl":1,"concurrency":1}]}""", "measurements")]
    [InlineData("""{"sizes":"a,b\n1,2","measurements":"x"}""", "measurements")]
    [InlineData("""{"sizes":"a,b\n1,2"}""", "sizes")]
    [InlineData("""{"sizes":"a,b\n1,2","worst":3}""", "worst")]
    [InlineData("""{"measurements":[{"a":1}],"cost-model":"other"}""", "cost-model")]
    [InlineData("""{"measurements":[{"a":1}],"hold-out":"half"}""", "hold-out")]
    [InlineData("""{"measurements":[{"a":1}],"hold-out":"random"}""", "measurements")]
    [InlineData("""{"measurements":[{"a":1}],"calibrate":[1]}""", "calibrate")]
    [InlineData("""{"measurements":[{"a":1}],"hold-out":"random","worst":1}""", "worst")]
    [InlineData("""{"measurements":[{"a":1}],"hold-out":"random","cost-model":"roofline"}""", "cost-model")]
    [InlineData("""{"measurements":[{"a":1}],"hold-out":"random","against":[{"id":"a"}]}""", "against")]
    [InlineData("""{"sizes":"a,b\n1,2","hold-out":"random"}""", "hold-out")]
    public async Task What_is_wrong_is_said_with_its_field(string body, string field)
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        Answer answer = await server.PostAsync(Path, body);
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal(field, answer.Json.GetProperty("field").GetString());
    }

    [Fact]
    public async Task A_table_that_names_files_is_refused_before_any_is_looked_for()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        Answer answer = await server.PostAsync(
            Path,
            """{"measurements":"run,req,arrival_s,queued_s,input_tokens,output_tokens,scheduled_s,first_token_s,last_token_s\n../../x,0,0,0,1,1,0,1,1"}""");
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Contains("stands beside files", answer.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_table_without_a_row_that_can_be_predicted_fails_with_the_reason()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        Answer answer = await server.PostAsync(
            Path, """{"measurements":[{"model":"no-such-model","system":"h100","precision":"bf16","isl":1,"osl":1,"concurrency":1,"tpot_ms":1}]}""");
        Assert.Equal(HttpStatusCode.UnprocessableEntity, answer.Status);
        Assert.Contains("none of its rows can be predicted", answer.Json.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }
}
