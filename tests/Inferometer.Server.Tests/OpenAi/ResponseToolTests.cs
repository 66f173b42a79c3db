using System.Net;
using System.Text.Json;

namespace Inferometer.Server.Tests.OpenAi;

/// <summary>Tools of the responses API: calls as items, whole and in events, and what they gave as items of a request.</summary>
[Collection(EngineTests.Name)]
public sealed class ResponseToolTests(EngineFixture fixture)
{
    private const string Responses = "/v1/responses";
    private const string Tools = """
        "tools":[{"type":"function","name":"get_weather","description":"The weather","strict":true,"parameters":
        {"type":"object","properties":{"city":{"type":"string","maxLength":12},"days":{"type":"integer","minimum":1,"maximum":9}},
        "required":["city","days"]}},{"type":"function","name":"other"}]
        """;
    private const string Named = """ "tool_choice":{"type":"function","name":"get_weather"},"parallel_tool_calls":false """;
    private const string Question = """ "input":"Weather?","max_output_tokens":200,"temperature":1,"top_p":1 """;

    [Fact]
    public async Task A_required_call_is_an_item_and_there_is_no_message()
    {
        await using TestServer server = await TestServer.StartAsync(ToolModel.Of(fixture));
        JsonElement response = (await server.PostAsync(Responses, $$"""{{{Tools}},{{Named}},{{Question}}}""")).Succeeded().Json;
        JsonElement item = Assert.Single(response.GetProperty("output").EnumerateArray());
        RequireCall(item);
        Assert.Equal("completed", response.GetProperty("status").GetString());
        Assert.False(response.GetProperty("parallel_tool_calls").GetBoolean());
        Assert.Equal("get_weather", response.GetProperty("tool_choice").GetProperty("name").GetString());
        Assert.Equal(2, response.GetProperty("tools").GetArrayLength());
    }

    [Fact]
    public async Task In_a_stream_it_is_added_told_its_arguments_and_done()
    {
        await using TestServer server = await TestServer.StartAsync(ToolModel.Of(fixture));
        JsonElement[] events =
        [
            .. (await server.EventsAsync(Responses, $$"""{{{Tools}},{{Named}},{{Question}},"stream":true}"""))
                .Select(e => JsonElement.Parse(e)),
        ];
        Assert.Equal(Enumerable.Range(0, events.Length), events.Select(e => e.GetProperty("sequence_number").GetInt32()));
        string[] types = [.. events.Select(e => e.GetProperty("type").GetString()!)];
        Assert.Equal(
            [
                "response.created", "response.in_progress", "response.output_item.added", "response.function_call_arguments.delta",
                "response.function_call_arguments.done", "response.output_item.done", "response.completed",
            ],
            types.Distinct(StringComparer.Ordinal));
        JsonElement added = events[2].GetProperty("item");
        Assert.Equal(("in_progress", ""), (added.GetProperty("status").GetString(), added.GetProperty("arguments").GetString()));
        string pieces = string.Concat(events.Where(e => e.GetProperty("type").GetString() is "response.function_call_arguments.delta")
            .Select(e => e.GetProperty("delta").GetString()));
        JsonElement done = events[^2].GetProperty("item");
        RequireCall(done);
        Assert.Equal(done.GetProperty("arguments").GetString(), pieces);
        Assert.Equal(added.GetProperty("id").GetString(), done.GetProperty("id").GetString());
        Assert.True(JsonElement.DeepEquals(done, events[^1].GetProperty("response").GetProperty("output")[0]));
    }

