using Inferometer.Core;
using Inferometer.Planning.Demand;
using Inferometer.Planning.Inventory;
using Inferometer.Serving;
using Inferometer.Serving.Arrivals;

namespace Inferometer.Planning.Tests.Inventory;

public sealed class InventoryPlannerTests
{
    [Fact]
    public void What_fits_is_told_with_users_and_context_and_what_does_not_with_its_reason()
    {
        IReadOnlyList<InventoryRow> rows = Plan("1xrtx4090", slo: null, "llama-3.1-8b", "llama-3.3-70b");
        InventoryRow small = rows[0], large = rows[1];
        Assert.Equal("meta-llama/Llama-3.1-8B", small.Model);
        Assert.True(small.Users >= 1 && small.LongestContext > 4096);
        Assert.Null(small.Reason);
        Assert.Null(large.Deployment);
        Assert.StartsWith("weights: ", large.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void More_devices_serve_more_and_a_level_serves_fewer()
    {
        int one = Plan("1xl40s", "tpot<30ms", "llama-3.1-8b")[0].Users;
        Assert.True(Plan("2xl40s", "tpot<30ms", "llama-3.1-8b")[0].Users > one);
        Assert.True(Plan("1xl40s", slo: null, "llama-3.1-8b")[0].Users >= one);
        Assert.Contains("TPOT", Plan("1xl40s", "tpot<1ms", "llama-3.1-8b")[0].Reason!, StringComparison.Ordinal);
    }

    // OPT has learned positions for 2,048 tokens; what is asked for takes 1,152 or, with longer prompts, 4,608.
    [Fact]
    public void A_model_whose_longest_context_is_shorter_than_a_request_serves_nobody()
    {
        Assert.NotNull(Plan("2xrtx4090", slo: null, "opt-13b")[0].Deployment);
        InventoryRow row = Plan("2xrtx4090", slo: null, input: 4096, output: 512, "opt-13b")[0];
        Assert.Null(row.Deployment);
        Assert.Equal("its longest context is 2,048 tokens, and a request takes up to 4,608", row.Reason);
    }

    [Fact]
    public void Without_a_system_there_is_nothing_to_look_at() =>
        Assert.Throws<InferometerException>(() => new InventoryPlanner(Sample.Catalogs).Plan(
            new InventoryRequest { Systems = [], Requests = new ServiceDemand() },
            progress: null,
            TestContext.Current.CancellationToken));

    private static IReadOnlyList<InventoryRow> Plan(string on, string? slo, params string[] models) =>
        Plan(on, slo, input: 1024, output: 128, models);

    private static IReadOnlyList<InventoryRow> Plan(string on, string? slo, int input, int output, params string[] models) =>
        new InventoryPlanner(Sample.Catalogs).Plan(
        new InventoryRequest
        {
            Systems = [Sample.On(on)],
            Models = [.. models],
            Requests = new ServiceDemand { Input = LengthDistribution.Fixed(input), Output = LengthDistribution.Fixed(output) },
            Level = slo is null ? null : ServiceLevel.Of(Slo.Parse(slo), 90),
        },
        progress: null,
        TestContext.Current.CancellationToken);
}
