using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json;
using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Weights;
using Inferometer.Inference.Engine;
using Inferometer.Measurement.Models;
using Inferometer.ModelFiles;
using Inferometer.ModelFiles.Templates;
using Inferometer.ModelFiles.Tokenization;
using Inferometer.Server.Generation;
using Inferometer.Server.Metrics;

namespace Inferometer.Server.Tests.Hosting;

/// <summary>Several engines behind one address: which of them answers, and what becomes of requests where one cannot.</summary>
[Collection(EngineTests.Name)]
public sealed class ReplicaTests(EngineFixture fixture)
{
    private const string Text = "/v1/completions";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Work_is_shared_out_evenly_each_request_is_answered_once_and_nothing_is_held_at_the_end()
    {
        await using Replicas replicas = Replicas.Load(3, new InferenceOptions { MaxBatchSize = 8, MaxSequenceTokens = 256, Threads = 3 });
        await using TestServer server = await TestServer.StartAsync(replicas.Model);
        IDisposable[] held = [.. replicas.Engines.Select(engine => engine.Hold())]; // nothing is done before all are given out
        Task<Answer>[] answers =
        [
            .. Enumerable.Range(0, 24).Select(i => server.PostAsync(
                Text, FormattableString.Invariant(
                    $$"""{"prompt":[{{300 + i}},{{40 + i}},5,6,7],"max_tokens":{{(i % 3) + 6}},"ignore_eos":true}"""))),
        ];
        await TestServer.UntilAsync(() => server.Server.RequestsUnderWay == 24, "all were there");
        double[] outstanding = await UntilAsync(
            server, tokens => tokens.Sum() == Enumerable.Range(0, 24).Sum(i => 5 + 6 + (i % 3)), "all were given out");
        Assert.Equal(3, outstanding.Length);
        Assert.True(outstanding.Max() - outstanding.Min() <= 13, string.Join(' ', outstanding)); // one request more or less
        Array.ForEach(held, one => one.Dispose());
        for (int i = 0; i < answers.Length; i++)
        {
            JsonElement answer = (await answers[i]).Succeeded().Json;
            Assert.Equal((i % 3) + 6, answer.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        }

        string page = (await server.GetAsync("/metrics")).Text;
        Assert.Equal([0, 0, 0], Outstanding(page));
        Assert.All(replicas.Engines, engine => Assert.Equal(0, engine.Statistics.KvBlocksUsed));
        Assert.Equal(24 * 7, replicas.Engines.Sum(engine => engine.Statistics.GeneratedTokens));
        double[] ended = Values(page, "vllm:request_success_total{", "finished_reason=\"length\"");
        Assert.Equal(24, ended.Sum());
        Assert.All(ended, count => Assert.InRange(count, 6, 10));
        for (int engine = 0; engine < 3; engine++)
        {
            double[] tokens = Values(page, "vllm:generation_tokens_total{", FormattableString.Invariant($"engine=\"{engine}\""));
            Assert.Equal(replicas.Engines[engine].Statistics.GeneratedTokens, Assert.Single(tokens));
            double[] steps = Values(page, "vllm:iteration_tokens_total_sum{", FormattableString.Invariant($"engine=\"{engine}\""));
            Assert.Equal(replicas.Engines[engine].Statistics.ForwardedTokens, Assert.Single(steps));
        }

        Assert.Equal(
            replicas.Engines.Sum(engine => engine.Statistics.KvBlocksTotal), Assert.Single(Values(page, "inferometer_kv_blocks ", "")));
    }

    [Fact]
    public async Task A_client_that_leaves_frees_the_blocks_of_the_engine_that_had_it_and_of_no_other()
    {
        await using Replicas replicas = Replicas.Load(2, new InferenceOptions { MaxBatchSize = 2, MaxSequenceTokens = 1024, Threads = 2 });
        await using TestServer server = await TestServer.StartAsync(replicas.Model);
        using HttpResponseMessage first = await StreamAsync(server, "Once", 1000);
        using HttpResponseMessage second = await StreamAsync(server, "Then", 1000);
        await TestServer.UntilAsync(() => replicas.Engines.All(engine => engine.Statistics.RunningSequences == 1), "both ran");
        using IDisposable held = replicas.Engines[1].Hold(); // the other goes nowhere meanwhile
        first.Dispose();
        await TestServer.UntilAsync(() => replicas.Engines[0].Statistics.KvBlocksUsed == 0, "the blocks of the first were free");
        Assert.NotEqual(0, replicas.Engines[1].Statistics.KvBlocksUsed);
        double[] outstanding = await UntilAsync(server, tokens => tokens[0] == 0, "nothing was left to do for the first");
        Assert.True(outstanding[1] > 0);
        second.Dispose();
        held.Dispose();
        await TestServer.UntilAsync(() => replicas.Engines[1].Statistics.KvBlocksUsed == 0, "the blocks of the second were free");
    }

    [Fact]
    public async Task A_prompt_goes_where_its_beginning_is_in_the_cache()
    {
        await using Replicas replicas = Replicas.Load(2, new InferenceOptions { MaxBatchSize = 4, MaxSequenceTokens = 1024, Threads = 2 });
        await using TestServer server = await TestServer.StartAsync(replicas.Model);
        string beginning = string.Join(',', Enumerable.Range(0, 400).Select(i => 300 + (i * 7 % 900)));
        (await server.PostAsync(Text, $$"""{"prompt":[{{beginning}}],"max_tokens":1}""")).Succeeded();
        Assert.Equal(1, replicas.Engines[0].Statistics.CompletedRequests);
        await UntilEngine0Async(server, tokens => tokens == 0); // its answer is out a little before it is taken off

        // The engine that has it is busy now, though not with so much that computing it again would be less.
        using IDisposable held = replicas.Engines[0].Hold(); // first, so that what keeps it busy cannot be done before the others come
        Task<Answer> busy = server.PostAsync(Text, """{"prompt":"Once","max_tokens":200}""");
        await UntilEngine0Async(server, tokens => tokens > 0); // it is the engine's
        Task<Answer> again = server.PostAsync(Text, $$"""{"prompt":[{{beginning}},50,51],"max_tokens":1}""");
        await TestServer.UntilAsync(() => server.Server.RequestsUnderWay == 2, "it was there");
        (await server.PostAsync(Text, """{"prompt":"Something else","max_tokens":1}""")).Succeeded();
        Assert.Equal(1, replicas.Engines[1].Statistics.CompletedRequests);
        held.Dispose();
        (await busy).Succeeded();
        JsonElement usage = (await again).Succeeded().Json.GetProperty("usage");
        Assert.Equal(400, usage.GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32());
    }

    [Fact]
    public async Task Beside_what_was_measured_of_all_engines_stands_what_was_predicted_of_them()
    {
        await using Replicas replicas = Replicas.Load(2, new InferenceOptions { MaxBatchSize = 4, MaxSequenceTokens = 256, Threads = 2 });
        (LatencyForecast? forecast, string? refusal) =
            await LatencyForecast.TryMeasureAsync(replicas.Engines, replicas.Model.Files, Cancelled);
        Assert.True(forecast is not null, refusal);
        await using TestServer server = await TestServer.StartAsync(replicas.Model, forecast: forecast);
        IDisposable[] held = [.. replicas.Engines.Select(engine => engine.Hold())]; // each takes one of them
        Task<Answer>[] answers =
        [
            .. Enumerable.Range(0, 2).Select(i => server.PostAsync(
                Text, FormattableString.Invariant($$"""{"prompt":[{{300 + i}},5,6,7],"max_tokens":20,"ignore_eos":true}"""))),
        ];
        await TestServer.UntilAsync(() => server.Server.RequestsUnderWay == 2, "both were there");
        await UntilAsync(server, tokens => tokens.All(t => t > 0), "each engine had one");
        Array.ForEach(held, one => one.Dispose());
        Assert.All(await Task.WhenAll(answers), answer => answer.Succeeded());
        Assert.All(replicas.Engines, engine => Assert.True(engine.Statistics.GeneratedTokens > 0));
        string page = (await server.GetAsync("/metrics")).Text;
        foreach (string name in (string[])["time_to_first_token", "time_per_output_token", "request_inference_time"])
        {
            Assert.Equal([2], Values(page, $"inferometer_measured_{name}_seconds_count ", ""));
            Assert.Equal([2], Values(page, $"inferometer_predicted_{name}_seconds_count ", ""));
            Assert.True(Values(page, $"inferometer_predicted_{name}_seconds_sum ", "")[0] > 0);
        }

        Assert.Contains("shared by 2 engines", page, StringComparison.Ordinal);
        InferometerException wrong = await Assert.ThrowsAsync<InferometerException>(
            () => TestServer.StartAsync(replicas.Model with { Replicas = [] }, forecast: forecast));
        Assert.Contains("1 engines answer, and 2 were measured", wrong.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_is_refused_only_where_every_queue_is_full()
    {
        await using Replicas replicas = Replicas.Load(
            2, new InferenceOptions { MaxBatchSize = 1, MaxQueueLength = 1, MaxSequenceTokens = 1024, Threads = 2 });
        await using TestServer server = await TestServer.StartAsync(replicas.Model);
        Task<Answer> first = server.PostAsync(Text, Long(300, 900));
        await TestServer.UntilAsync(() => replicas.Engines[0].Statistics.RunningSequences == 1, "the first ran");
        Task<Answer> second = server.PostAsync(Text, Long(301, 800));
        await TestServer.UntilAsync(() => replicas.Engines[1].Statistics.RunningSequences == 1, "the second ran");

        // By tokens alone the second engine would get all that come now; its queue takes one.
        IDisposable[] held = [.. replicas.Engines.Select(engine => engine.Hold())];
        Task<Answer>[] late = [.. Enumerable.Range(0, 3).Select(i => server.PostAsync(Text, Long(302 + i, 10)))];
        await TestServer.UntilAsync(() => server.Server.RequestsUnderWay == 4 && late.Any(task => task.IsCompleted), "all were there");
        Array.ForEach(held, one => one.Dispose());
        HttpStatusCode[] statuses = [.. (await Task.WhenAll(late)).Select(answer => answer.Status)];
        Assert.Equal([HttpStatusCode.OK, HttpStatusCode.OK, HttpStatusCode.TooManyRequests], statuses.Order());
        (await first).Succeeded();
        (await second).Succeeded();

        static string Long(int token, int tokens) =>
            FormattableString.Invariant($$"""{"prompt":[{{token}},5],"max_tokens":{{tokens}},"ignore_eos":true}""");
    }

    [Fact]
    public async Task Where_one_engine_fails_the_other_takes_what_waited_and_health_tells()
    {
        BreakingClock clock = new();
        InferenceOptions options = new() { MaxBatchSize = 1, MaxSequenceTokens = 1024, Threads = 1 };
        await using InferenceEngine broken = Start(options, clock);
        await using InferenceEngine sound = Start(options, TimeProvider.System);
        await using TestServer server = await TestServer.StartAsync(fixture.Model with { Engine = broken, Replicas = [sound] });
        using HttpResponseMessage first = await StreamAsync(server, "Once", 900);
        using HttpResponseMessage second = await StreamAsync(server, "Then", 1000);
        Task<Answer> third = server.PostAsync(Text, """{"prompt":"Who","max_tokens":4,"ignore_eos":true}""");
        await TestServer.UntilAsync(() => broken.Statistics.WaitingRequests == 1, "the third waited for the first engine");
        clock.Break();
        (string text, bool isWhole) = await BrokenStream.ReadAsync(first);
        Assert.Contains("engine_failed", text, StringComparison.Ordinal);
        Assert.False(isWhole);
        second.Dispose(); // makes room
        Assert.Equal(4, (await third).Succeeded().Json.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        Answer health = await server.GetAsync("/health");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, health.Status);
        Assert.Contains("1 of 2", health.Text, StringComparison.Ordinal);
        (await server.GetAsync("/ready")).Succeeded();
        (await server.PostAsync(Text, """{"prompt":"Once","max_tokens":2}""")).Succeeded();
        double[] left = Outstanding((await server.GetAsync("/metrics")).Text);
        Assert.Equal([0, 0], left);
    }

    private static InferenceEngine Start(InferenceOptions options, TimeProvider time)
    {
        string path = EngineFixture.ModelPath;
        var network = TransformerModel.Load(
            path, new LoadOptions { Threads = 1, ContextTokens = options.MaxSequenceTokens }, cancellationToken: Cancelled);
        MemoryPlan plan = InferenceEngine.PlanMemory(path, options);
        CpuModelRunner runner = new(network, network.CreateCache(plan.BlockCount));
        return new InferenceEngine(runner, GgufTokenizer.Load(GgufHeader.Read(path)), options, plan, time: time);
    }

    /// <summary>Waits until the first engine has as many tokens to compute as is asked for.</summary>
    private static async Task UntilEngine0Async(TestServer server, Func<int, bool> isSo)
    {
        long start = Stopwatch.GetTimestamp();
        int tokens;
        do
        {
            Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(30), "the first engine never had so many tokens");
            string page = await server.Client.GetStringAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken);
            string line = page.Split('\n').Single(l => l.StartsWith("inferometer_replica_outstanding_tokens{", StringComparison.Ordinal)
                && l.Contains("engine=\"0\"", StringComparison.Ordinal));
            tokens = int.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture);
        }
        while (!isSo(tokens));
    }

