using Inferometer.Core;
using Inferometer.Core.Deployments;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Features.BuiltIn;

internal sealed class KvCompressionFeature : ISimulationFeature
{
    public FeatureMetadata Metadata { get; } = new()
    {
        Name = "kv_compression",
        Category = FeatureCategory.Optimization,
        Description = "Keeps the KV cache compressed: fewer bytes per token, some arithmetic to read it.",
        Parameters =
        [
            new("kv_compression", "profile (q8 or q4), or ratio (uncompressed over compressed), or bytes_per_token; reconstruction_flops_per_token.", "{}"),
        ],
    };

    public void BeforeSimulation(SimulationContext context)
    {
        ParameterBag group = context.Parameters.Group("kv_compression");
        group.RequireKnown(["profile", "ratio", "bytes_per_token", "reconstruction_flops_per_token"]);
        int given = new[] { "profile", "ratio", "bytes_per_token" }.Count(group.Contains);
        if (given > 1)
        {
            throw new InferometerException($"{group.Path}: give only one of profile, ratio and bytes_per_token.");
        }

        double kvBits = context.Request.Precisions.KvCache.BitsPerElement;
        string profile = given == 0 ? "q8" : group.Text("profile", "custom", "q8", "q4");
        double ratio = profile switch
        {
            "q8" => kvBits / Precision.Parse("q8_0", group.Path).BitsPerElement,
            "q4" => kvBits / Precision.Parse("q4_0", group.Path).BitsPerElement,
            _ => group.Number("ratio", 1, 1e-6),
        };
        context.Request = context.Request with
        {
            KvCompression = new KvCompressionSpec
            {
                Profile = profile,
                Ratio = ratio,
                BytesPerToken = group.Number("bytes_per_token", 0),
                ReconstructionFlopsPerToken = group.Number("reconstruction_flops_per_token", 0),
            },
        };
    }

    public void AfterSimulation(SimulationContext context) =>
        context.AddMetric(Metadata.Name, "ratio", context.Request.KvCompression!.Ratio);
}
