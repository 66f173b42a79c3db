namespace Inferometer.Simulation.Features.BuiltIn;

internal sealed class TensorParallelFeature : ISimulationFeature
{
    public FeatureMetadata Metadata { get; } = new()
    {
        Name = "tensor_parallel",
        Category = FeatureCategory.Parallelism,
        Order = 20,
        Description = "Splits heads and feed-forward widths over devices; adds all-reduces.",
        Parameters =
        [
            new("tensor_parallel", "Degree, at least 1.", null),
            new("allow_uneven_heads", "Price degrees that do not divide the heads, which frameworks refuse.", "false"),
        ],
    };

    public void BeforeSimulation(SimulationContext context)
    {
        context.Request = context.Request with
        {
            AllowUnevenHeads = context.Parameters.Boolean("allow_uneven_heads", false),
            Parallelism = context.Request.Parallelism with { Tensor = context.Parameters.Int32("tensor_parallel", 1, minimum: 1) },
        };
    }
}
