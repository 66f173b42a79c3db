using Inferometer.Core;
using Inferometer.Core.Catalog;
using Inferometer.Scheduling;
using Inferometer.Serving;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;
using Inferometer.Simulation.Serving;
using Inferometer.Simulation.Tests.Costs;

namespace Inferometer.Simulation.Tests.Serving;

public sealed class ServiceTests
{
    private static ICostPlan Llama { get; } = Pricing.Plan(Sample.Request(Sample.Llama3) with { System = Sample.RealSystem });

    [Fact]
    public void A_user_who_asks_on_being_answered_misses_the_step_that_has_begun()
    {
        // Of two users the one with the shorter answer asks again while the other's next step runs, which takes nobody in any more.
        RequestOutcome[] at = [.. Served(0).Outcomes], late = [.. Served(0.01).Outcomes];
        Assert.NotEqual(at[0].OutputTokens, at[1].OutputTokens);
        double answered = Math.Min(at[0].LastTokenSeconds, at[1].LastTokenSeconds);
        Assert.Equal((answered, answered + 0.1), (at[2].ArrivalSeconds, Math.Round(at[2].FirstTokenSeconds, 9)));

        // Tokens take their time to arrive, the first ones too; the new prompt is read in the step after the one under way.
        Assert.Equal(at[0].FirstTokenSeconds + 0.01, late[0].FirstTokenSeconds, 1e-9);
        Assert.Equal(answered + 0.01, late[2].ArrivalSeconds, 1e-9);
        Assert.Equal(answered + 0.2 + 0.01, late[2].FirstTokenSeconds, 1e-9);

        static ServiceResult Served(double handOver) => ServingSimulation.Serve(
            new GeneratedArrivals(new TrafficOptions
            {
                Users = 2,
                RampSeconds = 0.1, // one after the other
                Requests = 3,
                Input = LengthDistribution.Fixed(10),
                Output = LengthDistribution.Parse("uniform:2,9"),
                Seed = 3,
            }),
            new FixedPlan(0.1), new() { BlockCount = 1000, KeepOutcomes = true, HandOverSeconds = handOver },
            TestContext.Current.CancellationToken);
    }

    // Seen on the engine: of eight users who ask at once, one to five are in its first step.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_service_that_is_handed_requests_begins_with_the_first_of_those_who_ask_at_once(bool repeats)
    {
        // Steps of 0.1 s, answers of three tokens. The first user's prompt is step 1 and the others' are step 2, beside its second token;
        // its answer ends with step 3, theirs with step 4. It asks again during step 4 and is alone in step 5, they ask during that.
        double[] first = [0.11, 0.21, 0.21, 0.21, 0.51, 0.61, 0.61, 0.61], asked = [0, 0, 0, 0, 0.31, 0.41, 0.41, 0.41];
        RequestOutcome[] handed = Served(0.01);
        Assert.Equal(asked, handed.Select(r => Math.Round(r.ArrivalSeconds, 9)));
        Assert.Equal(first, handed.Select(r => Math.Round(r.FirstTokenSeconds, 9)));

        // Where nothing is handed over, all are in one step.
        Assert.All(Served(0), r => Assert.Equal(0.1, r.FirstTokenSeconds - r.ArrivalSeconds, 1e-9));

        RequestOutcome[] Served(double handOver) => [.. ServingSimulation.Serve(
            new GeneratedArrivals(new TrafficOptions
            {
                Users = 4,
                Requests = 8,
                Input = LengthDistribution.Fixed(10),
                Output = LengthDistribution.Fixed(3),
            }),
            new FixedPlan(0.1),
            new() { BlockCount = 1000, KeepOutcomes = true, HandOverSeconds = handOver, RepeatSteps = repeats },
            TestContext.Current.CancellationToken).Outcomes];
    }

