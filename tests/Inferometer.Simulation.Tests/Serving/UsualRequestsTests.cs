using Inferometer.Core.Catalog;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Serving;
using Inferometer.Simulation.Tests.Costs;

namespace Inferometer.Simulation.Tests.Serving;

/// <summary>How many requests are simulated where nobody says.</summary>
public sealed class UsualRequestsTests
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
        int requests = UsualRequests.Of(Llama, asked);
        ServiceResult result = ServingSimulation.Serve(
            new GeneratedArrivals(asked with { Requests = requests }), Llama, new() { WarmUp = new WarmUp(requests / 10, 0) },
            TestContext.Current.CancellationToken);
        Assert.Null(result.Overload);
        Assert.Equal(rate, result.Load.Sustained!.RequestsPerSecond, 0.12 * rate);
        double most = Math.Max(UsualRequests.Least, 16 * result.Report.Value.MeanRequestsInSystem), least = 7 * result.Report.Value.MeanRequestsInSystem;
        Assert.InRange(requests, Math.Max(UsualRequests.Least, least), most);
    }

    [Fact]
    public void Replicas_share_a_rate()
    {
        TrafficOptions asked = Open(3, 1000, 3000);
        Assert.Equal(
            4.0 * UsualRequests.Of(Llama, asked), UsualRequests.Of(Llama, Open(12, 1000, 3000), replicas: 4), 0.06 * 4 * UsualRequests.Most);
        Assert.Equal(UsualRequests.Least, UsualRequests.Of(Llama, Open(1e5, 1000, 3000))); // a queue without bound shows soon
    }

    [Theory]
    [InlineData(1, 10, 1000)]
    [InlineData(100, 10, 1000)]
    [InlineData(123, 10, 1300)]
    [InlineData(123, 5, 1000)]
    [InlineData(5000, 10, 20_000)]
    public void Users_ask_so_often_each(int users, int each, int requests) =>
        Assert.Equal(requests, UsualRequests.Of(Llama, Open(1, 500, 50) with { Process = null, Users = users }, eachInFlight: each));

    private static TrafficOptions Open(double rate, int input, int output) => new()
    {
        Process = ArrivalProcess.Parse("poisson", rate),
        Input = LengthDistribution.Fixed(input),
        Output = LengthDistribution.Fixed(output),
    };
}
