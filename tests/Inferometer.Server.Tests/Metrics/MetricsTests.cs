using System.Globalization;
using Inferometer.Core.Deployments;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Inference.Engine;
using Inferometer.Measurement.Ablation;
using Inferometer.Measurement.Diagnostics;
using Inferometer.Server.Generation;
using Inferometer.Server.Metrics;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Server.Tests.Metrics;

[Collection(EngineTests.Name)]
public sealed class MetricsTests(EngineFixture fixture)
{
    private const string Body = """{"prompt":"Once upon a time","max_tokens":20,"ignore_eos":true,"n":2}""";

    [Fact]
    public async Task What_was_served_is_counted()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        Dictionary<string, double> before = Samples((await server.GetAsync("/metrics")).Succeeded().Text);
        (await server.PostAsync("/v1/completions", Body)).Succeeded();
        Dictionary<string, double> after = Samples((await server.GetAsync("/metrics")).Text);
        const string Labels = """{engine="0",model_name="tales"}""";
        Assert.Equal(40, Grown("vllm:generation_tokens_total" + Labels));
        Assert.Equal(2 * fixture.Engine.Tokenizer.EncodePrompt("Once upon a time").Length, Grown("vllm:prompt_tokens_total" + Labels));
        Assert.Equal(2, Grown("""vllm:request_success_total{engine="0",model_name="tales",finished_reason="length"}"""));
        Assert.Equal(2, Grown("vllm:time_to_first_token_seconds_count" + Labels));
        Assert.Equal(38, Grown("vllm:inter_token_latency_seconds_count" + Labels));
        Assert.Equal(2, Grown("vllm:e2e_request_latency_seconds_count" + Labels));
        Assert.Equal(2, Grown("vllm:request_queue_time_seconds_count" + Labels));
        Assert.Equal(40, Grown("vllm:request_generation_tokens_sum" + Labels));
        Assert.True(Grown("vllm:time_to_first_token_seconds_sum" + Labels) > 0);

        // Parts of one another by the engine's clock; the first token is seen by the server's, later by whatever else the machine does.
        double whole = Grown("vllm:e2e_request_latency_seconds_sum" + Labels);
        double computed = Grown("vllm:request_inference_time_seconds_sum" + Labels);
        Assert.Equal(whole, computed + Grown("vllm:request_queue_time_seconds_sum" + Labels), 1e-6);
        Assert.InRange(Grown("vllm:request_decode_time_seconds_sum" + Labels), 1e-9, computed);
        Assert.Equal(0, after["vllm:kv_cache_usage_perc" + Labels]);
        Assert.Equal(0, after["vllm:num_requests_running" + Labels]);
        Assert.Equal(1, Grown("""inferometer_http_responses_total{route="/v1/completions",code="200"}"""));
        Assert.True(after["process_resident_memory_bytes"] > 1e6);

