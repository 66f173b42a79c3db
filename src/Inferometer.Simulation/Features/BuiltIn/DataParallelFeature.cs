namespace Inferometer.Simulation.Features.BuiltIn;

internal sealed class DataParallelFeature : ISimulationFeature
{
    public FeatureMetadata Metadata { get; } = new()
    {
        Name = "data_parallel",
        Category = FeatureCategory.Parallelism,
        Order = 20,
        Description = "Splits the batch over replicas; with attention_data_parallel the replicas share the experts.",
        Parameters =
        [
            new("data_parallel", "Degree, at least 1.", null),
            new("attention_data_parallel", "True: attention is replicated, experts are shared by all ranks.", "false"),
        ],
    };

    public void BeforeSimulation(SimulationContext context)
    {
        context.Request = context.Request with
        {
            Parallelism = context.Request.Parallelism with
            {
                Data = context.Parameters.Int32("data_parallel", 1, minimum: 1),
                AttentionDataParallel = context.Parameters.Boolean("attention_data_parallel", fallback: false),
            },
        };
    }
}
