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

    private static Predicted<ServingReport> Run(ArrivalTrace trace, ICostPlan plan, ServingSimulationOptions? options = null) =>
        ServingSimulation.Run(trace, plan, options, TestContext.Current.CancellationToken);
}
