using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Serving;
using Inferometer.Simulation.Tests.Costs;

namespace Inferometer.Simulation.Tests.Serving;

/// <summary>A service is simulated without looking for prompts that begin alike where none can, and does as it does with it.</summary>
public sealed class PromptsThatDoNotBeginAlikeTests
{
    private static ICostPlan Llama { get; } = Pricing.Plan(Sample.Request(Sample.Llama3) with { System = Sample.RealSystem });

    [Theory]
    [InlineData(10_000, 0, false)]
    [InlineData(200, 0, true)] // room for few: some lose their cache, and find their own beginning when they come back
    [InlineData(10_000, 64, false)]
    [InlineData(200, 64, true)]
    public void The_outcomes_are_the_same(int blocks, int shared, bool preempts)
    {
        TrafficOptions traffic = new()
        {
            Process = ArrivalProcess.Parse("poisson", 20),
            Requests = 200,
            Input = LengthDistribution.Parse("uniform:100,400"),
            Output = LengthDistribution.Parse("uniform:20,200"),
            SharedPrefixTokens = shared,
        };
        ServingSimulationOptions options = new() { BlockCount = blocks, KeepOutcomes = true, PrefixCaching = true };
        ServiceResult looking = ServingSimulation.Serve(
            new GeneratedArrivals(traffic), Llama, options, TestContext.Current.CancellationToken);
        int asked = 0;
        ServiceResult result = ServingSimulation.Serve(
            () => Anew(traffic, ref asked), traffic.PromptsMayBeginAlike, Llama, options, TestContext.Current.CancellationToken);
        Assert.Equal(looking.Outcomes, result.Outcomes);
        Assert.Equal(preempts, result.Outcomes.Any(o => o.Preemptions > 0));
        Assert.Equal(preempts && shared == 0 ? 2 : 1, asked);
        Assert.Empty(ServingSimulation.Serve(
            () => Anew(traffic, ref asked), traffic.PromptsMayBeginAlike, Llama, options with { KeepOutcomes = false },
            TestContext.Current.CancellationToken).Outcomes);
    }

    private static GeneratedArrivals Anew(TrafficOptions traffic, ref int asked)
    {
        asked++;
        return new GeneratedArrivals(traffic);
    }
}
