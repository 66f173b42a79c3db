using System.Net;
using System.Text.Json;
using Inferometer.Inference.Engine;
using Inferometer.ReferenceModels;
using Inferometer.Server.Generation;

namespace Inferometer.Server.Tests.OpenAi;

/// <summary>A server whose model is an encoder: vectors and scores, and a refusal by name of what it does not do.</summary>
[Collection(EngineTests.Name)]
public sealed class EncoderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Vectors_and_scores_come_from_every_route()
    {
        ServedModel model = Load("bert with a head");
        using InferenceEngine engine = model.Engine;
        await using TestServer server = await TestServer.StartAsync(model);
        float[] direct = await engine.EmbedAsync("a ship", cancellationToken: TestContext.Current.CancellationToken);
        JsonElement openAi = (await server.PostAsync("/v1/embeddings", """{"input":["a boat","a ship"]}""")).Succeeded().Json;
        Near(direct, openAi.GetProperty("data")[1].GetProperty("embedding"));
        JsonElement ollama = (await server.PostAsync("/api/embed", """{"model":"tales","input":"a ship"}""")).Succeeded().Json;
        Near(direct, ollama.GetProperty("embeddings")[0]);
        float score = await engine.ScoreAsync("a boat", "a ship", cancellationToken: TestContext.Current.CancellationToken);
        JsonElement ranked = (await server.PostAsync("/v1/rerank", """{"query":"a boat","documents":["a ship"]}""")).Succeeded().Json;
        Assert.Equal(score, ranked.GetProperty("results")[0].GetProperty("relevance_score").GetSingle(), 1e-5);
        JsonElement scored = (await server.PostAsync("/v1/score", """{"text_1":"a boat","text_2":"a ship"}""")).Succeeded().Json;
        Assert.Equal(score, scored.GetProperty("data")[0].GetProperty("score").GetSingle(), 1e-5);
    }

    [Fact]
    public async Task What_it_does_not_do_is_refused_by_its_kind()
    {
        ServedModel model = Load("bert");
        using InferenceEngine engine = model.Engine;
        await using TestServer server = await TestServer.StartAsync(model);
        (string Route, string Body)[] asked =
        [
            ("/v1/chat/completions", """{"messages":[{"role":"user","content":"Hi"}]}"""),
            ("/v1/chat/completions", """{"messages":[{"role":"user","content":"Hi"}],"stream":true}"""),
            ("/v1/completions", """{"prompt":"Hi"}"""),
            ("/v1/responses", """{"input":"Hi"}"""),
        ];
        foreach ((string route, string body) in asked)
        {
            Refused(await server.PostAsync(route, body), "('bert') is an encoder");
        }

        Refused(await server.PostAsync("/v1/rerank", """{"query":"a","documents":["b"]}"""), "'bert' is an encoder, and its files hold no");
        Answer chat = await server.PostAsync("/api/chat", """{"model":"tales","messages":[{"role":"user","content":"Hi"}]}""");
        Assert.Equal(HttpStatusCode.BadRequest, chat.Status);
        Assert.Contains("('bert') is an encoder", chat.Text, StringComparison.Ordinal);
    }

    private static void Refused(Answer answer, string expected)
    {
        Assert.Equal(HttpStatusCode.BadRequest, answer.Status);
        Assert.Contains(expected, answer.Error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    private static void Near(float[] expected, JsonElement vector) => Assert.Equal(
        expected, vector.EnumerateArray().Select(value => value.GetSingle()), (a, b) => Math.Abs(a - b) < 1e-5);

    private ServedModel Load(string family)
    {
        EncoderModel tiny = new(EncoderSpec.All[family]);
        string path = tiny.WriteFolder(_folder);
        EncoderModel.WriteTokenizer(tiny.Spec, path);
        return EngineFixture.Load(path, new InferenceOptions { MaxBatchSize = 4, MaxSequenceTokens = 1024, Threads = 1 });
    }
}
