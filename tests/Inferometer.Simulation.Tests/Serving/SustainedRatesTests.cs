using System.Globalization;
using System.Text.RegularExpressions;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Serving;

namespace Inferometer.Simulation.Tests.Serving;

/// <summary>A server whose steps take 0.1 s each: an answer of 50 tokens takes 5 s, however many are answered beside it.</summary>
public sealed partial class SustainedRatesTests
{
    private const int Output = 50;
    private const double Rate = 4;

    [Fact]
    public void At_a_rate_it_answers_as_many_as_come_whatever_filling_and_emptying_take()
    {
        ServiceResult result = Serve(Open(200));
        SustainedRates full = result.Load.Sustained!;

        // 200 requests come in 50 s, and the last is answered 5 s later.
        Assert.InRange(result.Report.Value.RequestsPerSecond, 0.85 * Rate, 0.95 * Rate);
        Assert.Equal(Rate, full.RequestsPerSecond, 0.02 * Rate);
        Assert.Equal(Rate * Output, full.OutputTokensPerSecond, 0.02 * Rate * Output);
        Assert.DoesNotContain(result.Warnings, w => w.StartsWith("Requests come", StringComparison.Ordinal));
    }

    [Fact]
    public void Cost_is_the_rent_over_what_is_sustained()
    {
        ServiceLoad load = Serve(Open(200), price: 3.6).Load;
        Assert.Equal(0.001 / load.Sustained!.RequestsPerSecond, load.CostPerRequestUsd!.Value, 1e-9);
        Assert.Equal(1000 / load.Sustained.OutputTokensPerSecond, load.CostPerMillionTokensUsd!.Value, 1e-6);
        Assert.Equal(3.6 * 730, load.CostPerMonthUsd!.Value, 1e-6);
    }

    // 120 requests in 5 s that take 5 s each: while they come none is answered.
    [Fact]
    public void Requests_that_come_for_a_shorter_time_than_they_take_say_how_many_would_tell()
    {
        const double fast = 24;
        ServiceResult result = Serve(Open(120, fast));
        Assert.Null(result.Load.Sustained);
        string warning = Assert.Single(result.Warnings, w => w.StartsWith("Requests come", StringComparison.Ordinal));
        int asked = int.Parse(Asked().Match(warning).Groups["count"].Value, CultureInfo.InvariantCulture);
        Assert.Equal(fast, Serve(Open(asked, fast)).Load.Sustained!.RequestsPerSecond, 0.05 * fast);
    }

    [Fact]
    public void Users_are_answered_once_a_turn()
    {
        SustainedRates full = Serve(new TrafficOptions
        {
            Users = 6,
            RampSeconds = 5,
            Requests = 120,
            Input = LengthDistribution.Fixed(10),
            Output = LengthDistribution.Fixed(Output),
        }).Load.Sustained!;
        Assert.Equal(6 / (0.1 * Output), full.RequestsPerSecond, 0.05);
    }

    // What is counted is a part of what there is: never more than all tokens over the time in which they came.
    [Theory]
    [InlineData("poisson", 2, 150)]
    [InlineData("gamma:0.3", 5, 300)]
    [InlineData("poisson", 400, 300)]
    public void No_more_is_sustained_than_steps_give(string spread, double rate, int requests)
    {
        ServiceResult result = Serve(Open(requests, rate, spread), sequences: 8);
        Assert.True(result.Load.Sustained is { } full
            && full.OutputTokensPerSecond <= 8 / 0.1 * 1.0001
            && (full.ToSeconds - full.FromSeconds) * full.OutputTokensPerSecond <= result.Load.OutputTokens * 1.0001);
        Assert.True(
            result.Overload is null || Math.Abs(result.Overload.CompletionsPerSecond - (8 / (0.1 * Output))) < 0.1,
            "full batches of eight");
    }

    private static TrafficOptions Open(int requests, double rate = Rate, string spread = "constant") => new()
    {
        Process = ArrivalProcess.Parse(spread, rate),
        Requests = requests,
        Input = LengthDistribution.Fixed(10),
        Output = LengthDistribution.Fixed(Output),
    };

    private static ServiceResult Serve(TrafficOptions traffic, double? price = null, int sequences = 1000)
    {
        FixedPlan plan = new(0.1, Sample.Request(Sample.Llama3) with
        {
            System = Sample.RealSystem with { Device = Sample.RealSystem.Device with { PricePerHourUsd = price } },
        });
        return ServingSimulation.Serve(
            new GeneratedArrivals(traffic), plan,
            new() { BlockCount = 10_000, WarmUp = new WarmUp(traffic.Users, 0), Scheduler = new() { MaxSequences = sequences } },
            TestContext.Current.CancellationToken);
    }

    [GeneratedRegex("--requests (?<count>[0-9]+)", RegexOptions.ExplicitCapture | RegexOptions.NonBacktracking)]
    private static partial Regex Asked();
}
