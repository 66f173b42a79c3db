using System.Net;
using System.Text.Json;

namespace Inferometer.Server.Tests.Ollama;

[Collection(EngineTests.Name)]
public sealed class OllamaTests(EngineFixture fixture)
{
    private const string Chat =
        """{"model":"tales","messages":[{"role":"user","content":"Hi"}],"options":{"num_predict":6,"temperature":0}""";

    [Fact]
    public async Task A_chat_comes_in_lines_of_which_the_last_is_done()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        Answer streamed = (await server.PostAsync("/api/chat", Chat + "}")).Succeeded();
        JsonElement[] lines = [.. streamed.Text.TrimEnd('\n').Split('\n').Select(l => JsonElement.Parse(l))];
        Assert.All(lines.SkipLast(1), l => Assert.False(l.GetProperty("done").GetBoolean()));
        JsonElement last = lines[^1];
        Assert.True(last.GetProperty("done").GetBoolean());
        Assert.Equal("length", last.GetProperty("done_reason").GetString());
        Assert.Equal(6, last.GetProperty("eval_count").GetInt32());
        Assert.True(last.GetProperty("total_duration").GetInt64() >= last.GetProperty("eval_duration").GetInt64());
        JsonElement whole = (await server.PostAsync("/api/chat", Chat + ""","stream":false}""")).Succeeded().Json;
        Assert.Equal(
            whole.GetProperty("message").GetProperty("content").GetString(),
            string.Concat(lines.Select(l => l.GetProperty("message").GetProperty("content").GetString())));
    }

    [Fact]
    public async Task A_prompt_is_a_users_turn_unless_it_is_raw()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        const string Options = """ "stream":false,"options":{"num_predict":6,"temperature":0} """;
        JsonElement turn = (await server.PostAsync("/api/generate", $$"""{"prompt":"Hi",{{Options}}}""")).Succeeded().Json;
        JsonElement chat = (await server.PostAsync("/api/chat", Chat + ""","stream":false}""")).Json;
        Assert.Equal(chat.GetProperty("message").GetProperty("content").GetString(), turn.GetProperty("response").GetString());
        JsonElement raw = (await server.PostAsync("/api/generate", $$"""{"prompt":"Hi","raw":true,{{Options}}}""")).Succeeded().Json;
        Assert.True(raw.GetProperty("prompt_eval_count").GetInt32() < turn.GetProperty("prompt_eval_count").GetInt32());
        JsonElement loaded = (await server.PostAsync("/api/generate", """{"model":"tales"}""")).Succeeded().Json;
        Assert.Equal("load", loaded.GetProperty("done_reason").GetString());
    }

    [Fact]
    public async Task Errors_are_a_text_as_its_clients_read_them()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        Answer unknown = await server.PostAsync("/api/chat", """{"model":"other","messages":[]}""");
        Assert.Equal(HttpStatusCode.NotFound, unknown.Status);
        Assert.Contains("'other' is not served", unknown.Error.GetString(), StringComparison.Ordinal);
        foreach (string option in (string[])[""" "mirostat":2 """, """ "num_ctx":100000 """, """ "temperature":-1 """])
        {
            Answer wrong = await server.PostAsync("/api/generate", $$"""{"options":{ {{option}} },"prompt":"x"}""");
            Assert.Equal(HttpStatusCode.BadRequest, wrong.Status);
            Assert.StartsWith("options.", wrong.Error.GetString(), StringComparison.Ordinal);
        }

        Assert.StartsWith("format", (await server.PostAsync("/api/generate", """{"prompt":"x","format":"xml"}""")).Error.GetString()!);
        Assert.StartsWith("tools", (await server.PostAsync("/api/generate", """{"prompt":"x","tools":[{}]}""")).Error.GetString()!);
        Assert.Equal(JsonValueKind.String, (await server.GetAsync("/api/nothing")).Error.ValueKind);
    }

    [Fact]
    public async Task The_model_is_described()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        JsonElement tags = (await server.GetAsync("/api/tags")).Succeeded().Json.GetProperty("models")[0];
        Assert.Equal(new FileInfo(EngineFixture.ModelPath).Length, tags.GetProperty("size").GetInt64());
        Assert.Matches("^[0-9a-f]{64}$", tags.GetProperty("digest").GetString());
        Assert.Equal("Q8_0", tags.GetProperty("details").GetProperty("quantization_level").GetString());
        JsonElement show = (await server.PostAsync("/api/show", """{"model":"tales:latest"}""")).Succeeded().Json;
        Assert.Equal(fixture.Model.Files.Parameters, show.GetProperty("model_info").GetProperty("general.parameter_count").GetInt64());
        Assert.StartsWith("FROM tales\n", show.GetProperty("modelfile").GetString(), StringComparison.Ordinal);
        Assert.Equal("tales", (await server.GetAsync("/api/ps")).Succeeded().Json.GetProperty("models")[0].GetProperty("name").GetString());
        Assert.NotEmpty((await server.GetAsync("/api/version")).Succeeded().Json.GetProperty("version").GetString()!);
        JsonElement vectors = (await server.PostAsync("/api/embed", """{"input":["a","b"]}""")).Succeeded().Json.GetProperty("embeddings");
        Assert.Equal([fixture.Engine.Architecture.HiddenSize, fixture.Engine.Architecture.HiddenSize],
            vectors.EnumerateArray().Select(v => v.GetArrayLength()));
    }

    [Fact]
    public async Task One_text_has_a_vector_in_the_older_form_too()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        JsonElement many = (await server.PostAsync("/api/embed", """{"input":["a ship"],"options":{"num_ctx":512},"truncate":true}"""))
            .Succeeded().Json;
        JsonElement one = (await server.PostAsync("/api/embeddings", """{"model":"tales","prompt":"a ship","keep_alive":"5m"}"""))
            .Succeeded().Json;
        Assert.Equal(
            many.GetProperty("embeddings")[0].EnumerateArray().Select(v => v.GetSingle()),
            one.GetProperty("embedding").EnumerateArray().Select(v => v.GetSingle()));
        string endless = string.Concat(Enumerable.Repeat("the sea and the old ship ", 400));
        JsonElement cut = (await server.PostAsync("/api/embed", $$"""{"input":"{{endless}}","truncate":true}""")).Succeeded().Json;
        Assert.Equal(fixture.Engine.MaxSequenceTokens, cut.GetProperty("prompt_eval_count").GetInt32());
        Answer refused = await server.PostAsync("/api/embed", $$"""{"input":"{{endless}}"}""");
        Assert.Equal(HttpStatusCode.BadRequest, refused.Status);
        Assert.StartsWith("prompt", (await server.PostAsync("/api/embeddings", "{}")).Error.GetString()!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Only_the_model_that_is_served_can_be_pulled_and_the_error_tells_how_another_is()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        Answer streamed = (await server.PostAsync("/api/pull", """{"model":"tales:latest"}""")).Succeeded();
        Assert.Equal("{\"status\":\"success\"}\n", streamed.Text);
        Answer whole = (await server.PostAsync("/api/pull", """{"name":"tales","stream":false}""")).Succeeded();
        Assert.Equal("success", whole.Json.GetProperty("status").GetString());
        Answer other = await server.PostAsync("/api/pull", """{"model":"llama3.2","insecure":false}""");
        Assert.Equal(HttpStatusCode.NotFound, other.Status);
        Assert.Contains("'inferometer serve PATH'", other.Error.GetString(), StringComparison.Ordinal);
        (string Method, string Path)[] kept =
        [
            ("POST", "/api/push"), ("POST", "/api/create"), ("POST", "/api/copy"), ("DELETE", "/api/delete"),
            ("POST", "/api/blobs/sha256:1"),
        ];
        foreach ((string method, string path) in kept)
        {
            Answer answer = await server.SendAsync(new HttpMethod(method), path, "{}");
            Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
            Assert.StartsWith(path, answer.Error.GetString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Options_that_turn_off_what_is_not_done_are_taken()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        const string Options = """
            {"num_keep":5,"seed":42,"num_predict":2,"top_k":20,"top_p":0.9,"min_p":0.0,"tfs_z":1,"typical_p":1.0,"repeat_last_n":-1,
             "temperature":0.8,"repeat_penalty":1.2,"presence_penalty":1.5,"frequency_penalty":1.0,"mirostat":0,"mirostat_tau":0.8,
             "mirostat_eta":0.6,"penalize_newline":true,"stop":["\n","user:"],"numa":false,"num_ctx":1024,"num_batch":2,"num_gpu":1,
             "main_gpu":0,"low_vram":false,"f16_kv":true,"vocab_only":false,"use_mmap":true,"use_mlock":false,"num_thread":8}
            """;
        (await server.PostAsync("/api/generate", $$"""{"prompt":"x","stream":false,"logprobs":false,"options":{{Options}}}""")).Succeeded();
        Answer refused = await server.PostAsync("/api/generate", """{"prompt":"x","options":{"repeat_last_n":64,"repeat_penalty":1.2}}""");
        Assert.StartsWith("options.repeat_last_n", refused.Error.GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_is_given_when_asked_for()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        JsonElement answer = (await server.PostAsync(
            "/api/generate", """{"prompt":"Hi","stream":false,"format":"json","options":{"num_predict":30,"seed":4}}""")).Succeeded().Json;
        Assert.Equal(JsonValueKind.Object, JsonElement.Parse(answer.GetProperty("response").GetString()!).ValueKind);
    }

    [Fact]
    public async Task Calls_in_a_conversation_need_no_ids_and_tools_are_told_to_the_model()
    {
        await using TestServer server = await TestServer.StartAsync(ToolModel.Of(fixture));
        const string Messages = """
            "messages":[{"role":"user","content":"Hi"},
             {"role":"assistant","content":"","tool_calls":[{"function":{"name":"f","arguments":{"a":1}}},{"function":{"name":"g","arguments":{}}}]},
             {"role":"tool","tool_name":"g","content":"two"},{"role":"tool","content":"one"}],"stream":false,"options":{"num_predict":1}
            """;
        const string Prompt = "user: Hi\nassistant: [call call00000 f {\"a\": 1}][call call00001 g {}]\ntool: two<call00001 g>\n"
            + "tool: one<call00000 f>\nassistant:";
        JsonElement answer = (await server.PostAsync("/api/chat", $"{{{Messages}}}")).Succeeded().Json;
        int expected = fixture.Engine.Tokenizer.EncodePrompt(Prompt).Length;
        Assert.Equal(expected, answer.GetProperty("prompt_eval_count").GetInt32());
        const string Tools = """ "tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object"}}}] """;
        JsonElement told = (await server.PostAsync("/api/chat", $"{{{Messages},{Tools}}}")).Succeeded().Json;
        Assert.True(told.GetProperty("prompt_eval_count").GetInt32() > expected);
        JsonElement show = (await server.PostAsync("/api/show", """{"model":"tales"}""")).Succeeded().Json;
        Assert.Equal(
            ["completion", "embedding", "tools", "thinking"],
            show.GetProperty("capabilities").EnumerateArray().Select(c => c.GetString()!));
    }

    [Fact]
    public async Task A_call_has_its_arguments_as_an_object()
    {
        await using TestServer server = await TestServer.StartAsync(ToolModel.Of(fixture));

        // Nothing in this API requires a call; of an answer that may be a call or one of nothing else, some are calls.
        const string Body = """
            {"messages":[{"role":"user","content":"Weather?"}],"format":{"const":7},
             "tools":[{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{"n":{"type":"integer","minimum":1,"maximum":9}},
             "required":["n"],"additionalProperties":false}}}],
            """;
        for (int seed = 0; seed < 40; seed++)
        {
            string asked = Body + $$""" "options":{"temperature":1000,"num_predict":80,"seed":{{seed}}} """;
            JsonElement message = (await server.PostAsync("/api/chat", asked + ",\"stream\":false}")).Succeeded()
                .Json.GetProperty("message");
            if (!message.TryGetProperty("tool_calls", out JsonElement calls))
            {
                Assert.Equal("7", message.GetProperty("content").GetString()!.Trim());
                continue;
            }

            Assert.Equal("", message.GetProperty("content").GetString());
            JsonElement function = calls[0].GetProperty("function");
            Assert.Equal("f", function.GetProperty("name").GetString());
            Assert.InRange(function.GetProperty("arguments").GetProperty("n").GetInt32(), 1, 9);
            JsonElement[] lines = [.. (await server.PostAsync("/api/chat", asked + "}")).Succeeded().Text.TrimEnd('\n').Split('\n')
                .Select(l => JsonElement.Parse(l))];
            Assert.Equal(
                calls.GetArrayLength(), lines.Count(l => l.GetProperty("message").TryGetProperty("tool_calls", out _)));
            return;
        }

        Assert.Fail("No answer was a call.");
    }
}
