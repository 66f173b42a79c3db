using Inferometer.Core.Weights;

namespace Inferometer.Core.Models;

/// <summary>The tensors of mixers and feed-forward parts; the sums are those of <see cref="LayerParameters"/>.</summary>
internal static class LayerTensors
{
    public static IEnumerable<WeightTensor> Mixer(TokenMixer mixer, long hidden, int layer) => mixer switch
    {
        AttentionMixer m => Attention(m, hidden, layer),
        LatentAttentionMixer m => Latent(m, hidden, layer),
        CompressedAttentionMixer m => Compressed(m, hidden, layer),
        GatedDeltaMixer m => Delta(m, hidden, layer),
        MambaMixer m => Mamba(m, hidden, layer),
        RecurrentMixer m => Recurrent(m, layer),
        _ => throw new ArgumentException($"{mixer?.GetType().Name} is not one of the closed family of mixers.", nameof(mixer)),
    };

    public static IEnumerable<WeightTensor> FeedForward(FeedForward? part, long hidden, int layer) => part switch
    {
        DenseFeedForward dense => Network(Dense, dense.Gated, hidden, dense.IntermediateSize, 1, layer)
            .Append(Bias(layer, dense.Bias ? ((dense.Gated ? 2L : 1) * dense.IntermediateSize) + hidden : 0)),
        MoeFeedForward moe => Mixture(moe, hidden, layer),
        _ => [],
    };

    private static readonly (WeightKind Gate, WeightKind Up, WeightKind Down) Dense = (WeightKind.Gate, WeightKind.Up, WeightKind.Down);

    private static IEnumerable<WeightTensor> Network(
        (WeightKind Gate, WeightKind Up, WeightKind Down) kinds, bool gated, long hidden, long inner, long count, int layer)
    {
        if (gated)
        {
            yield return new(kinds.Gate, layer, hidden, inner, count);
        }

        yield return new(kinds.Up, layer, hidden, inner, count);
        yield return new(kinds.Down, layer, inner, hidden, count);
    }

    private static IEnumerable<WeightTensor> Mixture(MoeFeedForward moe, long hidden, int layer)
    {
        long width = moe.ExpertInputSize > 0 ? moe.ExpertInputSize : hidden;
        long inner = moe.ExpertIntermediateSize;
        var experts = (WeightKind.ExpertGate, WeightKind.ExpertUp, WeightKind.ExpertDown);
        var shared = (WeightKind.SharedGate, WeightKind.SharedUp, WeightKind.SharedDown);
        long rows = moe.RouterRows > 0 ? moe.RouterRows : moe.Experts;
        bool scales = moe.ParallelDenseIntermediateSize > 0 && moe.ParallelDenseNorms;
        long biases = (moe.ExpertBias ? moe.Experts * (((moe.Gated ? 2 : 1) * inner) + width) : 0)
            + (moe.RouterBias && !moe.HashRouting ? moe.Experts : 0);
        return Network(experts, moe.Gated, width, inner, moe.Experts, layer)
            .Concat(Network(shared, moe.Gated, hidden, moe.SharedIntermediateSize, 1, layer))
            .Concat(Network(Dense, moe.Gated, hidden, moe.ParallelDenseIntermediateSize, 1, layer))
            .Append(new(WeightKind.SharedSwitch, layer, hidden, moe.SharedGate ? 1 : 0))
            .Append(new(WeightKind.Router, layer, moe.RouterInputSize > 0 ? moe.RouterInputSize : hidden, rows))
            .Append(Bias(layer, biases))
            .Append(Vector(layer, scales ? hidden + moe.Experts : 0));
    }

    private static IEnumerable<WeightTensor> Attention(AttentionMixer m, long hidden, int layer)
    {
        long query = (long)m.Heads * m.HeadDim, output = (long)m.Heads * m.ValueHeadDim;
        long key = m.ReusesCache ? 0 : (long)m.KvHeads * m.HeadDim;
        long value = m.ReusesCache || m.ValuesAreKeys ? 0 : (long)m.KvHeads * m.ValueHeadDim;
        long gate = (m.OutputGate ? output : 0) + (m.HeadGate ? m.Heads : 0);
        long input = m.InputSize > 0 ? m.InputSize : hidden;
        long projected = query + key + value + gate;
        yield return new(WeightKind.Query, layer, input, query);
        yield return new(WeightKind.Key, layer, input, key);
        yield return new(WeightKind.Value, layer, input, value);
        yield return new(WeightKind.AttentionGate, layer, input, gate);
        yield return new(WeightKind.AttentionOutput, layer, output, hidden);
        yield return Bias(layer, (m.QkvBias ? projected : 0) + (m.OutputBias ? hidden : 0));
        yield return Vector(layer, m.AttentionSink ? m.Heads : 0);
        // What is left of the count are the norms on queries and keys.
        long matrices = (input * projected) + (hidden * output);
        long others = (m.QkvBias ? projected : 0) + (m.OutputBias ? hidden : 0) + (m.AttentionSink ? m.Heads : 0);
        yield return new(WeightKind.Norm, layer, LayerParameters.Mixer(m, hidden) - matrices - others, 1);
    }