    [Fact]
    public void Requests_take_their_way_to_the_engine_and_back_and_users_wait_for_it()
    {
        ServiceCoefficients coefficients = new(1, 1, AdmissionSeconds: 0.03, AdmissionSteps: 2.5, AdmissionSecondsPerSequence: 0.005);
        ServiceResult at = Served(null), late = Served(coefficients);
        const double Beside = 0.03 + (2 * 0.1) + 0.005; // one user, steps of 0.1 s
        Assert.Equal(0, at.Load.BesideSeconds);
        Assert.Equal(Beside, late.Load.BesideSeconds, 1e-9);
        for (int i = 0; i < 3; i++)
        {
            RequestOutcome was = at.Outcomes[i], now = late.Outcomes[i];
            Assert.Equal(was.ArrivalSeconds + (i * Beside), now.ArrivalSeconds, 1e-9);
            Assert.Equal(was.FirstTokenSeconds - was.ArrivalSeconds + Beside, now.FirstTokenSeconds - now.ArrivalSeconds, 1e-9);
            Assert.Equal(was.LastTokenSeconds - was.FirstTokenSeconds, now.LastTokenSeconds - now.FirstTokenSeconds, 1e-9);
        }

        // Little's law of the users: each always has one request under way, on its way or with the engine.
        ServingReport report = late.Report.Value;
        Assert.Equal(1, report.RequestsPerSecond * report.EndToEnd!.Mean, 1e-6);
        Assert.InRange(late.OverTime.Max(p => p.Running), 0.1, 1); // with the engine

        static ServiceResult Served(ServiceCoefficients? coefficients) => ServingSimulation.Serve(
            new GeneratedArrivals(new TrafficOptions
            {
                Users = 1,
                Requests = 3,
                Input = LengthDistribution.Fixed(10),
                Output = LengthDistribution.Fixed(5),
            }),
            new FixedPlan(0.1), new() { BlockCount = 1000, KeepOutcomes = true, Coefficients = coefficients },
            TestContext.Current.CancellationToken);
    }

    [Theory]
    [InlineData(0, 0, 1, 0, "a share of 0 of prompts")]
    [InlineData(1, -1, 1, 0, "-1 s to admit")]
    [InlineData(1, 0, -1, 0, "-1 steps to admit")]
    [InlineData(1, 0, 1, double.NaN, "NaN s of admission a sequence")]
    public void Impossible_coefficients_are_named(double share, double seconds, double steps, double sequence, string named)
    {
        InferometerException error = Assert.Throws<InferometerException>(
            () => Serve(One(10, 10), new() { Coefficients = new(share, 1, seconds, steps, sequence) }));
        Assert.Contains(named, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0.3)]
    [InlineData(0.7)]
    [InlineData(0.9)]
    public void One_server_with_equal_service_times_waits_as_MD1(double load)
    {
        const double Service = 0.01;
        MetricSummary queue = Alone(ArrivalTrace.Poisson(200_000, load / Service, 1, 1, seed: 4), Service).Queue!;
        double expected = load * Service / (2 * (1 - load)); // Pollaczek and Khinchine
        Assert.Equal(expected, queue.Mean, (load > 0.8 ? 0.1 : 0.03) * expected);
    }

    [Theory]
    [InlineData(0.3)]
    [InlineData(0.7)]
    [InlineData(0.9)]
    public void One_server_with_exponential_service_times_waits_as_MM1(double load)
    {
        // A step of five microseconds for each token, lengths exponential with mean 200: service of a millisecond.
        SeededRandom random = new(5, 0);
        double now = 0;
        ArrivalTrace trace = new(Enumerable.Range(0, 100_000).Select(_ =>
        {
            now += random.Exponential() / (load * 1000);
            return new Arrival { Seconds = now, InputTokens = 1, OutputTokens = (int)Math.Ceiling(200 * random.Exponential()) };
        }));
        MetricSummary queue = Alone(trace, 5e-6).Queue!;
        double expected = load / (1 - load) * 1e-3;
        Assert.Equal(expected, queue.Mean, (load > 0.8 ? 0.12 : 0.04) * expected);
        Assert.Equal(expected * Math.Sqrt((2 - load) / load), queue.StandardDeviation, 0.2 * expected * Math.Sqrt((2 - load) / load));
    }

