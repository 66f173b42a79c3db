using System.Runtime.InteropServices;
using System.Text.Json;
using Inferometer.Inference.Engine;
using Inferometer.ModelFiles.Tokenization;
using Inferometer.ReferenceModels;
using Inferometer.Server.Generation;

namespace Inferometer.Server.Tests.OpenAi;

[Collection(EngineTests.Name)]
public sealed class OtherRoutesTests(EngineFixture fixture)
{
    [Fact]
    public async Task Models_are_listed_under_all_their_names()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        JsonElement list = (await server.GetAsync("/v1/models")).Succeeded().Json;
        Assert.Equal(["tales", "old-tales"], list.GetProperty("data").EnumerateArray().Select(m => m.GetProperty("id").GetString()));
        Assert.Equal("tales", (await server.GetAsync("/v1/models/tales")).Succeeded().Json.GetProperty("id").GetString());
        Assert.Equal("model_not_found", (await server.GetAsync("/v1/models/a/b")).Error.GetProperty("code").GetString());
    }

    [Fact]
    public async Task Tokens_go_there_and_back()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        JsonElement tokens = (await server.PostAsync("/tokenize", """{"prompt":"Once upon","return_token_strs":true}""")).Succeeded().Json;
        int[] ids = fixture.Engine.Tokenizer.EncodePrompt("Once upon");
        Assert.Equal(ids, tokens.GetProperty("tokens").EnumerateArray().Select(t => t.GetInt32()));
        Assert.Equal(ids.Length, tokens.GetProperty("count").GetInt32());
        Assert.Equal(ids.Length, tokens.GetProperty("token_strs").GetArrayLength());
        string back = (await server.PostAsync("/detokenize", $$"""{"tokens":{{JsonSerializer.Serialize(ids[1..])}}}""")).Json
            .GetProperty("prompt").GetString()!;
        Assert.Equal("Once upon", back);
        JsonElement chat = (await server.PostAsync("/tokenize", """{"messages":[{"role":"user","content":"Hi"}]}""")).Succeeded().Json;
        JsonElement answer = (await server.PostAsync(
            "/v1/chat/completions", """{"messages":[{"role":"user","content":"Hi"}],"max_tokens":1}""")).Json;
        Assert.Equal(answer.GetProperty("usage").GetProperty("prompt_tokens").GetInt32(), chat.GetProperty("count").GetInt32());
        Assert.Equal("tokens", (await server.PostAsync("/detokenize", """{"tokens":[-1]}""")).Error.GetProperty("param").GetString());
    }

    [Fact]
    public async Task Control_tokens_of_a_text_are_read_as_such_and_those_of_a_message_are_not()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        Tokenizer tokenizer = fixture.Engine.Tokenizer;
        JsonElement info = (await server.GetAsync("/tokenizer_info")).Succeeded().Json;
        string end = info.GetProperty("eos_token").GetString()!, begin = info.GetProperty("bos_token").GetString()!;
        Assert.Equal(tokenizer.TokenText(tokenizer.EosIds[0]), end);
        Assert.Equal(fixture.Model.Template.Source, info.GetProperty("chat_template").GetString());
        Assert.Equal(tokenizer.AddsBos, info.GetProperty("add_bos_token").GetBoolean());

        // As clients learn the ids of special tokens.
        async Task<int[]> IdsAsync(string body)
        {
            JsonElement answer = (await server.PostAsync("/tokenize", body)).Succeeded().Json;
            return [.. answer.GetProperty("tokens").EnumerateArray().Select(t => t.GetInt32())];
        }

        Assert.Equal([tokenizer.EosIds[0]], await IdsAsync($$"""{"prompt":"{{end}}","add_special_tokens":false}"""));
        Assert.Equal([tokenizer.BosId!.Value], await IdsAsync($$"""{"prompt":"{{begin}}","add_special_tokens":true}"""));
        int[] asText = await IdsAsync($$"""{"content":"{{end}}","add_special":false,"parse_special":false}""");
        Assert.DoesNotContain(tokenizer.EosIds[0], asText);

        // The same prompt as a text and in tokens.
        string text = $"Once{end}{begin}The sea";
        int[] tokens = tokenizer.EncodePrompt(text, parseSpecial: true);
        Assert.Contains(tokenizer.EosIds[0], tokens);
        foreach ((string route, string body) in new[]
        {
            ("/v1/completions", $$"""{"prompt":{{JsonSerializer.Serialize(text)}},"temperature":0,"max_tokens":4}"""),
            ("/v1/completions", $$"""{"prompt":{{JsonSerializer.Serialize(tokens)}},"temperature":0,"max_tokens":4}"""),
            ("/api/generate", JsonSerializer.Serialize(
                new { prompt = text, raw = true, stream = false, options = new { temperature = 0, num_predict = 4 } })),
        })
        {
            JsonElement answer = (await server.PostAsync(route, body)).Succeeded().Json;
            int counted = answer.TryGetProperty("usage", out JsonElement usage)
                ? usage.GetProperty("prompt_tokens").GetInt32()
                : answer.GetProperty("prompt_eval_count").GetInt32();
            Assert.Equal(tokens.Length, counted);
        }

        int[] message = await IdsAsync($$"""{"messages":[{"role":"user","content":"{{end}}{{end}}{{end}}"}]}""");
        int[] plain = await IdsAsync("""{"messages":[{"role":"user","content":"a"}]}""");
        Assert.Equal(plain.Count(t => t == tokenizer.EosIds[0]), message.Count(t => t == tokenizer.EosIds[0]));
    }

    [Fact]
    public async Task Embeddings_are_those_of_the_engine_as_numbers_and_as_bytes()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        float[] direct = await fixture.Engine.EmbedAsync("a ship", cancellationToken: TestContext.Current.CancellationToken);
        JsonElement floats = (await server.PostAsync("/v1/embeddings", """{"input":["the sea","a ship"]}""")).Succeeded().Json;
        Assert.Equal(2, floats.GetProperty("data").GetArrayLength());
        JsonElement second = floats.GetProperty("data")[1];
        Assert.Equal(1, second.GetProperty("index").GetInt32());
        Assert.Equal(direct, second.GetProperty("embedding").EnumerateArray().Select(v => v.GetSingle()), (a, b) => Math.Abs(a - b) < 1e-4);
        JsonElement bytes = (await server.PostAsync("/v1/embeddings", """{"input":"a ship","encoding_format":"base64"}""")).Json;
        byte[] raw = bytes.GetProperty("data")[0].GetProperty("embedding").GetBytesFromBase64();
        Assert.Equal(direct, MemoryMarshal.Cast<byte, float>(raw).ToArray(), (a, b) => Math.Abs(a - b) < 1e-4);
        Assert.Equal(
            fixture.Engine.Tokenizer.Encode("a ship").Length, bytes.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
        Answer refused = await server.PostAsync("/v1/embeddings", """{"input":"a","dimensions":8}""");
        Assert.Equal("dimensions", refused.Error.GetProperty("param").GetString());
    }

    [Fact]
    public async Task Texts_are_ranked_and_scored()
    {
        using TemporaryFolder folder = new();
        ServedModel model = EngineFixture.Load(
            TinyRanker.Write(TinyRanker.Create(), folder),
            new InferenceOptions { MaxBatchSize = 4, MaxSequenceTokens = 1024, Threads = 1 });
        using InferenceEngine engine = model.Engine;
        await using TestServer server = await TestServer.StartAsync(model);
        float[] direct = await Task.WhenAll(((string[])["the sea", "a ship"]).Select(
            text => engine.ScoreAsync("a boat", text, cancellationToken: TestContext.Current.CancellationToken)));
        JsonElement ranked = (await server.PostAsync(
            "/v1/rerank", """{"query":"a boat","documents":["the sea",{"text":"a ship"}]}""")).Succeeded().Json;
        JsonElement[] results = [.. ranked.GetProperty("results").EnumerateArray()];
        Assert.Equal(2, results.Length);
        Assert.True(results[0].GetProperty("relevance_score").GetSingle() >= results[1].GetProperty("relevance_score").GetSingle());
        Assert.All(results, result => Assert.Equal(
            direct[result.GetProperty("index").GetInt32()], result.GetProperty("relevance_score").GetSingle(), 1e-4));
        Assert.Equal(
            engine.RankPrompt("a boat", "the sea").Length + engine.RankPrompt("a boat", "a ship").Length,
            ranked.GetProperty("usage").GetProperty("total_tokens").GetInt32());
        JsonElement best = (await server.PostAsync(
            "/rerank", """{"query":"a boat","documents":["the sea","a ship"],"top_n":1,"return_documents":false}""")).Json;
        JsonElement only = Assert.Single(best.GetProperty("results").EnumerateArray());
        Assert.False(only.TryGetProperty("document", out _));
        JsonElement scored = (await server.PostAsync("/v1/score", """{"text_1":"a boat","text_2":["the sea","a ship"]}""")).Succeeded().Json;
        Assert.Equal(
            direct, scored.GetProperty("data").EnumerateArray().Select(item => item.GetProperty("score").GetSingle()),
            (a, b) => Math.Abs(a - b) < 1e-4);
        Assert.Equal("documents", (await server.PostAsync("/v1/rerank", """{"query":"a","documents":[]}""")).Error
            .GetProperty("param").GetString());
        Assert.Equal("text_1", (await server.PostAsync("/v1/score", """{"text_1":["a","b"],"text_2":["c"]}""")).Error
            .GetProperty("param").GetString());
    }

    [Fact]
    public async Task A_model_that_cannot_judge_says_so()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        Answer refused = await server.PostAsync("/v1/rerank", """{"query":"a","documents":["b"]}""");
        Assert.Equal("model", refused.Error.GetProperty("param").GetString());
        Assert.Contains("cannot score texts", refused.Error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_response_is_told_whole_and_in_events()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        const string Body = """{"input":"What then?","instructions":"Be brief.","temperature":0,"max_output_tokens":5""";
        JsonElement whole = (await server.PostAsync("/v1/responses", Body + "}")).Succeeded().Json;
        Assert.Equal("incomplete", whole.GetProperty("status").GetString());
        Assert.Equal("max_output_tokens", whole.GetProperty("incomplete_details").GetProperty("reason").GetString());
        string text = whole.GetProperty("output")[0].GetProperty("content")[0].GetProperty("text").GetString()!;
        JsonElement chat = (await server.PostAsync(
            "/v1/chat/completions",
            """
            {"messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"What then?"}],"temperature":0,"max_tokens":5}
            """)).Json;
        Assert.Equal(chat.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString(), text);
        JsonElement[] events =
            [.. (await server.EventsAsync("/v1/responses", Body + ""","stream":true}""")).Select(e => JsonElement.Parse(e))];
        Assert.Equal(Enumerable.Range(0, events.Length), events.Select(e => e.GetProperty("sequence_number").GetInt32()));
        string[] kinds = [.. events.Select(e => e.GetProperty("type").GetString()!)];
        Assert.Equal(
            [
                "response.created", "response.in_progress", "response.output_item.added", "response.content_part.added",
                "response.output_text.delta", "response.output_text.done", "response.content_part.done", "response.output_item.done",
                "response.incomplete",
            ],
            kinds.Distinct());
        Assert.Equal(
            text,
            string.Concat(events.Where(e => e.TryGetProperty("delta", out _)).Select(e => e.GetProperty("delta").GetString())));
        Assert.Equal(5, events[^1].GetProperty("response").GetProperty("usage").GetProperty("output_tokens").GetInt32());
        Answer stored = await server.PostAsync("/v1/responses", """{"input":"x","previous_response_id":"resp_1"}""");
        Assert.Equal("previous_response_id", stored.Error.GetProperty("param").GetString());
    }
}
