namespace Inferometer.Simulation.Features.BuiltIn;

internal sealed class FlashAttentionFeature : ISimulationFeature
{
    public FeatureMetadata Metadata { get; } = new()
    {
        Name = "flash_attention",
        Category = FeatureCategory.Optimization,
        Description = "Attention runs in tiles; without it the score matrix goes through memory.",
    };

    public void BeforeSimulation(SimulationContext context)
    {
        context.Request = context.Request with { FlashAttention = true };
    }
}
