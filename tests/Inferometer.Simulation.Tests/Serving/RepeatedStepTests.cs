using FsCheck;
using FsCheck.Fluent;
using Inferometer.Scheduling;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Serving;
using Inferometer.Simulation.Tests.Costs;

namespace Inferometer.Simulation.Tests.Serving;

/// <summary>Steps run in one go give what the same steps give one by one: to the last bit, in everything that a result holds.</summary>
public sealed class RepeatedStepTests
{
    private static ICostPlan Llama { get; } = Pricing.Plan(Sample.Request(Sample.Llama3) with { System = Sample.RealSystem });

    [Fact]
    public void Running_ahead_changes_nothing()
    {
        Prop.ForAll(Cases(), AssertSame).Check(Config.QuickThrowOnFailure.WithMaxTest(150));
    }

    // Rare among random cases: a preempted sequence comes back with all but its last token in the prefix cache, so that it decodes
    // in the step that admits it.
    [Fact]
    public void A_preempted_sequence_that_is_cached_but_for_one_token_decodes() =>
        AssertSame(new(28, 232, 0, 3, 40, 30, 1, RoutingPolicy.PrefixAffine, false, 0, true, true, 1767));

    [Fact]
    public void Requests_end_once_and_in_order_of_time_whatever_the_policy()
    {
        Prop.ForAll(Cases(), c =>
        {
            ServiceResult result = Serve(c, repeat: true);
            Assert.Equal(c.Requests, result.Outcomes.Count);
            Assert.All(result.Outcomes, o =>
            {
                Assert.Equal(FinishReason.Length, o.FinishReason);
                Assert.InRange(o.OutputTokens, 1, 60);
                Assert.True(o.ArrivalSeconds <= o.AdmittedSeconds && o.AdmittedSeconds < o.FirstTokenSeconds, $"{o}");
                Assert.True(o.FirstTokenSeconds <= o.LastTokenSeconds && o.LastTokenSeconds <= o.FinishSeconds, $"{o}");
            });
            Assert.Equal(result.Outcomes.Sum(o => (long)o.OutputTokens), result.Report.Value.OutputTokens);
            Assert.Equal(result.Outcomes.Count, result.Report.Value.Completed);
            Assert.InRange(result.Load.BusyShare, 0, 1);
            Assert.InRange(result.Load.PeakKvUse, result.Load.MeanKvUse, 1);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(60));
    }

    private static void AssertSame(Case c)
    {
        ServiceResult ahead = Serve(c, repeat: true);
        ServiceResult single = Serve(c, repeat: false);
        Assert.Equal(single.Outcomes, ahead.Outcomes);
        Assert.Equal(single.Load, ahead.Load);
        Assert.Equal(single.OverTime, ahead.OverTime);
        Assert.Equal(single.Report.Value.InterTokenLatency, ahead.Report.Value.InterTokenLatency);
        Assert.Equal(single.Report.Value.TimePerOutputToken, ahead.Report.Value.TimePerOutputToken);
        Assert.Equal(single.Overload, ahead.Overload);
    }

    private static Arbitrary<Case> Cases() =>
        (from requests in Gen.Choose(1, 60)
         from rate in Gen.Choose(1, 300)
         from users in Gen.Choose(0, 12)
         from turns in Gen.Choose(1, 3)
         from shared in Gen.Elements(0, 40)
         from blocks in Gen.Elements(30, 60, 500)
         from replicas in Gen.Choose(1, 3)
         from routing in Gen.Elements(RoutingPolicy.RoundRobin, RoutingPolicy.LeastTokens, RoutingPolicy.PrefixAffine)
         from apart in Gen.Elements(false, false, true)
         from policy in Gen.Choose(0, 5)
         from caching in Gen.Elements(true, false)
         from beside in Gen.Elements(false, true)
         from seed in Gen.Choose(0, 10_000)
         select new Case(
             requests, rate, users, turns, shared, blocks, replicas, routing, apart && replicas > 1, policy, caching, beside, seed))
             .ToArbitrary();

    private static ServiceResult Serve(Case c, bool repeat)
    {
        TrafficOptions traffic = new()
        {
            Process = c.Users > 0 ? null : ArrivalProcess.Parse("gamma:0.5", c.Rate),
            Users = c.Users,
            Think = new ThinkTime(0.01, c.Seed % 2 == 0),
            Input = LengthDistribution.Parse("uniform:1,90"),
            Output = LengthDistribution.Parse("uniform:1,60"),
            Turns = c.Turns == 1 ? null : LengthDistribution.Fixed(c.Turns),
            SharedPrefixTokens = c.Shared,
            SharedPrefixes = 2,
            Requests = c.Requests,
            Seed = (ulong)c.Seed,
        };
        SchedulerOptions scheduler = c.Policy switch
        {
            1 => new() { PrefillFirst = true, MaxTokensPerStep = 64 },
            2 => new() { ReserveForOutput = true, MaxSequences = 6 },
            3 => new() { Batching = BatchingMode.Static, MaxSequences = 4 },
            4 => new() { MaxTokensPerStep = 8, MaxSequences = 8 },
            5 => new() { ChunkedPrefill = false, MaxTokensPerStep = 32 },
            _ => new(),
        };
        return ServingSimulation.Serve(
            new GeneratedArrivals(traffic),
            Llama,
            new ServingSimulationOptions
            {
                Scheduler = scheduler,
                BlockCount = c.Blocks,
                PrefixCaching = c.Caching,
                Replicas = c.Replicas,
                Routing = c.Routing,
                Disaggregation = c.Apart ? new Disaggregation { PrefillReplicas = 1, BandwidthBytesPerSecond = 50e9, LatencySeconds = 1e-5 }
                    : null,
                KeepOutcomes = true,
                RepeatSteps = repeat,
                Overhead = new StepOverhead(1e-4, 1e-5),
                Coefficients = c.Beside ? new ServiceCoefficients(0.6, 0.8, 2e-3, 3.5, 1e-4) : null,
            },
            TestContext.Current.CancellationToken);
    }

    private sealed record Case(
        int Requests, int Rate, int Users, int Turns, int Shared, int Blocks, int Replicas, RoutingPolicy Routing, bool Apart, int Policy,
        bool Caching, bool Beside, int Seed);
}