    [Fact]
    public async Task Calls_and_what_they_gave_reach_the_template_as_those_of_the_chat_api_do()
    {
        await using TestServer server = await TestServer.StartAsync(ToolModel.Of(fixture));
        const string Items = """
            "input":[{"role":"user","content":"Weather?"},{"type":"reasoning","id":"rs_1","summary":[]},
            {"type":"message","role":"assistant","id":"msg_1","status":"completed","content":[{"type":"output_text","text":"I look.","annotations":[]}]},
            {"type":"function_call","id":"fc_1","call_id":"abc123def","name":"get_weather","arguments":"{\"city\":\"Oslo\",\"days\":2}","status":"completed"},
            {"type":"function_call","call_id":"abc123deg","name":"other","arguments":"{}"},
            {"type":"function_call_output","call_id":"abc123def","output":"rain"},
            {"type":"function_call_output","call_id":"abc123deg","output":[{"type":"input_text","text":"sun"}]}]
            """;
        const string Messages = """
            "messages":[{"role":"user","content":"Weather?"},{"role":"assistant","content":"I look.","tool_calls":[
            {"id":"abc123def","type":"function","function":{"name":"get_weather","arguments":"{\"city\":\"Oslo\",\"days\":2}"}},
            {"id":"abc123deg","type":"function","function":{"name":"other","arguments":"{}"}}]},
            {"role":"tool","tool_call_id":"abc123def","content":"rain"},{"role":"tool","tool_call_id":"abc123deg","content":"sun"}]
            """;
        JsonElement response = (await server.PostAsync(
            Responses, $$"""{{{Items}},"temperature":0,"max_output_tokens":5}""")).Succeeded().Json;
        JsonElement chat = (await server.PostAsync(
            "/v1/chat/completions", $$"""{{{Messages}},"temperature":0,"max_tokens":5}""")).Succeeded().Json;
        Assert.Equal(
            chat.GetProperty("usage").GetProperty("prompt_tokens").GetInt32(),
            response.GetProperty("usage").GetProperty("input_tokens").GetInt32());
        Assert.Equal(
            chat.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString(),
            response.GetProperty("output")[0].GetProperty("content")[0].GetProperty("text").GetString());
    }

    [Theory]
    [InlineData(""" "tools":[{"type":"web_search"}] """, "tools[0].type")]
    [InlineData(""" "tools":[{"type":"function","function":{"name":"x"}}] """, "tools[0].name")]
    [InlineData(""" "tools":[{"type":"function","name":"x"}],"tool_choice":{"type":"function","name":"y"} """, "tool_choice")]
    [InlineData(""" "tools":[{"type":"function","name":"x"}],"tool_choice":{"type":"file_search"} """, "tool_choice")]
    [InlineData(""" "input":[{"type":"function_call","name":"x","arguments":"{}"}] """, "input[0].call_id")]
    [InlineData(""" "input":[{"type":"function_call_output","call_id":"x"}] """, "input[0].output")]
    [InlineData(""" "input":[{"role":"user","content":"x"},{"type":"item_reference","id":"x"}] """, "input[1].type")]
    [InlineData(""" "input":[] """, "input")]
    public async Task What_is_not_understood_is_refused_by_its_place(string fields, string param)
    {
        await using TestServer server = await TestServer.StartAsync(ToolModel.Of(fixture));
        string input = fields.Contains("\"input\"", StringComparison.Ordinal) ? "" : "\"input\":\"x\",";
        Answer answer = await server.PostAsync(Responses, $$"""{{{input}}{{fields}}}""");
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal(param, answer.Error.GetProperty("param").GetString());
    }

    private static void RequireCall(JsonElement item)
    {
        Assert.Equal("function_call", item.GetProperty("type").GetString());
        Assert.Equal("completed", item.GetProperty("status").GetString());
        Assert.Equal("get_weather", item.GetProperty("name").GetString());
        Assert.StartsWith("fc_", item.GetProperty("id").GetString(), StringComparison.Ordinal);
        Assert.NotEmpty(item.GetProperty("call_id").GetString()!);
        JsonElement arguments = JsonElement.Parse(item.GetProperty("arguments").GetString()!);
        Assert.InRange(arguments.GetProperty("days").GetInt32(), 1, 9);
        Assert.Equal(JsonValueKind.String, arguments.GetProperty("city").ValueKind);
    }
}
