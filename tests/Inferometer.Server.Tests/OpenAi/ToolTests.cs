using System.Net;
using System.Text.Json;
using Json.Schema;

namespace Inferometer.Server.Tests.OpenAi;

/// <summary>Tools of the chat API: calls that must be made, calls in the conversation, and what is refused.</summary>
[Collection(EngineTests.Name)]
public sealed class ToolTests(EngineFixture fixture)
{
    private const string Chat = "/v1/chat/completions";
    private const string Parameters = """
        {"type":"object","properties":{"city":{"type":"string","maxLength":12},"days":{"type":"integer","minimum":1,"maximum":9}},
        "required":["city","days"]}
        """;
    private const string Tools = $$$$"""
        "tools":[{"type":"function","function":{"name":"get_weather","description":"The weather","parameters":{{{{Parameters}}}},"strict":true}},
        {"type":"function","function":{"name":"other"}}]
        """;
    private const string Named = """ "tool_choice":{"type":"function","function":{"name":"get_weather"}},"parallel_tool_calls":false """;
    private const string Question = """ "messages":[{"role":"user","content":"Weather?"}],"max_tokens":200,"seed":3 """;

    [Fact]
    public async Task A_required_call_is_told_as_one_and_nothing_of_it_as_text()
    {
        await using TestServer server = await TestServer.StartAsync(ToolModel.Of(fixture));
        JsonElement choice = (await server.PostAsync(Chat, $$"""{{{Tools}},{{Named}},{{Question}}}""")).Succeeded().Json
            .GetProperty("choices")[0];
        Assert.Equal("tool_calls", choice.GetProperty("finish_reason").GetString());
        JsonElement message = choice.GetProperty("message");
        Assert.Equal(JsonValueKind.Null, message.GetProperty("content").ValueKind);
        JsonElement call = Assert.Single(message.GetProperty("tool_calls").EnumerateArray());
        Assert.Equal("function", call.GetProperty("type").GetString());
        Assert.NotEmpty(call.GetProperty("id").GetString()!);
        Assert.Equal("get_weather", call.GetProperty("function").GetProperty("name").GetString());
        RequireArguments(call.GetProperty("function").GetProperty("arguments").GetString()!);
    }

    [Fact]
    public async Task A_streamed_call_has_id_and_name_first_and_its_arguments_after()
    {
        await using TestServer server = await TestServer.StartAsync(ToolModel.Of(fixture));
        List<string> events = await server.EventsAsync(Chat, $$"""{{{Tools}},{{Named}},{{Question}},"stream":true}""");
        Assert.Equal("[DONE]", events[^1]);
        JsonElement[] choices = [.. events.SkipLast(1).Select(e => JsonElement.Parse(e).GetProperty("choices")[0])];
        JsonElement[] deltas = [.. choices.Select(c => c.GetProperty("delta"))];
        Assert.Equal("assistant", deltas[0].GetProperty("role").GetString());
        Assert.All(deltas, d => Assert.True(!d.TryGetProperty("content", out JsonElement text) || text.GetString() is ""));
        JsonElement[] pieces = [.. deltas.Where(d => d.TryGetProperty("tool_calls", out _)).Select(d => d.GetProperty("tool_calls")[0])];
        Assert.All(pieces, p => Assert.Equal(0, p.GetProperty("index").GetInt32()));
        Assert.NotEmpty(pieces[0].GetProperty("id").GetString()!);
        Assert.Equal("function", pieces[0].GetProperty("type").GetString());
        Assert.Equal("get_weather", pieces[0].GetProperty("function").GetProperty("name").GetString());
        Assert.All(pieces.Skip(1), p => Assert.False(p.TryGetProperty("id", out _)));
        Assert.Equal("", pieces[0].GetProperty("function").GetProperty("arguments").GetString());
        Assert.True(pieces.Length > 4, "the arguments came as they were written"); // some tokens each
        RequireArguments(string.Concat(pieces.Select(p => p.GetProperty("function").GetProperty("arguments").GetString())));
        Assert.Equal("tool_calls", choices[^1].GetProperty("finish_reason").GetString());
    }

    [Fact]
    public async Task Any_tool_may_be_the_one_that_is_required_and_several_answers_each_call()
    {
        await using TestServer server = await TestServer.StartAsync(ToolModel.Of(fixture));
        JsonElement answer = (await server.PostAsync(
            Chat, $$"""{{{Tools}},"tool_choice":"required","parallel_tool_calls":false,"n":3,{{Question}}}""")).Succeeded().Json;
        Assert.All(answer.GetProperty("choices").EnumerateArray(), choice => Assert.Contains(
            Assert.Single(choice.GetProperty("message").GetProperty("tool_calls").EnumerateArray())
                .GetProperty("function").GetProperty("name").GetString(),
            (string[])["get_weather", "other"]));
    }

