using Inferometer.Core;
using Inferometer.Planning.Fleets;
using Inferometer.Serving.Arrivals;

namespace Inferometer.Planning.Tests.Fleets;

public sealed class FleetPlannerTests
{
    [Fact]
    public void Two_pools_share_the_requests_by_length()
    {
        PlanRequest request = Sample.Request("ttft<3s,tpot<30ms");
        request = request with
        {
            Demand = request.Demand with
            {
                Users = 0,
                RequestsPerSecond = 15,
                Input = LengthDistribution.Parse("lognormal:1500,2500"),
            },
        };
        FleetPlan fleet = new FleetPlanner(new Planner(Sample.Catalogs)).Plan(request, progress: null,
            TestContext.Current.CancellationToken);
        Assert.NotEmpty(fleet.Splits);
        Assert.Equal(fleet.Splits.Select(s => s.Tokens).Order(), fleet.Splits.Select(s => s.Tokens));
        Assert.All(fleet.Splits, s => Assert.InRange(s.ShortShare, 0.02, 0.98));
        Assert.All(fleet.Splits.Where(s => s.DollarsPerMonth is not null), s =>
            Assert.True(s.DollarsPerMonth >= fleet.Best!.DollarsPerMonth));
    }

    [Fact]
    public void Users_and_prompts_that_are_alike_cannot_be_split()
    {
        FleetPlanner planner = new(new Planner(Sample.Catalogs));
        PlanRequest users = Sample.Request("ttft<3s");
        Assert.Contains("rate", Fails(planner, users), StringComparison.Ordinal);
        PlanRequest alike = users with
        {
            Demand = users.Demand with { Users = 0, RequestsPerSecond = 1, Input = LengthDistribution.Fixed(500) },
        };
        Assert.Contains("alike", Fails(planner, alike), StringComparison.Ordinal);
    }

    private static string Fails(FleetPlanner planner, PlanRequest request) => Assert.Throws<InferometerException>(
        () => planner.Plan(request, progress: null, TestContext.Current.CancellationToken)).Message;
}
