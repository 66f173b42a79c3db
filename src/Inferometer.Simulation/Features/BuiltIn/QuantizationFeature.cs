using Inferometer.Core.Deployments;
using Inferometer.Simulation.Configuration;

namespace Inferometer.Simulation.Features.BuiltIn;

internal sealed class QuantizationFeature : ISimulationFeature
{
    public FeatureMetadata Metadata { get; } = new()
    {
        Name = "quantization",
        Category = FeatureCategory.Optimization,
        Order = 10,
        Description = "Stores weights, activations, KV cache or messages in formats of their own.",
        Parameters =
        [
            new(
                "quantization",
                "weights, activations, kv_cache, communication, embeddings: names of number formats; each defaults to bits.",
                null),
        ],
    };

    public void BeforeSimulation(SimulationContext context)
    {
        ParameterBag group = context.Parameters.Group("quantization");
        group.RequireKnown(["weights", "activations", "kv_cache", "communication", "embeddings"]);
        PrecisionSet now = context.Request.Precisions;
        context.Request = context.Request with
        {
            Precisions = new PrecisionSet
            {
                Weights = Read(group, "weights", now.Weights),
                Activations = Read(group, "activations", now.Activations),
                KvCache = Read(group, "kv_cache", now.KvCache),
                Communication = Read(group, "communication", now.Communication),
            },
            EmbeddingPrecision = group.Contains("embeddings") ? Read(group, "embeddings", now.Weights) : context.Request.EmbeddingPrecision,
        };
    }

    private static Precision Read(ParameterBag group, string name, Precision fallback) =>
        group.Contains(name) ? Precision.Parse(group.Text(name, fallback.Name), $"{group.Path}.{name}") : fallback;
}
