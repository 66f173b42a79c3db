using FsCheck;
using FsCheck.Fluent;
using Inferometer.Core;
using Inferometer.Core.Origins;
using Inferometer.Scheduling;
using Inferometer.Serving;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;
using Inferometer.Simulation.Serving;
using Inferometer.Simulation.Tests.Costs;

namespace Inferometer.Simulation.Tests.Serving;

public sealed class ServingSimulationTests
{
    private static ICostPlan Llama { get; } = Pricing.Plan(Sample.Request(Sample.Llama3) with { System = Sample.RealSystem });

    [Fact]
    public void A_request_alone_takes_its_prompt_and_then_its_steps_one_by_one()
    {
        ServingReport report = Run(ArrivalTrace.Constant(1, 1, 100, 5), Llama).Value;
        double first = Llama.Step([new PrefillChunk(0, 100)], []).LatencySeconds;
        double rest = Enumerable.Range(101, 4).Sum(context => Llama.Step([], [new DecodeGroup(context)]).LatencySeconds);
        Assert.Equal(first, report.TimeToFirstToken!.Mean, 1e-9);
        Assert.Equal(first + rest, report.EndToEnd!.Mean, 1e-9);
        Assert.Equal(rest / 4, report.TimePerOutputToken!.Mean, 1e-9);
        Assert.Equal((1, 5, 100), (report.Completed, report.OutputTokens, report.PromptTokens));
    }

    [Fact]
    public void A_prompt_longer_than_the_budget_is_priced_in_chunks_beside_the_sequence_that_decodes()
    {
        ArrivalTrace trace =
            new([new() { Seconds = 0, InputTokens = 10, OutputTokens = 3 }, new() { Seconds = 1e-9, InputTokens = 150, OutputTokens = 1 }]);
        ServingSimulationOptions options = new()
        {
            Scheduler = new SchedulerOptions { MaxTokensPerStep = 100 },
            Recorder = new ServingRecorderOptions(),
        };
        ServingReport report = Run(trace, Llama, options).Value;
        double[] steps =
        [
            Llama.Step([new PrefillChunk(0, 10)], []).LatencySeconds,
            Llama.Step([new PrefillChunk(0, 99, EndsPrompt: false)], [new DecodeGroup(11)]).LatencySeconds,
            Llama.Step([new PrefillChunk(99, 51)], [new DecodeGroup(12)]).LatencySeconds,
        ];
        Assert.Equal(steps.Sum(), report.DurationSeconds, 1e-9);
        Assert.Equal(2, report.Completed);
    }

    [Theory]
    [InlineData(0.9, 1)]
    [InlineData(0.9, 0.95)]
    [InlineData(0.25, 1)]
    [InlineData(0.25, 0.25)]
    [InlineData(1.5, 1)]
    public void Of_prompts_in_a_step_that_decodes_a_share_is_felt_and_their_first_tokens_wait_for_the_rest(double share, double own)
    {
        ArrivalTrace trace =
            new([new() { Seconds = 0, InputTokens = 10, OutputTokens = 2 }, new() { Seconds = 1e-9, InputTokens = 150, OutputTokens = 1 }]);
        PhaseTotals first = Llama.Step([new PrefillChunk(0, 10)], []);
        PhaseTotals mixed = Llama.Step([new PrefillChunk(0, 150)], [new DecodeGroup(11)]);
        double decode = Llama.Step([], [new DecodeGroup(11)]).LatencySeconds, whole = mixed.LatencySeconds;
        double alone = Math.Max(own * first.LatencySeconds, Peak(first)), felt = Math.Max(decode + (share * (whole - decode)), Peak(mixed));
        ServiceResult result = ServingSimulation.Serve(
            trace.ToSource(), Llama, new()
            {
                Coefficients = ServiceCoefficients.None with { PromptShare = share, OwnPromptShare = own },
                KeepOutcomes = true,
            }, TestContext.Current.CancellationToken);

        Assert.Equal(alone, result.Outcomes[0].FirstTokenSeconds, 1e-9);
        Assert.Equal(alone + felt, result.Outcomes[0].LastTokenSeconds, 1e-9);
        Assert.Equal(alone + Math.Max(felt, own * whole), result.Outcomes[1].FirstTokenSeconds, 1e-9);
        Assert.Equal(result.Outcomes[1].FirstTokenSeconds, result.Outcomes[1].FinishSeconds, 1e-9);
        Assert.Equal(Math.Max(0, (own * whole) - felt) / 2, result.Load.PromptLeftSeconds, 1e-9);
        Assert.Equal(0, result.Load.BesideSeconds, 1e-12);

        static double Peak(in PhaseTotals step) =>
            step.LatencySeconds * Math.Max(step.FlopUtilization, step.BandwidthUtilization);
    }