    [Fact]
    public void Requests_in_the_system_over_time_are_times_in_it_by_Littles_law()
    {
        ServiceResult result = Serve(Open(40, 500, seed: 3), new() { BlockCount = 400 });
        double overTime = result.OverTime.Average(p => p.Waiting + p.Running);
        double width = result.OverTime[1].Seconds;
        double times = result.Outcomes.Sum(o => o.FinishSeconds - o.ArrivalSeconds);
        Assert.Equal(times, overTime * width * result.OverTime.Count, 1e-6 * times);
        Assert.Equal(result.Outcomes.Sum(o => (double)o.OutputTokens), result.OverTime.Sum(p => p.OutputTokensPerSecond) * width, 1e-3);
    }

    [Fact]
    public void Users_in_the_system_and_thinking_are_all_users()
    {
        // Interactive response time law: users = throughput x (response + thinking).
        GeneratedArrivals users = new(new TrafficOptions
        {
            Users = 20,
            Think = new ThinkTime(0.5, IsExponential: true),
            Input = LengthDistribution.Fixed(100),
            Output = LengthDistribution.Fixed(50),
            Requests = 4000,
            Seed = 2,
        });
        ServingReport report = Serve(users, new() { WarmUp = new WarmUp(200, 0) }).Report.Value;
        Assert.Equal(20, report.RequestsPerSecond * (report.EndToEnd!.Mean + 0.5), 0.6);
    }

    [Fact]
    public void A_user_who_is_answered_asks_again_without_waiting_for_the_others()
    {
        const double Step = 0.01;
        GeneratedArrivals users = new(new TrafficOptions
        {
            Users = 4,
            Input = LengthDistribution.Fixed(10),
            Output = LengthDistribution.Parse("uniform:5,90"),
            Requests = 200,
        });
        ServingReport report = ServingSimulation.Serve(
            users, new FixedPlan(Step), new() { BlockCount = 1000 }, TestContext.Current.CancellationToken).Report.Value;
        Assert.InRange(report.Queue!.Max, 0, Step); // the step that is under way, and no other
    }

    [Fact]
    public void Requests_that_come_too_fast_overload_it_and_others_do_not()
    {
        Assert.NotNull(Serve(Open(2000, 1500), new() { Scheduler = new() { MaxSequences = 8 } }).Overload);
        Assert.Null(Serve(Open(5, 400), new() { Scheduler = new() { MaxSequences = 8 } }).Overload);
        Assert.Null(
            Serve(new ArrivalTrace(Enumerable.Repeat(new Arrival { Seconds = 0, InputTokens = 9, OutputTokens = 9 }, 200)).ToSource(),
            new()).Overload);
    }

    // Ten milliseconds of work a token, shared by all: 2.5 requests a second of 40 tokens on average, and room for all of them in the
    // batch, so that nobody waits.
    [Theory]
    [InlineData(0.5, 1000, false)]
    [InlineData(0.8, 1000, false)]
    [InlineData(0.9, 2000, false)]
    [InlineData(1.35, 2000, true)]
    [InlineData(1.8, 1500, true)]
    public void A_batch_that_grows_as_long_as_requests_come_is_overload_too(double load, int requests, bool isOverloaded)
    {
        for (ulong seed = 1; seed <= 8; seed++)
        {
            ServiceResult result = Serve(
                Open(load * 100 / 40.5, requests, seed),
                new() { Scheduler = new() { MaxSequences = 4096, MaxTokensPerStep = 1 << 20 }, BlockCount = 100_000 },
                new SharedPlan(0.01));
            Assert.True(isOverloaded == result.Overload is not null, $"seed {seed}: {result.Overload}");
        }
    }

