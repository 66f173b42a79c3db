namespace Inferometer.Simulation.Features.BuiltIn;

internal sealed class DecodeFeature : ISimulationFeature
{
    public FeatureMetadata Metadata { get; } = new()
    {
        Name = "decode",
        Category = FeatureCategory.Inference,
        Order = 0,
        Description = "Generates tokens one by one after the prompt; gives the time per output token.",
        ConflictsWith = ["chunked"],
        Parameters =
        [
            new("batch_size", "Requests in flight over the whole deployment, at least 1.", "1"),
            new("input_tokens", "Prompt tokens per request, at least 1.", "2048"),
            new("output_tokens", "Tokens generated per request, the first included, at least 1.", "256"),
            new("beam_size", "Beams per request, at least 1; beams share the KV cache of the prompt.", "1"),
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
                OutputTokens = context.Parameters.Int32("output_tokens", 256, minimum: 1),
                BeamWidth = context.Parameters.Int32("beam_size", 1, minimum: 1),
            },
        };
    }
}
