using System.Net;

namespace Inferometer.Server.Tests.OpenAi;

/// <summary>What is not done is refused by name, and what is wrong is told in words for a stranger.</summary>
[Collection(EngineTests.Name)]
public sealed class RefusalTests(EngineFixture fixture)
{
    private const string Chat = "/v1/chat/completions";
    private const string Message = """{"role":"user","content":"Hi"}""";

    [Theory]
    [InlineData(""" "tools":[{"type":"function"}] """, "tools", "unsupported")]
    [InlineData(""" "tool_choice":"required" """, "tool_choice", "invalid_value")]
    [InlineData(""" "response_format":{"type":"json_schema","json_schema":{}} """, "response_format.json_schema.schema", "invalid_value")]
    [InlineData(""" "response_format":{"type":"xml"} """, "response_format.type", "invalid_value")]
    [InlineData(""" "response_format":{"type":"json_object","schema":{}} """, "response_format.schema", "unsupported")]
    [InlineData(""" "guided_json":{"unevaluatedItems":false} """, "guided_json", "invalid_value")]
    [InlineData(""" "guided_json":{},"grammar":"root ::= \"a\"" """, "grammar", "invalid_value")]
    [InlineData(""" "grammar":"root ::= missing" """, "grammar", "invalid_value")]
    [InlineData(""" "chat_template_kwargs":{"a":"\ud800"} """, "chat_template_kwargs.a", "invalid_value")]
    [InlineData(""" "functions":[{"name":"f"}] """, "functions", "unsupported")]
    [InlineData(""" "function_call":{"name":"f"} """, "function_call", "unsupported")]
    [InlineData(""" "reasoning_effort":"minimal" """, "reasoning_effort", "unsupported")]
    [InlineData(""" "reasoning_effort":"extreme" """, "reasoning_effort", "invalid_value")]
    [InlineData(""" "reasoning_effort":"high" """, "reasoning_effort", "unsupported")]
    [InlineData(""" "made_up":1 """, "made_up", "unsupported")]
    [InlineData(""" "audio":{} """, "audio", "unsupported")]
    [InlineData(""" "modalities":["audio"] """, "modalities", "unsupported")]
    [InlineData(""" "stream_options":{"include_usage":true,"other":1} """, "stream_options.other", "unsupported")]
    [InlineData(""" "temperature":-1 """, "temperature", "invalid_value")]
    [InlineData(""" "temperature":"hot" """, "temperature", "invalid_value")]
    [InlineData(""" "top_p":0 """, "top_p", "invalid_value")]
    [InlineData(""" "n":0 """, "n", "invalid_value")]
    [InlineData(""" "n":1.5 """, "n", "invalid_value")]
    [InlineData(""" "max_tokens":0 """, "max_tokens", "invalid_value")]
    [InlineData(""" "max_tokens":5,"max_completion_tokens":6 """, "max_tokens", "invalid_value")]
    [InlineData(""" "stop":[""] """, "stop", "invalid_value")]
    [InlineData(""" "stop":5 """, "stop", "invalid_value")]
    [InlineData(""" "top_logprobs":3 """, "top_logprobs", "invalid_value")]
    [InlineData(""" "logprobs":true,"top_logprobs":21 """, "top_logprobs", "invalid_value")]
    [InlineData(""" "logit_bias":{"x":1} """, "logit_bias", "invalid_value")]
    [InlineData(""" "stream":"yes" """, "stream", "invalid_value")]
    public async Task A_field_that_is_not_done_or_wrong_is_named(string field, string param, string code)
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        Answer answer = await server.PostAsync(Chat, $$"""{"messages":[{{Message}}],{{field}}}""");
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal(param, answer.Error.GetProperty("param").GetString());
        Assert.Equal(code, answer.Error.GetProperty("code").GetString());
        Assert.Equal("invalid_request_error", answer.Error.GetProperty("type").GetString());
        Assert.StartsWith(param, answer.Error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""[]""", "messages")]
    [InlineData("""5""", "messages")]
    [InlineData("""[{"role":"robot","content":"x"}]""", "messages[0].role")]
    [InlineData("""[{"role":"user"}]""", "messages[0].content")]
    [InlineData("""[{"role":"tool","content":"x","tool_call_id":"1"}]""", "messages[0].role")]
    [InlineData("""[{"role":"user","content":"x"},{"role":"assistant","content":"","tool_calls":[{}]}]""", "messages[1].tool_calls")]
    [InlineData("""[{"role":"user","content":[{"type":"image_url","image_url":{}}]}]""", "messages[0].content[0].type")]
    public async Task A_conversation_that_is_not_understood_is_told_where(string messages, string param)
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        Answer answer = await server.PostAsync(Chat, $$"""{"messages":{{messages}}}""");
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal(param, answer.Error.GetProperty("param").GetString());
    }

    [Fact]
    public async Task What_changes_nothing_is_taken()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        (await server.PostAsync(
            Chat,
            $$"""
            {"messages":[{{Message}},{"role":"assistant","content":[{"type":"text","text":"Ho"}],"refusal":null},{{Message}}],
             "max_tokens":1,"user":"a","metadata":{"a":"b"},"store":true,"tools":[],"tool_choice":"auto","functions":null,
             "response_format":{"type":"text"},"parallel_tool_calls":true,"seed":null,"stop":null,"modalities":["text"]}
            """)).Succeeded();
    }

    [Theory]
    [InlineData("")]
    [InlineData("[")]
    [InlineData("nonsense")]
    [InlineData("[]")]
    [InlineData("\"text\"")]
    public async Task A_body_that_is_no_object_is_refused(string body)
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        Answer answer = await server.PostAsync(Chat, body);
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal("invalid_request_error", answer.Error.GetProperty("type").GetString());
    }

    [Fact]
    public async Task A_text_that_is_no_unicode_is_refused()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        Answer answer = await server.PostAsync(Chat, """{"messages":[{"role":"user","content":"\ud800"}],"max_tokens":1}""");
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal("messages[0].content", answer.Error.GetProperty("param").GetString());
    }

    [Fact]
    public async Task What_does_not_fit_the_context_is_refused()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        Answer answer = await server.PostAsync("/v1/completions", """{"prompt":"Once","max_tokens":5000}""");
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Equal("context_length_exceeded", answer.Error.GetProperty("code").GetString());
        Assert.Equal("prompt", answer.Error.GetProperty("param").GetString());
        Answer chat = await server.PostAsync(Chat, """{"messages":[{"role":"user","content":"x"}],"max_tokens":5000}""");
        Assert.Equal("messages", chat.Error.GetProperty("param").GetString());
        Answer stream = await server.PostAsync("/v1/completions", """{"prompt":"Once","max_tokens":5000,"stream":true}""");
        Assert.Equal(HttpStatusCode.BadRequest, stream.Status);
    }

    [Theory]
    [InlineData("GET", "/nowhere", HttpStatusCode.NotFound)]
    [InlineData("GET", "/v1/chat/completions", HttpStatusCode.MethodNotAllowed)]
    [InlineData("POST", "/v1/models", HttpStatusCode.MethodNotAllowed)]
    public async Task An_unknown_path_or_method_is_an_error_in_json(string method, string path, HttpStatusCode status)
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        Answer answer = await server.SendAsync(new HttpMethod(method), path, null);
        Assert.Equal(status, answer.Status);
        Assert.Equal("unknown_url", answer.Error.GetProperty("code").GetString());
    }

    [Fact]
    public async Task What_is_read_by_get_answers_head_alike_without_a_body()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        foreach (string path in (string[])["/health", "/ready", "/version", "/metrics", "/v1/models", "/api/tags", "/api/v1/models", "/"])
        {
            using HttpRequestMessage head = new(HttpMethod.Head, path), get = new(HttpMethod.Get, path);
            using HttpResponseMessage alike = await server.Client.SendAsync(head, TestContext.Current.CancellationToken);
            using HttpResponseMessage whole = await server.Client.SendAsync(get, TestContext.Current.CancellationToken);
            Assert.True(alike.StatusCode == whole.StatusCode, path);
            Assert.Equal(whole.Content.Headers.ContentType, alike.Content.Headers.ContentType);
            Assert.Empty(await alike.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        }

        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await server.SendAsync(HttpMethod.Head, "/v1/completions", null)).Status);
    }

    [Fact]
    public async Task No_error_tells_where_the_model_lies()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        string[] bodies =
        [
            """{"prompt":"Once","max_tokens":5000}""", """{"prompt":[999999],"max_tokens":1}""", """{"prompt":""}""",
            """{"prompt":"x","grammar":"root ::= missing"}""", """{"model":"../../etc/passwd","prompt":"x"}""",
        ];
        foreach (string body in bodies)
        {
            Answer answer = await server.PostAsync("/v1/completions", body);
            Assert.NotEqual(HttpStatusCode.OK, answer.Status);
            Assert.DoesNotContain(Path.GetDirectoryName(EngineFixture.ModelPath)!, answer.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("   at ", answer.Text, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Requests_are_logged_without_what_they_say()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        const string Secret = "xyzzy-plugh";
        Answer answer = await server.SendAsync(
            HttpMethod.Post, Chat, $$"""{"messages":[{"role":"user","content":"{{Secret}}"}],"temperature":0,"max_tokens":12}""",
            ("X-Request-Id", "my-id-1"));
        string said = answer.Succeeded().Json.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;
        Assert.Equal("my-id-1", Assert.Single(answer.Headers.GetValues("X-Request-Id")));
        await server.PostAsync(Chat, $$"""{"messages":[{"role":"{{Secret}}","content":"x"}]}""");
        await TestServer.UntilAsync(
            () => server.Log.Lines.Count(l => l.Contains("/v1/chat", StringComparison.Ordinal)) >= 3, "both were logged");
        Assert.Contains(
            server.Log.Lines, l => l.Contains(" 200 ", StringComparison.Ordinal) && l.Contains("my-id-1", StringComparison.Ordinal));
        Assert.All(server.Log.Lines, l => Assert.DoesNotContain(Secret, l, StringComparison.Ordinal));
        Assert.All(server.Log.Lines, l => Assert.DoesNotContain(said, l, StringComparison.Ordinal));
    }
}
