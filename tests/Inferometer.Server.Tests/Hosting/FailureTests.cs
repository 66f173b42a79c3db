using System.Net;
using System.Text.Json;
using Inferometer.Core.Gguf;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Weights;
using Inferometer.Inference.Engine;
using Inferometer.Inference.Tests.Engine;
using Inferometer.ModelFiles.Tokenization;
using Inferometer.Server.Generation;

namespace Inferometer.Server.Tests.Hosting;

/// <summary>An engine that fails in the middle of its work: clients are told, others are not harmed, the log alone says why.</summary>
[Collection(EngineTests.Name)]
public sealed class FailureTests(EngineFixture fixture)
{
    private const string Text = "/v1/completions";
    private const string Reason = "injected at Forward";

    [Fact]
    public async Task A_step_that_fails_breaks_the_answers_in_it_off_and_the_next_request_is_answered()
    {
        (ServedModel model, FaultyRunner runner) = Start();
        using InferenceEngine engine = model.Engine;
        await using TestServer server = await TestServer.StartAsync(model);
        runner.Arm(FaultPlace.Forward, 20);
        using HttpRequestMessage request = new(HttpMethod.Post, Text)
        {
            Content = TestServer.Json("""{"prompt":"Once","max_tokens":100,"ignore_eos":true,"stream":true,"n":2}"""),
        };
        using HttpResponseMessage response = await server.Client.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        (string text, bool isWhole) = await BrokenStream.ReadAsync(response);
        Assert.False(isWhole);
        JsonElement error = JsonElement.Parse(text.TrimEnd('\n').Split("\n\n")[^1]["data: ".Length..]).GetProperty("error");
        Assert.Equal("internal_error", error.GetProperty("code").GetString());
        Assert.DoesNotContain(Reason, text, StringComparison.Ordinal);
        await TestServer.UntilAsync(
            () => server.Log.Lines.Any(
                l => l.StartsWith("Error", StringComparison.Ordinal) && l.Contains(Reason, StringComparison.Ordinal)),
            "the reason was logged");
        (await server.PostAsync(Text, """{"prompt":"Once","max_tokens":2}""")).Succeeded();
        Assert.Equal(0, engine.Statistics.KvBlocksUsed);
    }

    [Fact]
    public async Task A_failure_before_the_first_token_has_a_status_of_its_own()
    {
        (ServedModel model, FaultyRunner runner) = Start();
        using InferenceEngine engine = model.Engine;
        await using TestServer server = await TestServer.StartAsync(model);
        runner.Arm(FaultPlace.Forward, 0);
        Answer answer = await server.PostAsync(Text, """{"prompt":"Once","max_tokens":2,"stream":true}""");
        Assert.Equal(HttpStatusCode.InternalServerError, answer.Status);
        Assert.DoesNotContain(Reason, answer.Text, StringComparison.Ordinal);
        runner.Arm(FaultPlace.Forward, 0);
        Answer ollama = await server.PostAsync("/api/generate", """{"prompt":"Once"}""");
        Assert.Equal(HttpStatusCode.InternalServerError, ollama.Status);
        Assert.Equal(JsonValueKind.String, ollama.Error.ValueKind);
    }

    private (ServedModel Model, FaultyRunner Runner) Start()
    {
        InferenceOptions options = new() { MaxBatchSize = 4, MaxSequenceTokens = 256, Threads = 1 };
        string path = EngineFixture.ModelPath;
        var network = TransformerModel.Load(
            path, new LoadOptions { Threads = 1, ContextTokens = options.MaxSequenceTokens },
            cancellationToken: TestContext.Current.CancellationToken);
        MemoryPlan plan = InferenceEngine.PlanMemory(path, options);
        FaultyRunner runner = new(new CpuModelRunner(network, network.CreateCache(plan.BlockCount)));
        InferenceEngine engine = new(runner, GgufTokenizer.Load(GgufHeader.Read(path)), options, plan);
        return (fixture.Model with { Engine = engine }, runner);
    }
}
