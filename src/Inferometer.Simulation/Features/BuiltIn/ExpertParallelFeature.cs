namespace Inferometer.Simulation.Features.BuiltIn;

internal sealed class ExpertParallelFeature : ISimulationFeature
{
    public FeatureMetadata Metadata { get; } = new()
    {
        Name = "expert_parallel",
        Category = FeatureCategory.Parallelism,
        Order = 20,
        Description = "Splits the experts over devices; adds all-to-all exchanges.",
        Parameters =
        [
            new("expert_parallel", "Degree, at least 1.", null),
        ],
    };

    public void BeforeSimulation(SimulationContext context)
    {
        context.Request = context.Request with
        {
            Parallelism = context.Request.Parallelism with { Expert = context.Parameters.Int32("expert_parallel", 1, minimum: 1) },
        };
    }
}
