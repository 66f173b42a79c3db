using Inferometer.Core;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Weights;
using Inferometer.Inference.Engine;
using Inferometer.Inference.Sampling;
using Inferometer.ModelFiles.Tokenization;
using Inferometer.Tests;

namespace Inferometer.Inference.Tests.Engine;

/// <summary>
/// What goes wrong for one request ends that one; what goes wrong in a step ends those in it; the engine goes on, or says that it cannot.
/// </summary>
public sealed class EngineFailureTests
{
    private static readonly string[] Prompts =
    [
        "Once upon a time", "The wolf", "It was a dark and stormy night; the rain fell in torrents", "She said", "In the morning",
            "My dear friend", "There was", "At last the",
    ];

    public static TheoryData<FaultPlace, int> FaultsOfOneRequest => new()
    {
        { FaultPlace.NoToken, 0 }, { FaultPlace.NoToken, 9 }, { FaultPlace.NoToken, 40 },
        { FaultPlace.UnknownToken, 0 }, { FaultPlace.UnknownToken, 13 }, { FaultPlace.UnknownToken, 77 },
    };

    [Theory]
    [MemberData(nameof(FaultsOfOneRequest))]
    public async Task A_request_whose_token_cannot_be_had_ends_alone(FaultPlace place, int at)
    {
        (InferenceEngine engine, FaultyRunner runner) = Start();
        await using InferenceEngine owned = engine;
        string[] expected = await ExpectedAsync(engine, SamplingOptions.Greedy);
        runner.Arm(place, at);
        Result[] results = await RunAllAsync(engine, SamplingOptions.Greedy);
        Assert.Single(results, r => r.Error is not null);
        Assert.IsType<InferometerException>(results.Single(r => r.Error is not null).Error);
        AssertOthersAsExpected(expected, results);
        await AssertGoesOnAsync(engine, expected);
    }

