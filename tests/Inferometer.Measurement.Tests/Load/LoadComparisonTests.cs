using Inferometer.Core.Catalog;
using Inferometer.Core.Deployments;
using Inferometer.Inference.Engine;
using Inferometer.Measurement.Load;
using Inferometer.Serving;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;
using Inferometer.Simulation.Serving;

namespace Inferometer.Measurement.Tests.Load;

/// <summary>One workload down two arms.</summary>
public sealed class LoadComparisonTests
{
    private static readonly ICostPlan Plan = CostModels.Find(CostModels.Default, "test").Prepare(new EstimateRequest
    {
        Architecture = ModelCatalog.BuiltIn.Resolve("llama-3.1-8b"),
        System = HardwareCatalog.BuiltIn.Resolve("h100"),
        Workload = new Workload { InputTokens = 64, OutputTokens = 8 },
    });

    [Fact]
    public async Task The_engine_is_asked_what_the_simulation_is_asked()
    {
        TrafficOptions traffic = new()
        {
            Process = ArrivalProcess.Parse("poisson", 200),
            Requests = 12,
            Input = LengthDistribution.Parse("uniform:8,40", "test"),
            Output = LengthDistribution.Parse("uniform:1,9", "test"),
            SharedPrefixTokens = 32,
            Seed = 5,
        };
        using InferenceEngine engine = InferenceEngine.Load(
            SmallModels.Bundled, new InferenceOptions { MaxBatchSize = 4 }, cancellationToken: TestContext.Current.CancellationToken);
        LoadGenerator generator = new(new EngineTarget(engine, "the engine"), new LoadOptions { WarmUp = new WarmUp(2, 0) });
        LoadResult measured = await generator.RunAsync(new GeneratedArrivals(traffic), TestContext.Current.CancellationToken);
        LoadComparison load = LoadComparison.Of(
            measured, Plan, new ServingSimulationOptions(), users: null, TestContext.Current.CancellationToken);

        ServingReport did = measured.Report.Value, would = load.Predicted!.Report.Value;
        Assert.Equal(10, did.Completed);
        Assert.Equal((did.Completed, did.PromptTokens, did.OutputTokens), (would.Completed, would.PromptTokens, would.OutputTokens));
        Assert.Empty(measured.Errors);

        // Made-up requests are the same however often they are made.
        GeneratedArrivals again = new(traffic);
        Assert.All(measured.Asked, a =>
        {
            Arrival wanted = again.Take();
            Assert.Equal((wanted.Seconds, wanted.InputTokens, wanted.OutputTokens), (a.Seconds, a.InputTokens, a.OutputTokens));
        });

        // Prompts that begin alike find each other in the prefix cache, whole blocks of it.
        Assert.True(did.CachedTokens > 0, "the shared beginning was computed once");
    }
}
