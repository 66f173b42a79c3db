using Inferometer.Core.Catalog;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Serving;
using Inferometer.Simulation.Tests.Costs;

namespace Inferometer.Simulation.Tests.Serving;

/// <summary>What a service is asked where nobody says more than a rate or users.</summary>
public sealed class UsualTrafficTests
{
    private static ICostPlan Llama { get; } = Pricing.Plan(
        Sample.Request(Sample.Llama3) with { System = HardwareCatalog.BuiltIn.Find("B200_SXM") });

    [Theory]
    [InlineData(0.05, 100, 300)]
    [InlineData(1, 500, 2000)]
    [InlineData(2, 1000, 3000)]
    [InlineData(6, 100, 2000)]
    public void They_are_enough_to_say_what_a_rate_comes_to(double rate, int input, int output)
    {
        TrafficOptions asked = Open(rate, input, output);
        int requests = UsualTraffic.Requests(Llama, asked);
        ServiceResult result = ServingSimulation.Serve(
            new GeneratedArrivals(asked with { Requests = requests }), Llama, new() { WarmUp = new WarmUp(requests / 10, 0) },
            TestContext.Current.CancellationToken);
        Assert.Null(result.Overload);
        Assert.Equal(rate, result.Load.Sustained!.RequestsPerSecond, 0.12 * rate);
        double inFlight = result.Report.Value.MeanRequestsInSystem;
        Assert.InRange(requests, Math.Max(UsualTraffic.LeastRequests, 7 * inFlight), Math.Max(UsualTraffic.LeastRequests, 16 * inFlight));
    }

    [Fact]
    public void Replicas_share_a_rate()
    {
        TrafficOptions asked = Open(6, 1000, 3000);
        int one = UsualTraffic.Requests(Llama, asked), four = UsualTraffic.Requests(Llama, Open(24, 1000, 3000), replicas: 4);
        Assert.InRange(four, 3.8 * one, 4.2 * one);
    }

    // A queue without bound is seen soon, but what the service sustains beside it only once it is full.
    [Fact]
    public void An_overloaded_service_is_asked_often_enough_to_say_what_it_sustains()
    {
        TrafficOptions asked = Open(1000, 1000, 300);
        int requests = UsualTraffic.Requests(Llama, asked);
        ServiceResult result = ServingSimulation.Serve(
            new GeneratedArrivals(asked with { Requests = requests }), Llama, new() { WarmUp = new WarmUp(requests / 10, 0) },
            TestContext.Current.CancellationToken);
        Assert.NotNull(result.Overload);
        Assert.InRange(result.Load.Sustained!.RequestsPerSecond, 1, 999);
    }

    [Theory]
    [InlineData(1, 1000)]
    [InlineData(100, 1000)]
    [InlineData(123, 1300)]
    [InlineData(5000, 20_000)]
    public void Users_ask_ten_times_each(int users, int requests) =>
        Assert.Equal(requests, UsualTraffic.Requests(Llama, Open(1, 500, 50) with { Process = null, Users = users }));

    private static TrafficOptions Open(double rate, int input, int output) => new()
    {
        Process = ArrivalProcess.Parse("poisson", rate),
        Input = LengthDistribution.Fixed(input),
        Output = LengthDistribution.Fixed(output),
    };
}