    // Steps of the same length whatever the batch keep up with any rate; at 25 requests a second and 20 seconds each, a batch fills for
    // as long as 500 requests come.
    [Theory]
    [InlineData(25, 100, 0.5)]
    [InlineData(25, 500, 0.5)]
    [InlineData(25, 2000, 0.5)]
    [InlineData(100, 3000, 0.1)]
    public void A_batch_that_fills_is_no_overload(double rate, int requests, double step)
    {
        for (ulong seed = 1; seed <= 8; seed++)
        {
            ServiceResult result = Serve(
                Open(rate, requests, seed),
                new() { Scheduler = new() { MaxSequences = 4096, MaxTokensPerStep = 1 << 20 }, BlockCount = 100_000 },
                new FixedPlan(step));
            Assert.True(result.Overload is null, $"seed {seed}: {result.Overload}");
        }
    }

    // A hundred requests within a microsecond: none is answered while they come, and the rate of answers is not 0 for that.
    [Fact]
    public void Requests_that_come_all_but_at_once_are_answered_at_the_throughput()
    {
        ServiceResult result = Serve(Open(1e9, 100), new() { Scheduler = new() { MaxSequences = 8 } });
        Assert.Equal(result.Load.Sustained!.RequestsPerSecond, result.Overload!.CompletionsPerSecond);
        Assert.True(result.Overload.CompletionsPerSecond > result.Report.Value.RequestsPerSecond, "the last ones leave room");
    }