        double Grown(string name) => after[name] - before.GetValueOrDefault(name);
    }

    [Fact]
    public async Task A_prompt_is_counted_when_it_is_read_whatever_becomes_of_its_answer()
    {
        ServedModel model = EngineFixture.Load(new InferenceOptions { MaxBatchSize = 4, MaxSequenceTokens = 1024, Threads = 1 });
        using InferenceEngine engine = model.Engine;
        await using TestServer server = await TestServer.StartAsync(model);
        using CancellationTokenSource leave = new();
        using HttpRequestMessage request = new(HttpMethod.Post, "/v1/completions")
        {
            Content = TestServer.Json("""{"prompt":"Once upon a time","max_tokens":1000,"ignore_eos":true}"""),
        };
        Task<HttpResponseMessage> sent = server.Client.SendAsync(request, leave.Token);
        await TestServer.UntilAsync(() => engine.Statistics.GeneratedTokens > 1, "the prompt was read");
        await leave.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sent);
        await TestServer.UntilAsync(() => server.Server.RequestsUnderWay == 0, "the request was given up");
        int read = engine.Tokenizer.EncodePrompt("Once upon a time").Length;
        await RequireAsync(read, stop: 0, abort: 1);

        (await server.PostAsync("/v1/embeddings", """{"input":[[3,4,5],[6,7]]}""")).Succeeded();
        await RequireAsync(read + 5, stop: 2, abort: 1);

        // What a client is to blame for is no end of an answer.
        foreach (string body in (string[])["""{"prompt":[1,99999]}""", """{"prompt":"x","max_tokens":5000,"n":3}"""])
        {
            Answer refused = await server.PostAsync("/v1/completions", body);
            Assert.Equal(System.Net.HttpStatusCode.BadRequest, refused.Status);
            Assert.Equal("prompt", refused.Error.GetProperty("param").GetString());
        }

        Answer vector = await server.PostAsync("/v1/embeddings", """{"input":[99999]}""");
        Assert.Equal("input", vector.Error.GetProperty("param").GetString());
        await RequireAsync(read + 5, stop: 2, abort: 1);

        async Task RequireAsync(int tokens, int stop, int abort)
        {
            Dictionary<string, double> page = Samples((await server.GetAsync("/metrics")).Text);
            Assert.Equal(tokens, page["vllm:prompt_tokens_total{engine=\"0\",model_name=\"tales\"}"]);
            Assert.Equal((stop, abort, 0), ((int)Ended("stop"), (int)Ended("abort"), (int)Ended("error")));

            double Ended(string reason) =>
                page[$"vllm:request_success_total{{engine=\"0\",model_name=\"tales\",finished_reason=\"{reason}\"}}"];
        }
    }

    // The forecast times the engine, hundreds of tokens; none of them is of a request.
    [Fact]
    public async Task What_the_engine_computed_before_the_server_began_is_not_counted()
    {
        LatencyForecast forecast = await ForecastAsync();
        Assert.True(fixture.Engine.Statistics.GeneratedTokens > 0);
        await using TestServer server = await TestServer.StartAsync(fixture.Model, forecast: forecast);
        Dictionary<string, double> start = Samples((await server.GetAsync("/metrics")).Succeeded().Text);
        Assert.All(
            start.Where(s => s.Key.StartsWith("vllm:", StringComparison.Ordinal) && s.Key.Contains("_total", StringComparison.Ordinal)),
            s => Assert.Equal(0, s.Value));
        Assert.Equal(0, start["inferometer_steps_total"]);
        (await server.PostAsync("/v1/completions", Body)).Succeeded();
        Dictionary<string, double> after = Samples((await server.GetAsync("/metrics")).Text);
        const string Labels = """{engine="0",model_name="tales"}""";
        Assert.Equal(40, after["vllm:generation_tokens_total" + Labels]);
        Assert.Equal(after["vllm:prompt_tokens_total" + Labels], after["vllm:prefix_cache_queries_total" + Labels]);
    }

    /// <summary>
    /// Prometheus's own checker has nothing to say but that vLLM's names hold colons, which the format allows and its guide advises
    /// against.
    /// </summary>
    [Fact]
    public async Task Promtool_accepts_the_page_but_for_the_colons_of_vllms_names()
    {
        _ = PrometheusTool.Require("promtool");
        await using TestServer server = await TestServer.StartAsync(fixture.Model, forecast: await ForecastAsync());
        (await server.PostAsync("/v1/completions", Body)).Succeeded();
        string page = (await server.GetAsync("/metrics")).Succeeded().Text;
        (_, string[] complaints) = await PrometheusTool.CheckAsync(["check", "metrics"], page);
        string[] allowed =
        [
            .. page.Split('\n').Where(l => l.StartsWith("# TYPE vllm:", StringComparison.Ordinal))
                .Select(l => l.Split(' ')[2] + " metric names should not contain ':'"),
            "vllm:iteration_tokens_total non-counter metrics should not have \"_total\" suffix", // it is vLLM's name
        ];
        Assert.NotEmpty(allowed);
        Assert.Equal(allowed.Order(StringComparer.Ordinal), complaints.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Beside_each_measured_latency_stands_the_predicted_one_of_the_same_requests()
    {
        LatencyForecast forecast = await ForecastAsync();
        await using TestServer server = await TestServer.StartAsync(fixture.Model, forecast: forecast);
        (await server.PostAsync("/v1/completions", Body)).Succeeded();
        Dictionary<string, double> samples = Samples((await server.GetAsync("/metrics")).Text);
        foreach (string name in (string[])["time_to_first_token", "time_per_output_token", "request_inference_time"])
        {
            Assert.Equal(2, samples[$"inferometer_measured_{name}_seconds_count"]);
            Assert.Equal(2, samples[$"inferometer_predicted_{name}_seconds_count"]);
            Assert.True(samples[$"inferometer_predicted_{name}_seconds_sum"] > 0);
        }

        Assert.Contains(samples.Keys, k => k.StartsWith("inferometer_prediction_info{", StringComparison.Ordinal));
        await using TestServer without = await TestServer.StartAsync(fixture.Model);
        Assert.DoesNotContain("inferometer_predicted", (await without.GetAsync("/metrics")).Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Longer_prompts_and_more_neighbours_are_predicted_to_take_longer()
    {
        LatencyForecast forecast = await ForecastAsync();
        ServedRequest alone = new()
        {
            PromptTokens = 64,
            CachedTokens = 0,
            OutputTokens = 10,
            QueueSeconds = 0,
            FirstTokenSeconds = 0.01,
            TotalSeconds = 0.1,
            Neighbours = 0,
            MeanDecoding = 1,
        };
        LatencyForecast.Latencies least = forecast.Price(0, alone);
        Assert.True(forecast.Price(0, alone with { PromptTokens = 512 }).FirstToken > least.FirstToken);
        Assert.True(forecast.Price(0, alone with { CachedTokens = 48 }).FirstToken < least.FirstToken);
        Assert.True(forecast.Price(0, alone with { MeanDecoding = 6.5 }).Token > least.Token);
        Assert.True(forecast.Price(0, alone with { OutputTokens = 20 }).Request > least.Request);
        Assert.Equal(least.FirstToken + (9 * least.Token), least.Request, 12);
        Assert.True(double.IsNaN(forecast.Price(0, alone with { OutputTokens = 1 }).Token));
    }

    [Fact]
    public async Task What_cannot_be_priced_is_left_out_with_the_reason()
    {
        ServedModel model = EngineFixture.Load(new InferenceOptions { MaxBatchSize = 1, MaxSequenceTokens = 64, Speculation = new() });
        using InferenceEngine engine = model.Engine;
        (LatencyForecast? forecast, string? refusal) = await LatencyForecast.TryMeasureAsync(
            engine, model.Files, TestContext.Current.CancellationToken);
        Assert.Null(forecast);
        Assert.Contains("speculative", refusal, StringComparison.Ordinal);
    }

    /// <summary>The engine's share is fitted to what it took at the start: the same load is predicted as it was measured.</summary>
    [Fact]
    public async Task What_was_measured_at_the_start_is_predicted_again()
    {
        (EngineTimes[] ones, EngineTimes[]? several) =
            await EngineTimes.MeasureAsync([fixture.Engine], TestContext.Current.CancellationToken);
        (EngineTimes alone, EngineTimes? together) = (ones[0], several?[0]);
        Assert.True(alone.PrefillSeconds > 0 && alone.TokenSeconds > 0);
        Assert.Equal(8, together!.Value.Sequences);

        // Times of a slow machine, so that none of them lies below what the cost model says.
        alone = alone with { PrefillSeconds = 3, TokenSeconds = 0.5 };
        EngineTimes eight = together.Value with { TokenSeconds = 1.2 };
        ICostPlan plan = new RooflineCostModel().Prepare(
            new ThisMachine(new MachineLimits(1, 10, 100, 0), 1e-6).RequestFor(
                new AblationSettings(fixture.Model.Files, new Workload(), 1, 1, KvElement.F16, TimeSpan.Zero)));
        LatencyForecast forecast = new(plan, "a machine", 512, alone, eight);
        ServedRequest served = ServedAs(alone);
        Assert.Equal(0.5, forecast.Price(0, served).Token, 9);
        Assert.Equal(3, forecast.Price(0, served).FirstToken, 9);
        Assert.Equal(1.2, forecast.Price(0, served with { MeanDecoding = 8, OutputTokens = eight.OutputTokens }).Token, 9);
        Assert.Contains("a machine", forecast.Basis, StringComparison.Ordinal);
    }

    /// <summary>Who asks together waits for all prompts: each step that reads them is priced with all that it reads.</summary>
    [Fact]
    public void Prompts_of_others_that_were_read_meanwhile_are_part_of_the_first_token()
    {
        const double token = 0.5; // s
        ICostPlan plan = new RooflineCostModel().Prepare(
            new ThisMachine(new MachineLimits(1, 10, 100, 0), 1e-6).RequestFor(
                new AblationSettings(fixture.Model.Files, new Workload(), 1, 1, KvElement.F16, TimeSpan.Zero)));
        EngineTimes alone = new(1, 32, 16, PrefillSeconds: 3, AllPrefillSeconds: 3, TokenSeconds: token);
        LatencyForecast forecast = new(plan, "a machine", 64, alone, null);
        ServedRequest served = ServedAs(alone);
        double each = token - plan.Step([], [new DecodeGroup(alone.MiddleTokens)]).LatencySeconds;
        double factor = (3 - each) / Read(1);

        // Two prompts of 32 tokens fill a step of 64: one other is read in the same step, six others in three more.
        Assert.Equal((factor * Read(2)) + (2 * each), forecast.Price(0, served with { OtherPromptTokens = 32 }).FirstToken, 9);
        Assert.Equal((4 * factor * Read(2)) + (8 * each), forecast.Price(0, served with { OtherPromptTokens = 7 * 32 }).FirstToken, 9);
        Assert.Equal(
            forecast.Price(0, served).Token, forecast.Price(0, served with { OtherPromptTokens = 7 * 32 }).Token, 12);

        double Read(int prompts) => plan.Step([.. Enumerable.Repeat(new PrefillChunk(0, 32), prompts)], []).LatencySeconds;
    }

    // Eight prompts of 32 fill four steps of 64, as two prompts at once do. Between 32 and 64 the factor goes with the logarithm.
    [Fact]
    public void Prompts_read_together_are_priced_by_what_several_took()
    {
        ICostPlan plan = new RooflineCostModel().Prepare(
            new ThisMachine(new MachineLimits(1, 10, 100, 0), 1e-6).RequestFor(
                new AblationSettings(fixture.Model.Files, new Workload(), 1, 1, KvElement.F16, TimeSpan.Zero)));
        double read = plan.Step([new PrefillChunk(0, 32)], []).LatencySeconds, pair = Pair(32);
        EngineTimes alone = new(1, 32, 16, PrefillSeconds: 4 * read, AllPrefillSeconds: 4 * read, TokenSeconds: 0);
        EngineTimes together = new(8, 32, 16, PrefillSeconds: 0, AllPrefillSeconds: 4 * 2.5 * pair, TokenSeconds: 0);
        LatencyForecast forecast = new(plan, "a machine", 64, alone, together);
        ServedRequest served = ServedAs(alone);
        Assert.Equal(4 * read, forecast.Price(0, served).FirstToken, 9);
        Assert.Equal(2.5 * pair, forecast.Price(0, served with { OtherPromptTokens = 32 }).FirstToken, 9);
        double between = 4 - (1.5 * Math.Log(48d / 32) / Math.Log(2));
        Assert.Equal(between * Pair(16), forecast.Price(0, served with { OtherPromptTokens = 16 }).FirstToken, 9);
        Assert.Contains("prompts x 4.00 in steps of 32 tokens, x 2.50 of 64", forecast.Basis, StringComparison.Ordinal);

        double Pair(int other) => plan.Step([new PrefillChunk(0, 32), new PrefillChunk(0, other)], []).LatencySeconds;
    }

    /// <summary>Of several engines each is fitted by itself and beside the others; a request lies between, by how many worked.</summary>
    [Fact]
    public void Engines_beside_are_part_of_what_is_predicted()
    {
        ThisMachine whole = new(new MachineLimits(3, 3, 30, 300), 1e-6);
        Assert.Equal(new MachineLimits(1, 1, 10, 100), whole.ShareOf(1, 3).Limits);
        ICostPlan plan = new RooflineCostModel().Prepare(whole.ShareOf(1, 3).RequestFor(
            new AblationSettings(fixture.Model.Files, new Workload(), 1, 1, KvElement.F16, TimeSpan.Zero)));
        EngineTimes alone = new(1, 32, 16, PrefillSeconds: 3, AllPrefillSeconds: 3, TokenSeconds: 0.5);
        EngineTimes beside = alone with { PrefillSeconds = 4, AllPrefillSeconds = 4, TokenSeconds = 0.9 };
        LatencyForecast.EnginePair pair = new(new EngineFit(plan, 512, alone, null), new EngineFit(plan, 512, beside, null));
        LatencyForecast forecast = new("a machine", [pair, pair, pair]);
        Assert.Equal(3, forecast.Engines);
        ServedRequest served = ServedAs(alone);
        Assert.Equal((3, 0.5), Rounded(served));
        Assert.Equal((4, 0.9), Rounded(served with { OthersInPrefill = 2, OthersInDecode = 2 }));
        Assert.Equal((3.5, 0.6), Rounded(served with { OthersInPrefill = 1, OthersInDecode = 0.5 }));
        LatencyForecast.Latencies one = forecast.Price(1, served with { OutputTokens = 1, OthersInPrefill = 2 });
        Assert.Equal((4, 4), (Math.Round(one.FirstToken, 9), Math.Round(one.Request, 9)));
        Assert.True(double.IsNaN(one.Token));

        (double First, double Token) Rounded(ServedRequest request)
        {
            LatencyForecast.Latencies priced = forecast.Price(2, request);
            Assert.Equal(priced.FirstToken + (15 * priced.Token), priced.Request, 9);
            return (Math.Round(priced.FirstToken, 9), Math.Round(priced.Token, 9));
        }
    }

    [Fact]
    public void A_histogram_counts_each_value_in_its_bucket()
    {
        Histogram histogram = new([1, 2, 5]);
        Parallel.For(0, 4000, i => histogram.Add((i % 4) + 0.5));
        histogram.Add(2);
        histogram.Add(99);
        histogram.Add(double.NaN);
        Assert.Equal([1000, 1001, 2000, 1], Enumerable.Range(0, 4).Select(histogram.InBucket));
        Assert.Equal(4002, histogram.Count);
        Assert.Equal((4000 * 2) + 101, histogram.Sum, 6);
    }

    private async Task<LatencyForecast> ForecastAsync()
    {
        (LatencyForecast? forecast, string? refusal) = await LatencyForecast.TryMeasureAsync(
            fixture.Engine, fixture.Model.Files, TestContext.Current.CancellationToken);
        Assert.True(forecast is not null, refusal);
        return forecast;
    }

    private static Dictionary<string, double> Samples(string page) => page.Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Where(l => !l.StartsWith('#')).ToDictionary(
            l => l[..l.LastIndexOf(' ')],
            l => l.EndsWith("+Inf", StringComparison.Ordinal)
                ? double.PositiveInfinity
                : double.Parse(l[(l.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture));

    /// <summary>A request of the lengths that an engine was timed with, served by itself.</summary>
    // Compiled anew after the second and the fourth.
    [Theory]
    [InlineData(new double[] { 4, 4, 2, 2, 0.5, 0.49, 0.5, 0.48, 0.1 }, 8, 0.48)]
    [InlineData(new double[] { 0, 0, 0, 0, 0 }, 4, 0)]
    public async Task An_engine_is_timed_once_it_becomes_no_faster(double[] seconds, int runs, double best)
    {
        int run = 0;
        double least = await EngineTimes.SettleAsync(
            () => Task.FromResult(seconds[run++]), () => 7, TimeSpan.Zero, TestContext.Current.CancellationToken);
        Assert.Equal((runs, best), (run, least));
    }

    // The compiler is at work up to the fifth run; then it is three of the same speed.
    [Fact]
    public async Task An_engine_is_timed_once_nothing_is_compiled_any_more()
    {
        int run = 0;
        _ = await EngineTimes.SettleAsync(
            () => Task.FromResult(run++ < 5 ? 4.0 : 3.9), () => Math.Min(run, 5), TimeSpan.Zero, TestContext.Current.CancellationToken);
        Assert.Equal(8, run);
    }

    [Fact]
    public async Task An_engine_that_becomes_ever_faster_is_timed_all_the_same()
    {
        int run = 0;
        _ = await EngineTimes.SettleAsync(
            () => Task.FromResult(Math.Pow(0.5, run++)), () => 7, TimeSpan.Zero, TestContext.Current.CancellationToken);
        Assert.Equal(20, run);
    }

    private static ServedRequest ServedAs(in EngineTimes times) => new()
    {
        PromptTokens = times.PromptTokens,
        CachedTokens = 0,
        OutputTokens = times.OutputTokens,
        QueueSeconds = 0,
        FirstTokenSeconds = 3,
        TotalSeconds = 9,
        Neighbours = 0,
        MeanDecoding = 1,
    };
}