    private static async Task<HttpResponseMessage> StreamAsync(TestServer server, string prompt, int tokens)
    {
        string body = FormattableString.Invariant(
            $$"""{"prompt":"{{prompt}}","max_tokens":{{tokens}},"ignore_eos":true,"stream":true}""");
        using HttpRequestMessage request = new(HttpMethod.Post, Text) { Content = TestServer.Json(body) };
        HttpResponseMessage response = await server.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Cancelled);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return response;
    }

    /// <summary>Waits for what the engines have to do to be something, and gives it.</summary>
    private static async Task<double[]> UntilAsync(TestServer server, Func<double[], bool> condition, string what)
    {
        for (int i = 0; i < 2000; i++)
        {
            double[] outstanding = Outstanding((await server.GetAsync("/metrics")).Text);
            if (condition(outstanding))
            {
                return outstanding;
            }

            await Task.Delay(10, Cancelled);
        }

        throw new TimeoutException("waited in vain until " + what);
    }

    private static double[] Outstanding(string page) => Values(page, "inferometer_replica_outstanding_tokens{", "");

    private static double[] Values(string page, string name, string label) =>
    [
        .. page.Split('\n')
            .Where(line => line.StartsWith(name, StringComparison.Ordinal) && line.Contains(label, StringComparison.Ordinal))
            .Select(line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture)),
    ];

    /// <summary>A model and its engines.</summary>
    private sealed class Replicas(ServedModel model, IReadOnlyList<InferenceEngine> engines) : IAsyncDisposable
    {
        public ServedModel Model => model;

        public IReadOnlyList<InferenceEngine> Engines => engines;

        public static Replicas Load(int count, InferenceOptions options)
        {
            var checkpoint = Checkpoint.Open(EngineFixture.ModelPath);
            var files = StoredModel.Read(checkpoint);
            IReadOnlyList<InferenceEngine> engines = InferenceEngine.LoadReplicas(checkpoint, count, options, cancellationToken: Cancelled);
            ServedModel model = new()
            {
                Engine = engines[0],
                Replicas = [.. engines.Skip(1)],
                Name = EngineFixture.ModelName,
                Files = files,
                Template = ChatTemplate.For(engines[0].Tokenizer),
            };
            return new Replicas(model, engines);
        }

        public async ValueTask DisposeAsync()
        {
            foreach (InferenceEngine engine in engines)
            {
                await engine.DisposeAsync();
            }
        }
    }

    /// <summary>A clock that breaks, and the scheduler that looks at it with it.</summary>
    private sealed class BreakingClock : TimeProvider
    {
        private volatile bool _isBroken;

        public void Break() => _isBroken = true;

        public override long GetTimestamp() => _isBroken ? throw new InvalidOperationException("the clock is broken") : base.GetTimestamp();
    }
}
