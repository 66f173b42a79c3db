namespace Inferometer.Simulation.Features.BuiltIn;

internal sealed class PrefillFeature : ISimulationFeature
{
    public FeatureMetadata Metadata { get; } = new()
    {
        Name = "prefill",
        Category = FeatureCategory.Inference,
        Order = 0,
        Description = "Reads the prompts of a batch; gives the time to first token.",
        ConflictsWith = ["chunked"],
        Parameters =
        [
            new("batch_size", "Requests in flight over the whole deployment, at least 1.", "1"),
            new("input_tokens", "Prompt tokens per request, at least 1.", "2048"),
        ],
    };

    public void BeforeSimulation(SimulationContext context)
    {
        context.Request = context.Request with
        {
            Workload = context.Request.Workload with
            {
                BatchSize = context.Parameters.Int32("batch_size", 1, minimum: 1),
                InputTokens = context.Parameters.Int32("input_tokens", 2048, minimum: 1),
            },
        };
    }
}