    // A clock that counts picoseconds ends after 106 days: what leads there is one clear error, whatever it is.
    [Theory]
    [InlineData("poisson", 1e-6, 0, 1e-2)]
    [InlineData("constant", 1e-300, 0, 1e-2)]
    [InlineData("diurnal:0.6,86400", 1e-6, 0, 1e-2)]
    [InlineData(null, 0, 1e6, 1e-2)]
    [InlineData("constant", 1, 0, 1e8)]
    public void Time_beyond_the_clock_is_refused(string? process, double rate, double think, double step)
    {
        GeneratedArrivals arrivals = new(new TrafficOptions
        {
            Process = process is null ? null : ArrivalProcess.Parse(process, rate),
            Users = process is null ? 1 : 0,
            Think = new ThinkTime(think),
            Input = LengthDistribution.Fixed(10),
            Output = LengthDistribution.Fixed(2),
            Requests = 20,
        });
        string error = Assert.Throws<InferometerException>(() => ServingSimulation.Serve(
            arrivals, new FixedPlan(step), new() { BlockCount = 1000 }, TestContext.Current.CancellationToken)).Message;
        Assert.Contains("passes 100 days", error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_warm_up_is_served_and_not_measured()
    {
        ServiceResult all = Serve(Open(20, 200), new());
        ServiceResult cut = Serve(Open(20, 200), new() { WarmUp = new WarmUp(50, 0) });
        Assert.Equal((200L, 150L), (all.Report.Value.Completed, cut.Report.Value.Completed));
        Assert.Equal(all.Outcomes, cut.Outcomes);
        Assert.Equal(all.Load, cut.Load);
        ServingReport expected = ServingReportOf(all.Outcomes.Skip(50));
        Assert.Equal(expected.TimeToFirstToken, cut.Report.Value.TimeToFirstToken);
        Assert.Equal(all.Outcomes.Skip(50).Sum(o => o.OutputTokens - 1L), cut.Report.Value.InterTokenLatency!.Count);
    }

    [Fact]
    public void Gaps_add_up_to_the_time_between_first_and_last_tokens()
    {
        ServiceResult result = Serve(Open(60, 300), new() { BlockCount = 100 });
        MetricSummary gaps = result.Report.Value.InterTokenLatency!;
        double decoding = result.Outcomes.Sum(o => o.LastTokenSeconds - o.FirstTokenSeconds);
        Assert.Equal(decoding, gaps.Mean * gaps.Count, 1e-6 * decoding);
        Assert.Equal(result.Outcomes.Max(o => o.LongestGapSeconds), gaps.Max, 1e-12);
    }

    [Fact]
    public void An_urgent_request_overtakes_a_long_queue()
    {
        Arrival[] arrivals = [.. Enumerable.Range(0, 300).Select(i => new Arrival { Seconds = 0, InputTokens = 50, OutputTokens = 10 })];
        Arrival urgent = new() { Seconds = 0.001, InputTokens = 50, OutputTokens = 10, Priority = 5 };
        ServiceResult result = Serve(new ArrivalTrace([.. arrivals, urgent]).ToSource(), new() { Scheduler = new() { MaxSequences = 4 } });
        Assert.True(result.Outcomes[^1].AdmittedSeconds < result.Outcomes[20].AdmittedSeconds, $"{result.Outcomes[^1]}");
    }

    [Fact]
    public void Keys_and_values_cross_the_link_between_prefill_and_decode()
    {
        Disaggregation apart = new() { PrefillReplicas = 1, BandwidthBytesPerSecond = 1e9, LatencySeconds = 0.25 };
        ServingSimulationOptions options = new() { Replicas = 2, Disaggregation = apart, Overhead = new StepOverhead(1e-3, 0) };
        RequestOutcome outcome = Serve(One(1000, 3), options).Outcomes[0];
        double prefill = Llama.Step([new PrefillChunk(0, 512, EndsPrompt: false)], []).LatencySeconds
            + Llama.Step([new PrefillChunk(512, 488)], []).LatencySeconds + 2e-3;
        double transfer = 0.25 + (Llama.KvBytesPerToken!.Value * 1000 / 1e9);
        double decode = Llama.Step([], [new DecodeGroup(1001)]).LatencySeconds + Llama.Step([], [new DecodeGroup(1002)]).LatencySeconds
            + 2e-3;
        Assert.Equal(prefill, outcome.FirstTokenSeconds, 1e-9);
        Assert.Equal(prefill + transfer + decode, outcome.LastTokenSeconds, 1e-9);
        Assert.Equal((1, 3), (outcome.Replica, outcome.OutputTokens));
    }

    [Fact]
    public void A_second_replica_halves_the_load_and_the_least_loaded_one_is_found()
    {
        ServiceResult one = Serve(Open(300, 600), new() { Scheduler = new() { MaxSequences = 8 } });
        ServiceResult two =
            Serve(Open(300, 600), new() { Scheduler = new() { MaxSequences = 8 }, Replicas = 2, Routing = RoutingPolicy.LeastTokens });
        Assert.True(two.Report.Value.Queue!.Mean < 0.6 * one.Report.Value.Queue!.Mean);
        int first = two.Outcomes.Count(o => o.Replica == 0);
        Assert.InRange(first, 250, 350);
    }

    [Fact]
    public void Conversations_stay_where_their_history_is()
    {
        ServiceResult Routed(RoutingPolicy routing) => Serve(
            new GeneratedArrivals(new TrafficOptions
            {
                Process = ArrivalProcess.Parse("poisson", 5),
                Turns = LengthDistribution.Fixed(5),
                Input = LengthDistribution.Fixed(200),
                Output = LengthDistribution.Fixed(20),
                Think = new ThinkTime(1),
                Requests = 500,
            }),
            new() { Replicas = 4, Routing = routing });
        ServingReport affine = Routed(RoutingPolicy.PrefixAffine).Report.Value, turn = Routed(RoutingPolicy.RoundRobin).Report.Value;
        Assert.True(affine.CachedTokens > 1.5 * turn.CachedTokens, $"{affine.CachedTokens} {turn.CachedTokens}");
    }

    [Fact]
    public void Accepted_drafts_come_together()
    {
        ICostPlan sure = Speculating(1), never = Speculating(0);
        ServiceResult together = Serve(One(100, 41), new(), sure), single = Serve(One(100, 41), new(), never);
        Assert.Equal(1 + 8, together.Load.Steps); // a prompt, then five tokens a step
        Assert.Equal(41, single.Load.Steps);
        Assert.Equal(41, together.Outcomes[0].OutputTokens);
        Assert.True(together.Outcomes[0].FinishSeconds < single.Outcomes[0].FinishSeconds);
        double mean = Serve(Open(10, 300), new() { Seed = 1 }, Speculating(0.7)).Report.Value.TimePerOutputToken!.Mean;
        Assert.InRange(mean, together.Report.Value.TimePerOutputToken!.Mean, single.Report.Value.TimePerOutputToken!.Mean * 1.5);
    }

    [Fact]
    public void Prompts_first_makes_first_tokens_early_and_later_ones_late()
    {
        ServingReport mixed = Serve(Open(60, 400), new()).Report.Value;
        ServingReport first = Serve(Open(60, 400), new() { Scheduler = new() { PrefillFirst = true } }).Report.Value;
        Assert.True(first.InterTokenLatency!.P99 > mixed.InterTokenLatency!.P50);
        Assert.Equal(mixed.OutputTokens, first.OutputTokens);
    }

    [Fact]
    public void What_never_fits_is_refused_with_its_reason()
    {
        ServiceResult result = Serve(One(100_000, 5), new() { BlockCount = 10 });
        Assert.Equal((0L, 1L), (result.Report.Value.Completed, result.Report.Value.Rejected));
        Assert.Contains("1 of 1 requests were refused", Assert.Single(result.Warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void Energy_and_rent_count_idle_time_as_well()
    {
        ServiceResult result = Serve(Open(0.5, 20), new());
        Assert.True(result.Load.BusyShare < 0.9);
        double device = Sample.RealSystem.Device.TdpWatts!.Value;
        Assert.InRange(result.Load.Watts!.Value, 0.3 * device * 0.99, device);
        Assert.Equal(result.Load.Joules!.Value / result.Load.OutputTokens, result.Load.JoulesPerOutputToken);
    }

    [Fact]
    public void A_simulation_can_be_cancelled()
    {
        using CancellationTokenSource source = new();
        source.Cancel();
        Assert.Throws<OperationCanceledException>(() => ServingSimulation.Serve(One(10, 10), Llama, null, source.Token));
    }

    [Theory]
    [InlineData("vllm")]
    [InlineData("sglang")]
    [InlineData("trtllm")]
    [InlineData("llama.cpp")]
    [InlineData("static")]
    [InlineData("inferometer")]
    public void Every_policy_serves_all_it_is_asked(string name)
    {
        ServingSimulationOptions options = FrameworkCatalog.Schedulers.Single(f => string.Equals(f.Name, name, StringComparison.Ordinal))
            .OptionsFor(Sample.RealSystem.Device, 8192);
        ServiceResult result = Serve(Open(20, 200), options);
        Assert.Equal(200, result.Load.Completed);
    }

    private static ICostPlan Speculating(double acceptance) => Pricing.Plan(Sample.Request(Sample.Llama3) with
    {
        System = Sample.RealSystem,
        Speculative = new SpeculativeSpec { DraftTokens = 4, AcceptanceRate = acceptance },
    });

    private static IArrivalSource One(int input, int output) => ArrivalTrace.Constant(1, 1, input, output).ToSource();

    private static GeneratedArrivals Open(double rate, int requests, ulong seed = 1) => new(new TrafficOptions
    {
        Process = ArrivalProcess.Parse("poisson", rate),
        Input = LengthDistribution.Parse("uniform:20,400"),
        Output = LengthDistribution.Parse("uniform:1,80"),
        Requests = requests,
        Seed = seed,
    });

    private static ServiceResult Serve(IArrivalSource source, ServingSimulationOptions options, ICostPlan? plan = null) =>
        ServingSimulation.Serve(source, plan ?? Llama, options with { KeepOutcomes = true }, TestContext.Current.CancellationToken);

    private static ServingReport ServingReportOf(IEnumerable<RequestOutcome> outcomes)
    {
        ServingTally tally = new();
        foreach (RequestOutcome outcome in outcomes)
        {
            tally.Add(outcome);
        }

        return tally.Report();
    }

    private static ServingReport Alone(ArrivalTrace trace, double stepSeconds) => ServingSimulation.Serve(
        trace.ToSource(),
        new FixedPlan(stepSeconds),
        new ServingSimulationOptions
        {
            Scheduler = new SchedulerOptions { Batching = BatchingMode.Off, MaxSequenceTokens = 100_000, MaxQueueLength = int.MaxValue },
            BlockCount = 10_000,
            PrefixCaching = false,
        },
        TestContext.Current.CancellationToken).Report.Value;
}