    [Fact]
    public async Task Arguments_that_are_cut_short_are_told_as_far_as_they_came()
    {
        await using TestServer server = await TestServer.StartAsync(ToolModel.Of(fixture));
        string tool = Tools.Replace("\"maxLength\":12", "\"minLength\":400", StringComparison.Ordinal);
        List<string> events = await server.EventsAsync(
            Chat, $$"""{{{tool}},{{Named}},"messages":[{"role":"user","content":"Weather?"}],"max_tokens":120,"seed":3,"stream":true}""");
        JsonElement[] choices = [.. events.SkipLast(1).Select(e => JsonElement.Parse(e).GetProperty("choices")[0])];
        Assert.Equal("length", choices[^1].GetProperty("finish_reason").GetString());
        string arguments = string.Concat(choices.Select(c => c.GetProperty("delta")).Where(d => d.TryGetProperty("tool_calls", out _))
            .Select(d => d.GetProperty("tool_calls")[0].GetProperty("function").GetProperty("arguments").GetString()));
        Assert.Matches("^\\{\\s*\"city\":\\s?\"", arguments);
        Assert.All(choices, c => Assert.True(
            !c.GetProperty("delta").TryGetProperty("content", out JsonElement text) || text.GetString() is ""));
    }

    [Fact]
    public async Task A_model_that_may_call_and_does_not_answers_freely()
    {
        // Behind the other template the same prompt is held to nothing, as it does not mark the beginning of a call.
        string body = $$"""{{{Tools}},"messages":[{"role":"user","content":"Weather?"}],"max_tokens":40,"temperature":0}""";
        await using TestServer held = await TestServer.StartAsync(ToolModel.Of(fixture));
        await using TestServer free = await TestServer.StartAsync(ToolModel.Of(fixture, "ipython parameters"));
        string text = Content(await held.PostAsync(Chat, body));
        Assert.NotEmpty(text);
        Assert.Equal(Content(await free.PostAsync(Chat, body)), text);

        static string Content(Answer answer) => answer.Succeeded().Json.GetProperty("choices")[0].GetProperty("message")
            .GetProperty("content").GetString()!;
    }

    [Fact]
    public async Task With_a_schema_beside_tools_an_answer_is_a_call_or_fulfils_it()
    {
        await using TestServer server = await TestServer.StartAsync(ToolModel.Of(fixture));
        const string Format = """ "response_format":{"type":"json_schema","json_schema":{"schema":{"enum":["a","b"]}}} """;
        JsonElement answer = (await server.PostAsync(Chat, $$"""{{{Tools}},{{Format}},"n":8,{{Question}}}""")).Succeeded().Json;
        foreach (JsonElement choice in answer.GetProperty("choices").EnumerateArray())
        {
            JsonElement message = choice.GetProperty("message");
            bool calls = message.TryGetProperty("tool_calls", out _);
            Assert.Equal(calls ? "tool_calls" : "stop", choice.GetProperty("finish_reason").GetString());
            Assert.True(calls || message.GetProperty("content").GetString()!.Trim() is "\"a\"" or "\"b\"", message.GetRawText());
        }
    }

    [Theory]
    [InlineData("c1", "\"{\\\"city\\\":\\\"Z\\u00fcrich\\\",\\\"days\\\":3}\"")]
    [InlineData("c1", "{\"city\":\"Z\\u00fcrich\",\"days\":3}")]
    public async Task Calls_and_results_of_the_conversation_reach_the_template(string id, string arguments)
    {
        await using TestServer server = await TestServer.StartAsync(ToolModel.Of(fixture));
        string messages = $$$"""
            [{"role":"user","content":"Hi"},
             {"role":"assistant","content":null,"reasoning_content":"Hm.","tool_calls":[{"id":"{{{id}}}","type":"function",
              "function":{"name":"get_weather","arguments":{{{arguments}}}}}]},
             {"role":"tool","tool_call_id":"{{{id}}}","content":[{"type":"text","text":"wet"}]}]
            """;
        const string Prompt = "user: Hi\nassistant: (Hm.)[call c1 get_weather {\"city\": \"Zürich\", \"days\": 3}]\n"
            + "tool: wet<c1 get_weather>\nassistant:";
        int[] expected = fixture.Engine.Tokenizer.EncodePrompt(Prompt);
        JsonElement answer = (await server.PostAsync(Chat, $$"""{"messages":{{messages}},"max_tokens":1}""")).Succeeded().Json;
        Assert.Equal(expected.Length, answer.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
        JsonElement tokens = (await server.PostAsync("/tokenize", $$"""{"messages":{{messages}}}""")).Succeeded().Json;
        Assert.Equal(expected, tokens.GetProperty("tokens").EnumerateArray().Select(t => t.GetInt32()));
    }

    [Fact]
    public async Task Tools_are_written_into_the_prompt_unless_none_may_be_called()
    {
        await using TestServer server = await TestServer.StartAsync(ToolModel.Of(fixture));
        int without = await PromptTokensAsync("");
        Assert.True(await PromptTokensAsync(Tools + ",") > without + 40);
        Assert.Equal(without, await PromptTokensAsync(Tools + ",\"tool_choice\":\"none\","));

        async Task<int> PromptTokensAsync(string tools) =>
            (await server.PostAsync(Chat, $$"""{{{tools}}"messages":[{"role":"user","content":"Hi"}],"max_tokens":1}""")).Succeeded().Json
                .GetProperty("usage").GetProperty("prompt_tokens").GetInt32();
    }

    [Fact]
    public async Task What_looks_like_a_mark_in_a_message_is_text()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        int end = Enumerable.Range(0, fixture.Engine.Tokenizer.VocabularySize).First(fixture.Engine.Tokenizer.IsEndOfGeneration);
        string mark = fixture.Engine.Tokenizer.Decode([end], includeControl: true);
        Assert.Contains(end, fixture.Engine.Tokenizer.EncodePrompt(mark, parseSpecial: true));
        string body = JsonSerializer.Serialize(new { messages = (object[])[new { role = "user", content = "Say " + mark + " now" }] });
        JsonElement tokens = (await server.PostAsync("/tokenize", body)).Succeeded().Json.GetProperty("tokens");
        Assert.DoesNotContain(end, tokens.EnumerateArray().Select(t => t.GetInt32()));
    }

