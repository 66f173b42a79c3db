using Inferometer.Core;
using Inferometer.Reports.Metrics;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Serving;
using Inferometer.Sweeps.Points;
using Inferometer.Sweeps.Rows;
using Inferometer.Sweeps.Spaces;

namespace Inferometer.Sweeps.Tests.Points;

/// <summary>A row of a sweep of services says what the simulation of the same service says, to the last bit.</summary>
public class ServiceRowsTests
{
    public static TheoryData<string> Spaces =>
    [
        """
        base: {model: llama-3.1-8b, on: h100}
        simulate: {requests: 60, output: 64}
        product: {policy: [vllm, sglang, tensorrt-llm, llama.cpp, inferometer, static], rate: [1, 40], input: [100, 3000]}
        """,
        """
        base: {model: llama-3.1-8b, on: h100}
        simulate: {requests: 60, users: 20, output: 'uniform:500,2000', slo: 'ttft:500ms,tpot:40ms', kv-tokens: 20000}
        product: {input: [1000, 4000], seed: [1, 2]}
        """,
        "base: {model: llama-3.1-8b, on: h100}\nsimulate: {requests: 40, rate: 5, turns: 3, shared-prefix: 500}\nproduct: "
            + "{replicas: [1, 2]}",
    ];

    [Theory]
    [MemberData(nameof(Spaces))]
    public void A_row_says_what_the_simulation_says(string yaml)
    {
        SweepSpace space = TestSpaces.Parse(yaml);
        ResultColumns columns = new(space);
        RowBlock block = new(columns.All, (int)space.Count);
        new ServiceEvaluator(space, columns, TestSpaces.Reader)
            .Evaluate(0, (int)space.Count, block, new(), TestContext.Current.CancellationToken);
        for (int point = 0; point < space.Count; point++)
        {
            PointService service = TestSpaces.Reader.ReadService([.. space.Common, .. space.At(point)]);
            ICostPlan plan = TestSpaces.Reader.Engine.Prepare(service.Deployment);
            ServiceResult expected = ServingSimulation.Serve(
                service.Source(plan), plan, service.Options(plan), TestContext.Current.CancellationToken);
            for (int m = 0; m < columns.ServiceMetrics.Count; m++)
            {
                Metric<ServiceResult> metric = columns.ServiceMetrics[m];
                Assert.True(
                    metric.Of(expected) == block.Numbers(columns.FirstMetric + m)[point],
                    $"{metric.Key} of point {point}: {block.Numbers(columns.FirstMetric + m)[point]}, not {metric.Of(expected)}");
            }
        }
    }

    [Fact]
    public void Requests_that_are_preempted_are_among_those_compared()
    {
        PointService service = TestSpaces.Reader.ReadService([.. TestSpaces.Parse(Spaces.ElementAt(1).Data).Common, Said("input", "4000")]);
        ICostPlan plan = TestSpaces.Reader.Engine.Prepare(service.Deployment);
        ServiceResult result = ServingSimulation.Serve(service.Source(plan), plan, service.Options(plan),
            TestContext.Current.CancellationToken);
        Assert.True(result.Report.Value.Preemptions > 0);
        Assert.False(service.PromptsMayBeginAlike);
    }

    [Fact]
    public void A_service_without_room_for_a_cache_is_pruned_and_one_that_contradicts_itself_says_why()
    {
        SweepSpace space = TestSpaces.Parse("""
            base: {on: h100}
            simulate: {requests: 20, rate: 1}
            list: {model: [llama-3.1-8b, llama-3.1-70b, llama-3.1-8b], prefill-replicas: [1, 1, 4], replicas: [2, 2, 2]}
            """);
        ResultColumns columns = new(space);
        RowBlock block = new(columns.All, 3);
        PointCounts counts = new();
        new ServiceEvaluator(space, columns, TestSpaces.Reader).Evaluate(0, 3, block, counts, TestContext.Current.CancellationToken);
        Assert.Equal("ok does_not_fit not_possible", string.Join(' ', block.Texts(columns.Status)));
        Assert.Contains("no room for a KV cache", block.Texts(columns.Reason)[1], StringComparison.Ordinal);
        Assert.Equal((1, 1, 1), (counts.Ok, counts.DoesNotFit, counts.NotPossible));
    }

    [Fact]
    public void A_space_that_says_nothing_of_the_traffic_says_so_in_each_row()
    {
        SweepSpace space = TestSpaces.Parse("base: {model: llama-3.1-8b, on: h100}\nsimulate: {requests: 20}\nproduct: {tp: [1]}");
        Assert.Contains(
            "--rate",
            Assert.Throws<InferometerException>(() => TestSpaces.Reader.ReadService([.. space.Common, .. space.At(0)])).Message,
            StringComparison.Ordinal);
    }

    private static SaidSetting Said(string name, string text) =>
        new(TestSpaces.Reader.Settings(simulated: true).Single(s => s.Name.Equals(name, StringComparison.Ordinal)), text);
}
