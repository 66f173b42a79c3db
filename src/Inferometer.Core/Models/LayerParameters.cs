namespace Inferometer.Core.Models;

/// <summary>Number of parameters of the parts of one layer. All methods throw <see cref="OverflowException"/> beyond 2^63 - 1.</summary>
public static class LayerParameters
{
    /// <summary>Parameters of a token mixer on a residual stream of width <paramref name="hidden"/>.</summary>
    public static long Mixer(TokenMixer mixer, long hidden) => mixer switch
    {
        AttentionMixer m => Attention(m, hidden),
        LatentAttentionMixer m => LatentAttention(m, hidden),
        CompressedAttentionMixer m => CompressedAttention(m, hidden),
        GatedDeltaMixer m => GatedDelta(m, hidden),
        MambaMixer m => Mamba(m, hidden),
        RecurrentMixer m => Recurrent(m),
        _ => throw new ArgumentException($"{mixer?.GetType().Name} is not one of the closed family of mixers.", nameof(mixer)),
    };

    /// <summary>Parameters of a dense feed-forward network.</summary>
    public static long Dense(DenseFeedForward dense, long hidden)
    {
        ArgumentNullException.ThrowIfNull(dense);
        return TwoOrThree(dense.Gated, dense.Bias, hidden, dense.IntermediateSize);
    }

    /// <summary>Parameters of one routed expert.</summary>
    public static long Expert(MoeFeedForward moe, long hidden)
    {
        ArgumentNullException.ThrowIfNull(moe);
        return TwoOrThree(moe.Gated, moe.ExpertBias, moe.ExpertInputSize > 0 ? moe.ExpertInputSize : hidden, moe.ExpertIntermediateSize);
    }

    /// <summary>Parameters of the shared experts, their gate, and a dense part beside the experts.</summary>
    public static long BesideExperts(MoeFeedForward moe, long hidden)
    {
        ArgumentNullException.ThrowIfNull(moe);
        return TwoOrThree(moe.Gated, false, hidden, moe.SharedIntermediateSize)
            + TwoOrThree(moe.Gated, false, hidden, moe.ParallelDenseIntermediateSize)
            + (moe.SharedGate ? hidden : 0);
    }

    /// <summary>
    /// Parameters of the router. A hash table over token ids is an index, not counted. Gemma-4 routers carry a scale per channel and per
    /// expert.
    /// </summary>
    public static long Router(MoeFeedForward moe, long hidden)
    {
        ArgumentNullException.ThrowIfNull(moe);
        long bias = moe.RouterBias && !moe.HashRouting ? moe.Experts : 0;
        long scales = moe.ParallelDenseIntermediateSize > 0 && moe.ParallelDenseNorms ? hidden + moe.Experts : 0;
        long rows = moe.RouterRows > 0 ? moe.RouterRows : moe.Experts;
        return checked(rows * (moe.RouterInputSize > 0 ? moe.RouterInputSize : hidden) + bias + scales);
    }

    internal static long Norm(NormKind kind, long width) => kind switch
    {
        NormKind.LayerNorm or NormKind.LayerNormPlusOne => 2 * width,
        NormKind.NonParametric => 0,
        _ => width,
    };

    internal static long NormsPerLayer(ModelArchitecture model, LayerArchitecture layer)
    {
        if (layer.Mixer is null && layer.FeedForward is null)
        {
            return 0;
        }

        if (layer.Mixer is null || layer.FeedForward is null)
        {
            return model.PostBlockNorms ? 2 : 1;
        }

        long norms = model.ParallelBlocks ? model.PreBlockNorms : 2;
        norms += model.PostBlockNorms ? 2 : 0;
        // Gemma-4: the experts have their own pre-norm, and both branches a post-norm.
        return layer.FeedForward is MoeFeedForward { ParallelDenseIntermediateSize: > 0, ParallelDenseNorms: true } ? norms + 3 : norms;
    }

    /// <summary>
    /// Per block: a map from all streams to (2 + streams) x streams mixing weights, their biases, and three scales (DeepSeek-V4).
    /// </summary>
    internal static long HyperConnections(ModelArchitecture model, LayerArchitecture layer)
    {
        long streams = model.ResidualStreams;
        if (streams <= 1)
        {
            return 0;
        }

        long blocks = (layer.Mixer is null ? 0 : 1) + (layer.FeedForward is null ? 0 : 1);
        long mixes = (2 + streams) * streams;
        return checked(blocks * (mixes * streams * model.HiddenSize + mixes + 3));
    }

    internal static long EmbeddingWidth(ModelArchitecture model) =>
        model.EmbeddingProjectionSize > 0 ? model.EmbeddingProjectionSize : model.HiddenSize;

    internal static long Embedding(ModelArchitecture model)
    {
        if (model.SharesTables)
        {
            return 0;
        }

        long projections = model.EmbeddingProjectionSize > 0 ? 2L * model.EmbeddingProjectionSize * model.HiddenSize : 0;
        return checked(model.VocabularySize * EmbeddingWidth(model) + (long)model.LearnedPositionRows * model.HiddenSize + projections);
    }