    [Theory]
    [InlineData(FaultPlace.Logits, 3)]
    [InlineData(FaultPlace.NotANumber, 20)]
    public async Task A_request_whose_logits_are_unusable_ends_alone(FaultPlace place, int at)
    {
        SamplingOptions sampling = new() { Temperature = 0.7f, TopK = 20, Seed = 11 };
        (InferenceEngine engine, FaultyRunner runner) = Start();
        await using InferenceEngine owned = engine;
        string[] expected = await ExpectedAsync(engine, sampling);
        runner.Arm(place, at);
        Result[] results = await RunAllAsync(engine, sampling);
        InferometerException error = Assert.IsType<InferometerException>(Assert.Single(results, r => r.Error is not null).Error);
        Assert.DoesNotContain("System.", error.Message, StringComparison.Ordinal);
        AssertOthersAsExpected(expected, results);
        await AssertGoesOnAsync(engine, await ExpectedAsync(engine, SamplingOptions.Greedy));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    [InlineData(11)]
    [InlineData(24)]
    public async Task A_step_that_fails_ends_those_that_were_in_it(int at)
    {
        (InferenceEngine engine, FaultyRunner runner) = Start(new InferenceOptions
        {
            MaxBatchSize = 3,
            MaxSequenceTokens = 256,
            MaxTokensPerStep = 16,
            Threads = 1,
        });
        await using InferenceEngine owned = engine;
        string[] expected = await ExpectedAsync(engine, SamplingOptions.Greedy);
        runner.Arm(FaultPlace.Forward, at);
        Result[] results = await RunAllAsync(engine, SamplingOptions.Greedy);
        Assert.Equal(1, runner.FaultsMade);
        Assert.InRange(results.Count(r => r.Error is not null), 1, 3);
        Assert.All(
            results.Where(r => r.Error is not null), r =>
                Assert.Contains("A step of the engine failed", r.Error!.Message, StringComparison.Ordinal));
        AssertOthersAsExpected(expected, results);
        await AssertGoesOnAsync(engine, expected);
    }

    [Fact]
    public async Task A_runner_that_always_fails_ends_every_request_and_leaves_no_block()
    {
        (InferenceEngine engine, FaultyRunner runner) = Start();
        await using InferenceEngine owned = engine;
        for (int i = 0; i < 5; i++)
        {
            runner.Arm(FaultPlace.Forward, 0);
            Result result = await RunAsync(engine, "Once", SamplingOptions.Greedy);
            Assert.Contains("injected", result.Error!.Message, StringComparison.Ordinal);
        }

        Assert.Equal(0, engine.Statistics.KvBlocksUsed);
    }

    [Theory]
    [InlineData(FaultPlace.CopyBlock, 0)]
    [InlineData(FaultPlace.Logits, 4)]
    [InlineData(FaultPlace.Forward, 3)]
    public async Task A_beam_search_that_fails_ends_with_all_its_beams(FaultPlace place, int at)
    {
        (InferenceEngine engine, FaultyRunner runner) = Start();
        await using InferenceEngine owned = engine;
        string[] expected = await ExpectedAsync(engine, SamplingOptions.Greedy);
        runner.Arm(place, at);
        BeamSearchRequest request = new() { Prompt = "Once upon a time", BeamWidth = 4, MaxNewTokens = 40 };
        await Assert.ThrowsAsync<InferometerException>(() => engine.BeamSearchAsync(request, TestContext.Current.CancellationToken));
        Assert.Equal(1, runner.FaultsMade);
        await AssertGoesOnAsync(engine, expected);
    }

    [Fact]
    public async Task An_embedding_that_fails_ends_alone()
    {
        (InferenceEngine engine, FaultyRunner runner) = Start();
        await using InferenceEngine owned = engine;
        string[] expected = await ExpectedAsync(engine, SamplingOptions.Greedy);
        runner.Arm(FaultPlace.HiddenState, 2);
        Task<Result[]> others = RunAllAsync(engine, SamplingOptions.Greedy);
        await Assert.ThrowsAsync<InferometerException>(
            () => engine.EmbedAsync("The old house by the sea", cancellationToken: TestContext.Current.CancellationToken));
        AssertOthersAsExpected(expected, await others);
        await AssertGoesOnAsync(engine, expected);
    }

    [Fact]
    public async Task An_engine_whose_scheduler_fails_says_that_it_cannot_go_on()
    {
        FailingClock clock = new();
        (InferenceEngine engine, _) = Start(time: clock);
        await using InferenceEngine owned = engine;
        Assert.Null(engine.Fault);
        Task<Result[]> running;
        using (engine.Hold())
        {
            running = RunAllAsync(engine, SamplingOptions.Greedy);
            clock.FailsAfter(Prompts.Length + 20);
        }

        Result[] results = await running;
        Assert.All(
            results, r => Assert.Contains("cannot go on", Assert.IsType<InferometerException>(r.Error).Message, StringComparison.Ordinal));
        Assert.NotNull(engine.Fault);
        Result later = await RunAsync(engine, "Once", SamplingOptions.Greedy);
        Assert.Contains("cannot go on", later.Error!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_greedy_request_leaves_its_logits_with_the_runner()
    {
        (InferenceEngine engine, FaultyRunner runner) = Start();
        await using InferenceEngine owned = engine;
        await RunAllAsync(engine, SamplingOptions.Greedy);
        Assert.Equal(0, runner.LogitRowsFetched);
        await RunAsync(engine, "Once", new SamplingOptions { Temperature = 0, TopLogProbabilities = 2 });
        Assert.NotEqual(0, runner.LogitRowsFetched);
    }

    private static (InferenceEngine Engine, FaultyRunner Runner) Start(InferenceOptions? options = null, TimeProvider? time = null)
    {
        options ??= EngineRunner.Defaults;
        string path = SharedFolder.Require(EngineRunner.Tales);
        var model = TransformerModel.Load(
            path, new LoadOptions { Threads = 1, ContextTokens = options.MaxSequenceTokens },
                cancellationToken: TestContext.Current.CancellationToken);
        MemoryPlan plan = InferenceEngine.PlanMemory(path, options);
        FaultyRunner runner = new(new CpuModelRunner(model, model.CreateCache(plan.BlockCount)));
        return (new InferenceEngine(runner, GgufTokenizer.Load(Core.Gguf.GgufHeader.Read(path)), options, plan, time: time), runner);
    }

    private static async Task<string[]> ExpectedAsync(InferenceEngine engine, SamplingOptions sampling)
    {
        Result[] results = await RunAllAsync(engine, sampling);
        Assert.All(results, r => Assert.Null(r.Error));
        return [.. results.Select(r => r.Text)];
    }

    private static Task<Result[]> RunAllAsync(InferenceEngine engine, SamplingOptions sampling) =>
        Task.WhenAll(Prompts.Select(p => RunAsync(engine, p, sampling)));

    private static async Task<Result> RunAsync(InferenceEngine engine, string prompt, SamplingOptions sampling)
    {
        try
        {
            GenerationRequest request = new() { Prompt = prompt, MaxNewTokens = 8 + prompt.Length, Sampling = sampling };
            return new Result((await engine.RunAsync(request)).Text, null);
        }
        catch (InferometerException error)
        {
            return new Result("", error);
        }
    }

    private static void AssertOthersAsExpected(string[] expected, Result[] results) =>
        Assert.All(expected.Zip(results).Where(pair => pair.Second.Error is null), pair => Assert.Equal(pair.First, pair.Second.Text));

    private static async Task AssertGoesOnAsync(InferenceEngine engine, string[] expected)
    {
        Assert.Null(engine.Fault);
        Assert.Equal(0, engine.Statistics.KvBlocksUsed);
        Assert.Equal(expected, await ExpectedAsync(engine, SamplingOptions.Greedy));
        Assert.Equal(0, engine.Statistics.KvBlocksUsed);
        Assert.Equal((0, 0), (engine.Statistics.WaitingRequests, engine.Statistics.RunningSequences));
    }

    private sealed record Result(string Text, Exception? Error);

    /// <summary>The system's clock until it is told to fail.</summary>
    private sealed class FailingClock : TimeProvider
    {
        private int _left = int.MaxValue;

        public void FailsAfter(int readings) => Volatile.Write(ref _left, readings);

        public override long GetTimestamp() =>
            Interlocked.Decrement(ref _left) > 0 ? base.GetTimestamp() : throw new TimeoutException("injected: no more time");
    }
}
