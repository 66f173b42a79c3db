using System.Net;
using System.Text.Json;

namespace Inferometer.Server.Tests.OpenAi;

/// <summary>Reasoning is told apart from the answer, on every API.</summary>
[Collection(EngineTests.Name)]
public sealed class ReasoningTests(EngineFixture fixture)
{
    private const string Chat = "/v1/chat/completions";

    // An answer that is held to JSON ends its reasoning and goes on with the JSON.
    private const string Question = """
        "messages":[{"role":"user","content":"A digit?"}],"seed":2,"max_tokens":60,
        "response_format":{"type":"json_schema","json_schema":{"schema":{"type":"integer","minimum":1,"maximum":9}}}
        """;
    private const string Format = """ "format":{"type":"integer","minimum":1,"maximum":9},"options":{"seed":2,"num_predict":60} """;

    [Fact]
    public async Task Reasoning_stands_beside_the_content_whole_and_streamed()
    {
        await using TestServer server = await TestServer.StartAsync(ToolModel.Of(fixture));
        string body = $$"""{"reasoning_effort":"high",{{Question}}""";
        JsonElement answer = (await server.PostAsync(Chat, body + "}")).Succeeded().Json;
        JsonElement message = answer.GetProperty("choices")[0].GetProperty("message");
        Assert.Matches("^[1-9]$", message.GetProperty("content").GetString());
        string reasoning = message.GetProperty("reasoning_content").GetString()!;
        Assert.NotEmpty(reasoning);
        JsonElement usage = answer.GetProperty("usage");
        Assert.InRange(
            usage.GetProperty("completion_tokens_details").GetProperty("reasoning_tokens").GetInt32(),
            1, usage.GetProperty("completion_tokens").GetInt32() - 1);
        List<string> events = await server.EventsAsync(Chat, body + ",\"stream\":true}");
        JsonElement[] deltas = [.. events.SkipLast(1).Select(e => JsonElement.Parse(e).GetProperty("choices")[0].GetProperty("delta"))];
        Assert.Equal("assistant", deltas[0].GetProperty("role").GetString());
        Assert.Equal(reasoning, All("reasoning_content"));
        Assert.Equal(message.GetProperty("content").GetString(), All("content"));

        string All(string name) =>
            string.Concat(deltas.Where(d => d.TryGetProperty(name, out _)).Select(d => d.GetProperty(name).GetString()));
    }

    [Theory]
    [InlineData(""" "chat_template_kwargs":{"enable_thinking":true}, """, true)]
    [InlineData(""" "reasoning_effort":"low", """, true)]
    [InlineData(""" "reasoning_effort":"none", """, false)]
    [InlineData(""" "reasoning_effort":"high","chat_template_kwargs":{"enable_thinking":false}, """, false)]
    public async Task Requests_turn_it_on_and_off(string field, bool isOn)
    {
        await using TestServer server = await TestServer.StartAsync(ToolModel.Of(fixture));
        const string Message = """ "messages":[{"role":"user","content":"Hi"}],"max_tokens":1 """;
        int plain = await PromptTokensAsync("");
        Assert.Equal(isOn, await PromptTokensAsync(field) > plain);

        async Task<int> PromptTokensAsync(string asked) => (await server.PostAsync(Chat, $$"""{{{asked}}{{Message}}}""")).Succeeded().Json
            .GetProperty("usage").GetProperty("prompt_tokens").GetInt32();
    }

    [Fact]
    public async Task A_model_without_reasoning_says_so_when_it_is_to_reason()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        const string Message = """ "messages":[{"role":"user","content":"Hi"}],"max_tokens":1 """;
        (await server.PostAsync(Chat, $$"""{"reasoning_effort":"none",{{Message}}}""")).Succeeded();
        Answer refused = await server.PostAsync(Chat, $$"""{"reasoning_effort":"low",{{Message}}}""");
        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.Equal("reasoning_effort", refused.Error.GetProperty("param").GetString());
        Answer think = await server.PostAsync("/api/chat", """{"think":true,"messages":[{"role":"user","content":"Hi"}]}""");
        Assert.Contains("think", think.Error.GetString(), StringComparison.Ordinal);
        Answer effort = await server.PostAsync("/v1/responses", """{"reasoning":{"effort":"high"},"input":"x"}""");
        Assert.Equal("reasoning.effort", effort.Error.GetProperty("param").GetString());
    }

    [Fact]
    public async Task The_responses_api_counts_it_and_keeps_it_out_of_the_text()
    {
        await using TestServer server = await TestServer.StartAsync(ToolModel.Of(fixture));
        JsonElement answer = (await server.PostAsync(
            "/v1/responses",
            """
            {"input":"A digit?","reasoning":{"effort":"low"},"max_output_tokens":60,
             "text":{"format":{"type":"json_schema","name":"d","schema":{"type":"integer","minimum":1,"maximum":9}}}}
            """)).Succeeded().Json;
        Assert.Matches("^[1-9]$", answer.GetProperty("output")[0].GetProperty("content")[0].GetProperty("text").GetString());
        Assert.True(answer.GetProperty("usage").GetProperty("output_tokens_details").GetProperty("reasoning_tokens").GetInt32() > 0);
    }

    [Theory]
    [InlineData("/api/chat")]
    [InlineData("/api/generate")]
    public async Task Ollama_has_it_as_thinking(string path)
    {
        await using TestServer server = await TestServer.StartAsync(ToolModel.Of(fixture));
        string asked = path is "/api/chat" ? """ "messages":[{"role":"user","content":"A digit?"}] """ : """ "prompt":"A digit?" """;
        Answer streamed = (await server.PostAsync(path, $$"""{{{asked}},{{Format}},"think":true}""")).Succeeded();
        JsonElement whole = (await server.PostAsync(path, $$"""{{{asked}},{{Format}},"think":true,"stream":false}""")).Succeeded().Json;
        JsonElement[] lines = [.. streamed.Text.TrimEnd('\n').Split('\n').Select(l => JsonElement.Parse(l))];
        string text = path is "/api/chat" ? "content" : "response";
        Assert.Matches("^[1-9]$", Part(whole).GetProperty(text).GetString());
        Assert.NotEmpty(Part(whole).GetProperty("thinking").GetString()!);
        Assert.Equal(Part(whole).GetProperty(text).GetString(), All(text));
        Assert.Equal(Part(whole).GetProperty("thinking").GetString(), All("thinking"));
        JsonElement off = (await server.PostAsync(path, $$"""{{{asked}},{{Format}},"think":false,"stream":false}""")).Succeeded().Json;
        Assert.True(off.GetProperty("prompt_eval_count").GetInt32() < whole.GetProperty("prompt_eval_count").GetInt32());

        JsonElement Part(JsonElement document) => path is "/api/chat" ? document.GetProperty("message") : document;
        string All(string name) => string.Concat(
            lines.Select(Part).Where(p => p.TryGetProperty(name, out _)).Select(p => p.GetProperty(name).GetString()));
    }
}