    private static long TwoOrThree(bool gated, bool bias, long hidden, long inner)
    {
        long inputs = gated ? 2 : 1;
        return checked((inputs + 1) * hidden * inner + (bias ? inputs * inner + hidden : 0));
    }

    private static long Attention(AttentionMixer m, long hidden)
    {
        checked
        {
            long query = (long)m.Heads * m.HeadDim;
            long key = (long)m.KvHeads * m.HeadDim;
            long value = m.ValuesAreKeys ? 0 : (long)m.KvHeads * m.ValueHeadDim;
            if (m.ReusesCache)
            {
                key = value = 0;
            }

            long output = (long)m.Heads * m.ValueHeadDim;
            long norm = m.QkNorm switch
            {
                QkNormKind.PerHead => (m.ReusesCache ? 1L : 2L) * m.HeadDim,
                QkNormKind.PerHeadLayerNorm => 4L * m.HeadDim,
                QkNormKind.FullWidth or QkNormKind.EachHead => query + key,
                _ => 0,
            };
            long projected = query + key + value + (m.OutputGate ? output : 0) + (m.HeadGate ? m.Heads : 0);
            return (m.InputSize > 0 ? m.InputSize : hidden) * projected + hidden * output + norm
                + (m.QkvBias ? projected : 0) + (m.OutputBias ? hidden : 0) + (m.AttentionSink ? m.Heads : 0);
        }
    }

    private static long LatentAttention(LatentAttentionMixer m, long hidden)
    {
        checked
        {
            long query = (long)m.Heads * (m.NopeHeadDim + m.RopeHeadDim);
            long queries = m.QueryRank > 0 ? m.QueryRank * (hidden + 1 + query) + (m.Bias ? m.QueryRank : 0) : hidden * query;
            long latent = hidden * (m.KvRank + m.RopeHeadDim) + m.KvRank + (m.Bias ? m.KvRank + m.RopeHeadDim : 0);
            long keysAndValues = (long)m.KvRank * m.Heads * (m.NopeHeadDim + m.ValueHeadDim);
            long output = (long)m.Heads * m.ValueHeadDim * hidden + (m.Bias ? hidden : 0);
            // Indexer: queries from the query latent, one key per token with a layer norm, one weight per head.
            long indexer = m.IndexTopK == 0 || m.ReusesIndex
                ? 0
                : (long)m.QueryRank * m.IndexHeads * m.IndexHeadDim + hidden * (m.IndexHeadDim + m.IndexHeads) + (2L * m.IndexHeadDim);
            long gate = m.OutputGate ? (long)m.Heads * m.ValueHeadDim * hidden : 0;
            return queries + latent + keysAndValues + output + indexer + gate + (m.AttentionSink ? m.Heads : 0);
        }
    }

    private static long CompressedAttention(CompressedAttentionMixer m, long hidden)
    {
        checked
        {
            long query = (long)m.Heads * m.HeadDim;
            long queries = m.QueryRank * (hidden + 1 + query);
            long keys = hidden * m.HeadDim + m.HeadDim;
            long output = query * m.OutputRank + (long)m.OutputGroups * m.OutputRank * hidden;
            long indexer = m.IndexTopK == 0
                ? 0
                : (long)m.QueryRank * m.IndexHeads * m.IndexHeadDim + hidden * m.IndexHeads + Compressor(m, m.IndexHeadDim, hidden);
            return queries + keys + output + m.Heads + Compressor(m, m.HeadDim, hidden) + indexer;
        }
    }

    /// <summary>Values and gates to pool, an offset per position in the stretch, and a norm.</summary>
    private static long Compressor(CompressedAttentionMixer m, long width, long hidden)
    {
        if (m.CompressionRatio == 0)
        {
            return 0;
        }

        long pooled = m.OverlappingCompression ? 2 * width : width;
        return checked(2 * hidden * pooled + m.CompressionRatio * pooled + width);
    }

    private static long GatedDelta(GatedDeltaMixer m, long hidden)
    {
        checked
        {
            long keys = (long)m.KeyHeads * m.KeyHeadDim;
            long values = (long)m.ValueHeads * m.ValueHeadDim;
            long input = hidden * (2 * keys + 2 * values + 2L * m.ValueHeads);
            long convolution = (2 * keys + values) * m.ConvolutionTaps;
            return input + convolution + 2L * m.ValueHeads + m.ValueHeadDim + values * hidden;
        }
    }

    private static long Mamba(MambaMixer m, long hidden)
    {
        checked
        {
            long inner = (long)m.Heads * m.HeadDim;
            long convolved = inner + 2L * m.Groups * m.StateSize;
            long projected = inner + convolved + m.Heads;
            return hidden * (projected + inner) + (m.ProjectionBias ? projected + hidden : 0)
                + convolved * (m.ConvolutionTaps + (m.ConvolutionBias ? 1 : 0))
                + 3L * m.Heads + (m.GatedNorm ? inner : 0);
        }
    }

    private static long Recurrent(RecurrentMixer m) => checked(
        m.Projections.Sum(p => p.Parameters) + m.ElementParameters
        + (long)m.ConvolutionChannels * (m.ConvolutionTaps + (m.ConvolutionBias ? 1 : 0)));
}