    private static IEnumerable<WeightTensor> Latent(LatentAttentionMixer m, long hidden, int layer)
    {
        long query = (long)m.Heads * (m.NopeHeadDim + m.RopeHeadDim), output = (long)m.Heads * m.ValueHeadDim;
        bool compressed = m.QueryRank > 0;
        yield return new(WeightKind.QueryDown, layer, hidden, m.QueryRank);
        yield return new(WeightKind.QueryUp, layer, compressed ? m.QueryRank : hidden, query);
        yield return new(WeightKind.LatentDown, layer, hidden, m.KvRank + m.RopeHeadDim);
        yield return new(WeightKind.KeyUp, layer, m.NopeHeadDim, m.KvRank, m.Heads);
        yield return new(WeightKind.ValueUp, layer, m.KvRank, m.ValueHeadDim, m.Heads);
        yield return new(WeightKind.AttentionOutput, layer, output, hidden);
        yield return new(WeightKind.AttentionGate, layer, hidden, m.OutputGate ? output : 0);
        yield return new(WeightKind.Norm, layer, m.QueryRank + m.KvRank, 1);
        yield return Bias(layer, m.Bias ? (compressed ? m.QueryRank : 0) + m.KvRank + m.RopeHeadDim + hidden : 0);
        yield return Vector(layer, m.AttentionSink ? m.Heads : 0);
        if (m.IndexTopK > 0 && !m.ReusesIndex)
        {
            yield return new(WeightKind.Indexer, layer, m.QueryRank, (long)m.IndexHeads * m.IndexHeadDim);
            yield return new(WeightKind.Indexer, layer, hidden, m.IndexHeadDim + m.IndexHeads);
            yield return new(WeightKind.Norm, layer, 2L * m.IndexHeadDim, 1);
        }
    }

    private static IEnumerable<WeightTensor> Compressed(CompressedAttentionMixer m, long hidden, int layer)
    {
        long query = (long)m.Heads * m.HeadDim;
        yield return new(WeightKind.QueryDown, layer, hidden, m.QueryRank);
        yield return new(WeightKind.QueryUp, layer, m.QueryRank, query);
        yield return new(WeightKind.LatentDown, layer, hidden, m.HeadDim);
        yield return new(WeightKind.AttentionOutput, layer, query / m.OutputGroups, (long)m.OutputGroups * m.OutputRank);
        yield return new(WeightKind.AttentionOutput, layer, (long)m.OutputGroups * m.OutputRank, hidden);
        long pooled = Pooled(m, m.HeadDim);
        yield return new(WeightKind.Indexer, layer, hidden, 2 * pooled);
        long index = m.IndexTopK > 0 ? Pooled(m, m.IndexHeadDim) : 0;
        if (m.IndexTopK > 0)
        {
            yield return new(WeightKind.Indexer, layer, m.QueryRank, (long)m.IndexHeads * m.IndexHeadDim);
            yield return new(WeightKind.Indexer, layer, hidden, m.IndexHeads + (2 * index));
        }

        long offsets = m.CompressionRatio * (pooled + index);
        long norms = m.QueryRank + m.HeadDim + (pooled > 0 ? m.HeadDim : 0) + (index > 0 ? m.IndexHeadDim : 0);
        yield return new(WeightKind.Norm, layer, norms, 1);
        yield return Vector(layer, offsets + m.Heads);
    }

    private static long Pooled(CompressedAttentionMixer m, long width) =>
        m.CompressionRatio == 0 ? 0 : m.OverlappingCompression ? 2 * width : width;

    private static IEnumerable<WeightTensor> Delta(GatedDeltaMixer m, long hidden, int layer)
    {
        long keys = (long)m.KeyHeads * m.KeyHeadDim, values = (long)m.ValueHeads * m.ValueHeadDim;
        yield return new(WeightKind.RecurrentInput, layer, hidden, (2 * keys) + (2 * values) + (2L * m.ValueHeads));
        yield return new(WeightKind.Convolution, layer, m.ConvolutionTaps, (2 * keys) + values);
        yield return Vector(layer, 2L * m.ValueHeads);
        yield return new(WeightKind.Norm, layer, m.ValueHeadDim, 1);
        yield return new(WeightKind.RecurrentOutput, layer, values, hidden);
    }

    private static IEnumerable<WeightTensor> Mamba(MambaMixer m, long hidden, int layer)
    {
        long inner = (long)m.Heads * m.HeadDim, convolved = inner + (2L * m.Groups * m.StateSize);
        long projected = inner + convolved + m.Heads;
        yield return new(WeightKind.RecurrentInput, layer, hidden, projected);
        yield return new(WeightKind.RecurrentOutput, layer, inner, hidden);
        yield return new(WeightKind.Convolution, layer, m.ConvolutionTaps + (m.ConvolutionBias ? 1 : 0), convolved);
        yield return Bias(layer, m.ProjectionBias ? projected + hidden : 0);
        yield return Vector(layer, 3L * m.Heads);
        yield return new(WeightKind.Norm, layer, m.GatedNorm ? inner : 0, 1);
    }

    private static IEnumerable<WeightTensor> Recurrent(RecurrentMixer m, int layer)
    {
        foreach (RecurrentProjection matrix in m.Projections)
        {
            WeightKind kind = matrix.Split == ProjectionSplit.Inputs ? WeightKind.RecurrentOutput : WeightKind.RecurrentInput;
            yield return new(kind, layer, matrix.Inputs, matrix.Outputs);
            yield return Bias(layer, matrix.Bias ? matrix.Outputs : 0);
        }

        yield return new(WeightKind.Convolution, layer, m.ConvolutionTaps + (m.ConvolutionBias ? 1 : 0), m.ConvolutionChannels);
        yield return Vector(layer, m.ElementParameters);
    }

    private static WeightTensor Bias(int layer, long elements) => new(WeightKind.Bias, layer, elements, 1);

    private static WeightTensor Vector(int layer, long elements) => new(WeightKind.Vector, layer, elements, 1);
}
