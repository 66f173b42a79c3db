using Inferometer.Planning.Demand;
using Inferometer.Planning.Deployments;
using Inferometer.Serving;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Planning;

namespace Inferometer.Planning.Tests;

/// <summary>A small question that is answered in a second: a small model on one system, a few limits of steps.</summary>
internal static class Sample
{
    public static Catalogs Catalogs { get; } = Catalogs.From(null);

    public static SystemChoice On(string text) => SystemChoice.Parse(text, Catalogs.Hardware, "--on");

    public static PlanRequest Request(string slo, int users = 60, string on = "h100", int input = 1024, int output = 128) => new()
    {
        Model = "llama-3.1-8b",
        Demand = new ServiceDemand
        {
            Users = users,
            Input = ServiceDemand.Around(LengthDistribution.Fixed(input)),
            Output = ServiceDemand.Around(LengthDistribution.Fixed(output)),
        },
        Level = ServiceLevel.Of(Slo.Parse(slo), 90),
        Space = new SearchSpace
        {
            Systems = [On(on)],
            Frameworks = ["vllm"],
            Weights = ["fp8"],
            KvCaches = ["published"],
            Tensor = [1, 2],
            Sequences = [32, 128],
            StepTokens = [8192],
            Disaggregated = false,
        },
    };

    public static PlanResult Plan(PlanRequest request) =>
        new Planner(Catalogs).Plan(request, progress: null, TestContext.Current.CancellationToken);
}
