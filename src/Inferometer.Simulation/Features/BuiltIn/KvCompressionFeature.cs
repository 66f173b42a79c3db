using Inferometer.Core;
using Inferometer.Core.Caching;
using Inferometer.Core.Models;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Operators;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Features.BuiltIn;

internal sealed class KvCompressionFeature : ISimulationFeature
{
    private static readonly string[] Figures =
        ["bytes_per_token", "reconstruction_flops_per_token", "write_flops_per_token", "query_flops_per_token", "pair_flops"];

    public FeatureMetadata Metadata { get; } = new()
    {
        Name = "kv_compression",
        Category = FeatureCategory.Optimization,
        Description = "Keeps the KV cache compressed: fewer bytes per token, some arithmetic to write and read it.",
        Parameters =
        [
            new(
                "kv_compression",
                "profile (q8, q4, or one that the program can read), or key_rank, value_rank and latent_bits (16), or ratio "
                    + "(uncompressed over compressed), or bytes_per_token; "
                + "with the last two reconstruction_flops_per_token, write_flops_per_token, query_flops_per_token, pair_flops.",
                "{}"),
        ],
    };

    public void BeforeSimulation(SimulationContext context)
    {
        ParameterBag group = context.Parameters.Group("kv_compression");
        group.RequireKnown(["profile", "key_rank", "value_rank", "latent_bits", "ratio", .. Figures]);
        bool latent = group.Contains("key_rank") || group.Contains("value_rank") || group.Contains("latent_bits");
        bool custom = group.Contains("ratio") || Figures.Any(group.Contains);
        if ((group.Contains("profile") ? 1 : 0) + (latent ? 1 : 0) + (custom ? 1 : 0) > 1
            || (group.Contains("ratio") && group.Contains("bytes_per_token")))
        {
            throw new InferometerException(
                $"{group.Path}: give only one of profile, ranks, ratio and bytes_per_token; FLOPs go with the last two.");
        }

        KvCompressionSpec spec = custom ? Custom(group)
            : latent ? Latent(group, context.Request.Architecture)
            : Named(context, group.Text("profile", "q8"));
        context.Request = context.Request with { KvCompression = spec };
    }

    public void AfterSimulation(SimulationContext context)
    {
        KvCompressionSpec spec = context.Request.KvCompression!;
        double exact = context.Request.Architecture.Layers.Sum(
            layer => DeploymentProfile.CachedElements(layer.Mixer)) * context.Request.Precisions.KvCache.BytesPerElement;
        double bytes = spec.BytesPerToken > 0 ? spec.BytesPerToken : exact / spec.Ratio;
        context.AddMetric(Metadata.Name, "ratio", exact / bytes);
        context.AddMetric(Metadata.Name, "bytes_per_token", bytes);
        context.AddMetric(Metadata.Name, "read_flops_per_token", spec.ReconstructionFlopsPerToken);
        context.AddMetric(Metadata.Name, "write_flops_per_token", spec.WriteFlopsPerToken);
        context.AddMetric(Metadata.Name, "query_flops_per_token", spec.QueryFlopsPerToken);
        context.AddMetric(Metadata.Name, "flops_per_pair", spec.PairFlops);
    }

    private static KvCompressionSpec Custom(ParameterBag group)
    {
        double bytes = group.Number("bytes_per_token", 0);
        return new()
        {
            BytesPerToken = bytes,
            Ratio = group.Number("ratio", 1, 1e-6),
            ReconstructionFlopsPerToken = group.Number("reconstruction_flops_per_token", 0),
            WriteFlopsPerToken = group.Number("write_flops_per_token", 0),
            QueryFlopsPerToken = group.Number("query_flops_per_token", 0),
            PairFlops = group.Number("pair_flops", 0, double.MinValue),
        };
    }

    private static KvCompressionSpec Named(SimulationContext context, string profile) =>
        KvCompressionSpec.Of(profile, profile switch
        {
            "q8" => Rotated(context, 8),
            "q4" => Rotated(context, 4),
            _ => context.ReadKvProfile(profile, $"{context.Parameters.Path}.kv_compression.profile"),
        });

    // Networks with other caches than softmax attention's are priced as if their cached vectors were turned and quantised likewise.
    private static KvCodecCost Rotated(SimulationContext context, int bits)
    {
        KvCodecCost sum = default;
        foreach (LayerArchitecture layer in context.Request.Architecture.Layers)
        {
            sum += layer.Mixer switch
            {
                AttentionMixer { ReusesCache: true } => default,
                AttentionMixer mixer => KvCodecFormulas.Rotated(mixer, bits).SharedBy((double)mixer.Heads / mixer.KvHeads),
                LatentAttentionMixer mixer => KvCodecFormulas.Rotated(mixer.KvRank + mixer.RopeHeadDim, bits).SharedBy(mixer.Heads)
                    + (mixer.IndexTopK > 0 ? KvCodecFormulas.Rotated(mixer.IndexHeadDim, bits).SharedBy(mixer.IndexHeads) : default),
                CompressedAttentionMixer mixer => Pooled(mixer, bits),
                _ => default,
            };
        }

        return sum.Bytes > 0
            ? sum
            : throw new InferometerException($"kv_compression: {context.Request.Architecture.Name} keeps no KV cache.");
    }

    private static KvCodecCost Pooled(CompressedAttentionMixer mixer, int bits)
    {
        double share = 1.0 / Math.Max(1, mixer.CompressionRatio);
        KvCodecCost keys = share * KvCodecFormulas.Rotated(mixer.HeadDim, bits).SharedBy(mixer.Heads);
        return mixer.CompressionRatio > 0 && mixer.IndexTopK > 0
            ? keys + (share * KvCodecFormulas.Rotated(mixer.IndexHeadDim, bits).SharedBy(mixer.IndexHeads))
            : keys;
    }

    private static KvCompressionSpec Latent(ParameterBag group, ModelArchitecture model)
    {
        if (model.Layers.Any(layer => layer.Mixer is LatentAttentionMixer or CompressedAttentionMixer)
            || !model.Layers.Any(layer => layer.Mixer is AttentionMixer))
        {
            throw new InferometerException(
                $"{group.Path}: {model.Name} has no keys and values per head to take latents of; leave the ranks out.");
        }

        int keyRank = group.Int32("key_rank", 32, 1), valueRank = group.Int32("value_rank", 64, 1), bits = group.Int32("latent_bits", 16);
        if (bits is not (2 or 4 or 8 or 16 or 32))
        {
            throw new InferometerException($"{group.Path}.latent_bits: {bits} is not allowed; it must be 2, 4, 8, 16 or 32.");
        }

        KvCodecCost cost = KvCodecCost.OfModel(model, (_, mixer) =>
        {
            int pairs = mixer.Rope is { } rope ? (rope.RotaryDim > 0 ? rope.RotaryDim : mixer.HeadDim) / 2 : 0;
            return mixer.KvHeads * (KvCodecFormulas.LatentKeys(mixer.HeadDim, pairs, 1, Segments(Math.Min(keyRank, mixer.HeadDim), bits))
                + KvCodecFormulas.LatentValues(mixer.ValueHeadDim, 1, Segments(Math.Min(valueRank, mixer.ValueHeadDim), bits)));
        });
        return KvCompressionSpec.Of($"latents {keyRank}/{valueRank} x {bits} bits", cost);
    }

    private static IEnumerable<(int Count, int Bits)> Segments(int rank, int bits) =>
        KvCodecFormulas.SegmentCounts(rank, bits).Select(count => (count, bits));
}
