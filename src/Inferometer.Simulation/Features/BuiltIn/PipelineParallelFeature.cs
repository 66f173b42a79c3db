namespace Inferometer.Simulation.Features.BuiltIn;

internal sealed class PipelineParallelFeature : ISimulationFeature
{
    public FeatureMetadata Metadata { get; } = new()
    {
        Name = "pipeline_parallel",
        Category = FeatureCategory.Parallelism,
        Order = 20,
        Description = "Splits the layers over devices; adds sends, and bubbles while the pipeline fills and drains.",
        Parameters =
        [
            new("pipeline_parallel", "Degree, at least 1.", null),
            new("micro_batches", "Pieces the batch is cut into; 0 = as many as stages.", "0"),
        ],
    };

    public void BeforeSimulation(SimulationContext context)
    {
        context.Request = context.Request with
        {
            Parallelism = context.Request.Parallelism with { Pipeline = context.Parameters.Int32("pipeline_parallel", 1, minimum: 1) },
            MicroBatches = context.Parameters.Int32("micro_batches", 0),
        };
    }
}
