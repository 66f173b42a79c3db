using System.Net;
using System.Text.Json;
using Json.Schema;

namespace Inferometer.Server.Tests.OpenAi;

/// <summary>Answers that must be of a form. The model knows nothing of it: whatever it writes, it is held to.</summary>
[Collection(EngineTests.Name)]
public sealed class StructuredTests(EngineFixture fixture)
{
    private const string Chat = "/v1/chat/completions";
    private const string Question = """ "messages":[{"role":"user","content":"Whom did you meet?"}],"max_tokens":120,"seed":7 """;
    private const string Schema = """
        {"type":"object","properties":{"name":{"type":"string","minLength":1,"maxLength":12},"age":{"type":"integer","minimum":1,"maximum":99},
        "kind":{"enum":["cat","crow"]}},"required":["name","age","kind"],"additionalProperties":false}
        """;

    public static TheoryData<string, string, string> Ways => new()
    {
        { Chat, $$$$""" "response_format":{"type":"json_schema","json_schema":{"name":"who","strict":true,"schema":{{{{Schema}}}}}} """, "message" },
        { Chat, $$""" "guided_json":{{Schema}} """, "message" },
        { Chat, $$""" "json_schema":{{Schema}} """, "message" },
        { "/v1/completions", $$$$""" "prompt":"Once","response_format":{"type":"json_schema","json_schema":{"schema":{{{{Schema}}}}}} """, "text" },
        { "/v1/responses", $$$$""" "input":"Whom?","text":{"format":{"type":"json_schema","name":"who","schema":{{{{Schema}}}}}} """, "output" },
        { "/api/chat", $$""" "format":{{Schema}} """, "ollama" },
        { "/api/generate", $$""" "prompt":"Whom?","format":{{Schema}} """, "response" },
        { "/api/generate", $$""" "prompt":"Whom?","raw":true,"format":{{Schema}} """, "response" },
    };

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task An_answer_fulfils_its_schema_however_it_is_asked_for(string path, string asked, string kind)
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        string rest = kind switch
        {
            "message" => Question,
            "text" => """ "max_tokens":120,"seed":7 """,
            "output" => """ "max_output_tokens":120 """,
            "ollama" => """ "messages":[{"role":"user","content":"Whom?"}],"stream":false,"options":{"num_predict":120} """,
            _ => """ "stream":false,"options":{"num_predict":120} """,
        };
        JsonElement answer = (await server.PostAsync(path, $$"""{{{asked}},{{rest}}}""")).Succeeded().Json;
        string text = (kind switch
        {
            "message" => answer.GetProperty("choices")[0].GetProperty("message").GetProperty("content"),
            "text" => answer.GetProperty("choices")[0].GetProperty("text"),
            "output" => answer.GetProperty("output")[0].GetProperty("content")[0].GetProperty("text"),
            "ollama" => answer.GetProperty("message").GetProperty("content"),
            _ => answer.GetProperty("response"),
        }).GetString()!;
        Assert.True(JsonSchema.FromText(Schema).Evaluate(JsonElement.Parse(text)).IsValid, text);
        if (kind is "output")
        {
            Assert.Equal("json_schema", answer.GetProperty("text").GetProperty("format").GetProperty("type").GetString());
        }
    }

    [Fact]
    public async Task A_stream_of_it_adds_up_to_the_same()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        string body = $$$$"""{"response_format":{"type":"json_schema","json_schema":{"schema":{{{{Schema}}}}}},{{{{Question}}}}""";
        string whole = (await server.PostAsync(Chat, body + "}")).Succeeded().Json.GetProperty("choices")[0].GetProperty("message")
            .GetProperty("content").GetString()!;
        List<string> events = await server.EventsAsync(Chat, body + ",\"stream\":true}");
        Assert.Equal(whole, string.Concat(events.SkipLast(1)
            .Select(e => JsonElement.Parse(e).GetProperty("choices")[0].GetProperty("delta"))
            .Where(d => d.TryGetProperty("content", out _)).Select(d => d.GetProperty("content").GetString())));
    }

    [Fact]
    public async Task A_grammar_is_the_whole_answer()
    {
        await using TestServer server = await TestServer.StartAsync(ToolModel.Of(fixture));
        const string Body = """{"grammar":"root ::= \"<think>yes\" | \"no\"","chat_template_kwargs":{"enable_thinking":true},""";
        JsonElement choice = (await server.PostAsync(Chat, Body + Question + "}")).Succeeded().Json.GetProperty("choices")[0];
        Assert.Matches("^(<think>yes|no)$", choice.GetProperty("message").GetProperty("content").GetString());
        Assert.Equal("stop", choice.GetProperty("finish_reason").GetString());
    }

    [Theory]
    [InlineData(Chat, """ "response_format":{"type":"json_schema","json_schema":{"name":"x","schema":{"properties":{"a":{"unevaluatedItems":false}}}}} """,
        "response_format.json_schema.schema")]
    [InlineData("/v1/responses", """ "text":{"format":{"type":"json_schema","schema":{"properties":{"a":{"unevaluatedItems":false}}}}} """,
        "text.format.schema")]
    public async Task A_keyword_that_cannot_be_held_to_is_named_with_its_place(string path, string format, string param)
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        string asked = path is Chat ? """ "messages":[{"role":"user","content":"x"}] """ : """ "input":"x" """;
        Answer answer = await server.PostAsync(path, $$"""{{{asked}},{{format}}}""");
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal(param, answer.Error.GetProperty("param").GetString());
        string message = answer.Error.GetProperty("message").GetString()!;
        Assert.StartsWith(param, message, StringComparison.Ordinal);
        Assert.Contains("#/properties/a: 'unevaluatedItems'", message, StringComparison.Ordinal);
    }
}