    [Fact]
    public void Ranks_with_attention_of_their_own_have_limits_of_their_own()
    {
        ArrivalTrace trace = new(Enumerable.Range(0, 4).Select(_ => new Arrival { Seconds = 0, InputTokens = 100, OutputTokens = 1 }));
        ServingSimulationOptions options = new()
        {
            Scheduler = new SchedulerOptions { MaxTokensPerStep = 100, MaxSequences = 1 },
            BlockCount = 1000,
        };
        EstimateRequest one = Sample.Request(Sample.Llama3) with { System = Sample.RealSystem };
        FixedPlan ranks = new(1, one with { Parallelism = new(Data: 4, AttentionDataParallel: true) });
        Assert.Equal(1, Run(trace, ranks, options).Value.DurationSeconds, 1e-9);
        Assert.Equal(4, Run(trace, new FixedPlan(1), options).Value.DurationSeconds, 1e-9);
    }

    [Fact]
    public void An_observer_hears_of_every_step_and_every_request()
    {
        Listener listener = new();
        ServiceResult result = ServingSimulation.Serve(
            ArrivalTrace.Poisson(50, 20, 200, 10, seed: 5).ToSource(), Llama,
            new() { WarmUp = new WarmUp(10, 0), Observer = listener }, TestContext.Current.CancellationToken);
        Assert.Equal(result.Load.Steps, listener.Steps);
        Assert.Equal(Enumerable.Range(0, 50).Select(i => ((long)i, i >= 10)), listener.Ended.Order());
        Assert.True(listener.Prompts > 0);
    }

    [Fact]
    public void Equal_inputs_give_equal_reports()
    {
        ArrivalTrace trace = ArrivalTrace.Poisson(300, 20, 200, 60, seed: 5);
        ServingReport first = Run(trace, Llama).Value, second = Run(trace, Llama).Value;
        Assert.Equal(first.DurationSeconds, second.DurationSeconds);
        Assert.Equal(first.TimeToFirstToken, second.TimeToFirstToken);
        Assert.Equal(first.EndToEnd, second.EndToEnd);
    }

    [Fact]
    public void Requests_of_a_group_find_their_beginning_in_the_cache()
    {
        static ServingReport OfGroup(string? group) => ServingSimulationTests.Run(
            new([.. Enumerable.Range(0, 4)
                .Select(i => new Arrival { Seconds = i * 10, InputTokens = 320, OutputTokens = 2, Group = group })]), Llama).Value;
        Assert.Equal(0, OfGroup(null).CachedTokens);
        Assert.Equal(3 * 304, OfGroup("system prompt").CachedTokens); // all full blocks but the last, whose logits are wanted
        Assert.True(OfGroup("system prompt").TimeToFirstToken!.Mean < OfGroup(null).TimeToFirstToken!.Mean);
    }

    [Fact]
    public void Every_request_ends_once_and_takes_no_less_than_alone()
    {
        Prop.ForAll(
            (from count in Gen.Choose(1, 40)
             from rate in Gen.Choose(1, 400)
             from input in Gen.Choose(1, 700)
             from output in Gen.Choose(1, 40)
             from seed in Gen.Choose(0, 1000)
             select (count, rate, input, output, seed)).ToArbitrary(),
            c =>
            {
                ArrivalTrace trace = ArrivalTrace.Poisson(c.count, c.rate, c.input, c.output, c.seed);
                ServingReport report = Run(trace, Llama, new() { BlockCount = 200 }).Value;
                double alone = Run(ArrivalTrace.Constant(1, 1, c.input, c.output), Llama).Value.EndToEnd!.Mean;
                Assert.Equal((c.count, (long)c.count * c.output), (report.Completed, report.OutputTokens));
                Assert.True(report.EndToEnd!.P50 >= alone * (1 - 1e-9));
                Assert.True(report.EndToEnd.P99 >= report.EndToEnd.P50);
            }).Check(Config.QuickThrowOnFailure.WithMaxTest(40));
    }

    [Fact]
    public void What_is_predicted_says_by_which_cost_model()
    {
        Predicted<ServingReport> predicted = Run(ArrivalTrace.Constant(1, 1, 1, 1), Llama);
        Assert.Equal("roofline", predicted.Model);
    }

    [Fact]
    public void A_model_that_leaves_no_room_for_the_cache_is_refused()
    {
        ICostPlan plan = Pricing.Plan(Sample.Request(Sample.DeepSeek) with { System = Sample.RealSystem });
        InferometerException error = Assert.Throws<InferometerException>(() => Run(ArrivalTrace.Constant(1, 1, 1, 1), plan));
        Assert.Contains("no room for a KV cache", error.Message, StringComparison.Ordinal);
    }

    private sealed class Listener : IServiceObserver
    {
        public long Steps { get; private set; }

        public int Prompts { get; private set; }

        public List<(long, bool)> Ended { get; } = [];

        public void OnStep(in ServiceStep step)
        {
            Steps++;
            double seconds = step.Plan.EndSeconds - step.Plan.BeginSeconds;
            Assert.InRange(step.DecodeSeconds, 0, seconds + 1e-9);
            Assert.InRange(step.Running, 1, 50);
            Prompts += step.DecodeSeconds < seconds - 1e-9 ? 1 : 0;
        }

        public void OnEnded(long number, bool isMeasured, Sequence sequence) => Ended.Add((number, isMeasured));
    }

    private static Predicted<ServingReport> Run(ArrivalTrace trace, ICostPlan plan, ServingSimulationOptions? options = null) =>
        ServingSimulation.Run(trace, plan, options, TestContext.Current.CancellationToken);
}