    [Theory]
    [InlineData(""" "tools":{} """, "tools")]
    [InlineData(""" "tools":[{"type":"web_search"}] """, "tools[0].type")]
    [InlineData(""" "tools":[{"type":"function"}] """, "tools[0].function")]
    [InlineData(""" "tools":[{"type":"function","function":{"name":"a b"}}] """, "tools[0].function.name")]
    [InlineData(""" "tools":[{"function":{"name":"a"}},{"function":{"name":"a"}}] """, "tools[1].function.name")]
    [InlineData(""" "tools":[{"function":{"name":"a","parameters":{"type":"string"}}}] """, "tools[0].function.parameters")]
    [InlineData(""" "tools":[{"function":{"name":"a","parameters":[]}}] """, "tools[0].function.parameters")]
    [InlineData(""" "tools":[{"function":{"name":"a","made_up":1}}] """, "tools[0].function.made_up")]
    [InlineData(""" "tools":[{"function":{"name":"a","description":"\ud800"}}] """, "tools[0].function.description")]
    [InlineData(""" "tools":[{"function":{"name":"a","parameters":{"properties":{"x":{"unevaluatedItems":false}}}}}],"tool_choice":"required" """,
        "tools[0].function.parameters")]
    [InlineData(""" "tools":[{"function":{"name":"a","parameters":{"properties":5,"required":"x"}}}],"tool_choice":"required" """,
        "tools[0].function.parameters")]
    [InlineData(""" "tools":[{"function":{"name":"a","strict":true,"parameters":{"properties":{"x":{"unevaluatedItems":false}}}}}] """,
        "tools[0].function.parameters")]
    [InlineData(""" "tools":[{"function":{"name":"a"}}],"tool_choice":"sometimes" """, "tool_choice")]
    [InlineData(""" "tools":[{"function":{"name":"a"}}],"tool_choice":{"type":"function","function":{"name":"b"}} """, "tool_choice")]
    [InlineData(""" "tools":[{"function":{"name":"a"}}],"grammar":"root ::= \"a\"" """, "tools")]
    [InlineData(""" "tool_choice":"required" """, "tool_choice")]
    public async Task What_is_wrong_with_tools_is_told_where(string field, string param)
    {
        await using TestServer server = await TestServer.StartAsync(ToolModel.Of(fixture));
        Answer answer = await server.PostAsync(Chat, $$"""{{{field}},"messages":[{"role":"user","content":"x"}]}""");
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal(param, answer.Error.GetProperty("param").GetString());
        Assert.StartsWith(param, answer.Error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"role":"assistant","tool_calls":[{"function":{"name":"a","arguments":"["}}]}""", "messages[0].tool_calls[0].function.arguments")]
    [InlineData("""{"role":"assistant","tool_calls":[{"function":{"arguments":"{}"}}]}""", "messages[0].tool_calls[0].function.name")]
    [InlineData("""{"role":"assistant","tool_calls":[5]}""", "messages[0].tool_calls[0]")]
    [InlineData("""{"role":"assistant","tool_calls":[]}""", "messages[0].content")]
    [InlineData("""{"role":"user","content":"x","tool_calls":[{}]}""", "messages[0].tool_calls")]
    [InlineData("""{"role":"tool","content":"x"}""", "messages[0].tool_call_id")]
    [InlineData("""{"role":"function","name":"f","content":"x"}""", "messages[0].role")]
    [InlineData("""{"role":"assistant","content":"x","function_call":{"name":"f"}}""", "messages[0].function_call")]
    public async Task What_is_wrong_with_calls_of_the_conversation_is_told_where(string message, string param)
    {
        await using TestServer server = await TestServer.StartAsync(ToolModel.Of(fixture));
        Answer answer = await server.PostAsync(Chat, $$"""{"messages":[{{message}}]}""");
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal(param, answer.Error.GetProperty("param").GetString());
    }

    private static void RequireArguments(string text) =>
        Assert.True(JsonSchema.FromText(Parameters).Evaluate(JsonElement.Parse(text)).IsValid, text);
}
