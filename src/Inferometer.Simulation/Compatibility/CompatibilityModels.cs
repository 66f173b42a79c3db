using Inferometer.Core;
using Inferometer.Core.Models;

namespace Inferometer.Simulation.Compatibility;

/// <summary>
/// Describes a real network in the reproduced simulators' terms. What those terms cannot express is refused; what they leave out
/// (norms, biases, rotary embedding, gates on attention, tied embeddings, softcaps) is dropped, as the simulators drop it.
/// </summary>
public static class CompatibilityModels
{
    /// <summary>
    /// Maps <paramref name="architecture"/>. Leading dense layers of a mixture become mixture layers and take the widths of the
    /// dense ones with them, as in the simulators' presets: their intermediate size is the dense width, and where experts are
    /// narrower than that the model counts as fine-grained.
    /// </summary>
    /// <exception cref="InferometerException">Layers differ in more than interleaved windows and leading dense layers, or hold a
    /// recurrence, or key and value widths differ.</exception>
    public static CompatibilityModel From(ModelArchitecture architecture)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        if (architecture.Layers.Count == 0)
        {
            throw Refuse(architecture, "it has no layers");
        }

        if (architecture.Layers.Any(l => l.ReusesWeights || l.ParallelMixer is not null || l.Mixer is AttentionMixer { ReusesCache: true }))
        {
            throw Refuse(architecture, "layers share weights or caches, or hold two mixers");
        }

        TokenMixer[] mixers = [.. architecture.Layers.Select(l => l.Mixer ?? throw Refuse(architecture, "some layers hold no attention"))];
        FeedForward[] feedForwards =
        [
            .. architecture.Layers.Select(l => l.FeedForward ?? throw Refuse(architecture, "some layers hold no feed-forward network")),
        ];
        return WithFeedForward(architecture, WithAttention(architecture, mixers), feedForwards);
    }

    private static CompatibilityModel WithAttention(ModelArchitecture architecture, TokenMixer[] mixers)
    {
        if (mixers.All(m => m is LatentAttentionMixer))
        {
            LatentAttentionMixer first = (LatentAttentionMixer)mixers[0];
            if (first.QueryRank == 0)
            {
                throw Refuse(architecture, "its latent attention projects queries directly, without a rank");
            }

            RequireEqual(
                architecture,
                mixers.Cast<LatentAttentionMixer>()
                    .Select(m => (m.Heads, m.QueryRank, m.KvRank, m.NopeHeadDim, m.RopeHeadDim, m.ValueHeadDim)));
            return Skeleton(architecture, first.Heads, first.Heads, first.NopeHeadDim + first.RopeHeadDim) with
            {
                LatentAttention = new CompatibilityLatentAttention(
                    first.QueryRank, first.KvRank, first.RopeHeadDim, first.NopeHeadDim, first.ValueHeadDim),
            };
        }

        if (!mixers.All(m => m is AttentionMixer))
        {
            throw Refuse(architecture, "some layers hold a recurrence instead of attention, or kinds of attention are mixed");
        }

        AttentionMixer[] attention = [.. mixers.Cast<AttentionMixer>()];
        RequireEqual(architecture, attention.Select(a => (a.Heads, a.KvHeads, a.HeadDim, a.ValueHeadDim)));
        AttentionMixer one = attention[0];
        if (one.ValueHeadDim != one.HeadDim)
        {
            throw Refuse(architecture, "its value heads are not as wide as its key heads");
        }

        (long? window, int? period) = Windows(architecture, attention);
        return Skeleton(architecture, one.Heads, one.KvHeads, one.HeadDim) with { WindowTokens = window, GlobalLayerPeriod = period };
    }

    /// <summary>
    /// The period is the distance between layers that see the whole context. The simulators put the global layer first in each
    /// period and real models last, so they may count one global layer more (Gemma-3-27B: 11 for 10).
    /// </summary>
    private static (long? Window, int? Period) Windows(ModelArchitecture architecture, AttentionMixer[] attention)
    {
        int[] reach = [.. attention.Select(a => a.WindowTokens > 0 ? a.WindowTokens : a.ChunkTokens)];
        int[] windows = [.. reach.Where(w => w > 0).Distinct()];
        int[] global = [.. Enumerable.Range(0, reach.Length).Where(i => reach[i] == 0)];
        if (windows.Length == 0)
        {
            return (null, null);
        }

        if (global.Length == 0)
        {
            // A window on every layer has no effect in the simulators; it is handed over without a period, as in their presets.
            return (windows[0], null);
        }

        int[] distances = [.. global.Zip(global.Skip(1), (first, second) => second - first).Distinct()];
        if (windows.Length > 1 || distances.Length != 1)
        {
            throw Refuse(architecture, "its windows do not alternate with full attention in a fixed rhythm");
        }

        return (windows[0], distances[0]);
    }

    private static CompatibilityModel WithFeedForward(ModelArchitecture architecture, CompatibilityModel model, FeedForward[] feedForwards)
    {
        DenseFeedForward[] dense = [.. feedForwards.OfType<DenseFeedForward>()];
        MoeFeedForward[] mixtures = [.. feedForwards.OfType<MoeFeedForward>()];
        RequireEqual(architecture, dense.Select(d => (d.IntermediateSize, d.Gated)));
        RequireEqual(
            architecture,
            mixtures.Select(m => (m.Experts, m.ExpertsPerToken, m.ExpertIntermediateSize, m.SharedIntermediateSize, m.Gated)));
        if (mixtures.Length == 0)
        {
            return model with { IntermediateSize = dense[0].IntermediateSize, FeedForwardInputs = dense[0].Gated ? 2 : 1 };
        }

        MoeFeedForward mixture = mixtures[0];
        if (mixture.ParallelDenseIntermediateSize > 0)
        {
            throw Refuse(architecture, "a dense network runs beside its experts");
        }

        if (feedForwards.Skip(dense.Length).Any(f => f is DenseFeedForward))
        {
            throw Refuse(architecture, "dense and mixture layers alternate");
        }

        int width = dense.Length > 0 ? dense[0].IntermediateSize : mixture.ExpertIntermediateSize;
        return model with
        {
            IntermediateSize = width,
            FeedForwardInputs = mixture.Gated ? 2 : 1,
            Experts = mixture.Experts,
            ExpertsPerToken = mixture.ExpertsPerToken,
            ExpertIntermediateSize = mixture.ExpertIntermediateSize,
            SharedExperts = mixture.SharedIntermediateSize > 0 ? 1 : 0,
            SharedExpertIntermediateSize = mixture.SharedIntermediateSize > 0 ? mixture.SharedIntermediateSize : null,
            FineGrainedExperts = mixture.SharedIntermediateSize > 0 || width != mixture.ExpertIntermediateSize,
        };
    }

    private static CompatibilityModel Skeleton(ModelArchitecture architecture, int heads, int kvHeads, int headDim) => new()
    {
        Name = architecture.Name,
        VocabularySize = architecture.VocabularySize,
        HiddenSize = architecture.HiddenSize,
        IntermediateSize = 1,
        Layers = architecture.LayerCount,
        Heads = heads,
        KvHeads = kvHeads,
        HeadDim = headDim,
    };

    private static void RequireEqual<T>(ModelArchitecture architecture, IEnumerable<T> values)
    {
        if (values.Distinct().Skip(1).Any())
        {
            throw Refuse(architecture, "its layers differ in their widths");
        }
    }

    private static InferometerException Refuse(ModelArchitecture architecture, string reason) =>
        new($"Model '{architecture.Name}' cannot be described to the compatibility cost models: {reason}. Use the cost model 'roofline'.");
}
