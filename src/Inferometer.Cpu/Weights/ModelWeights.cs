using Inferometer.Cpu.Kernels.Matrices;

namespace Inferometer.Cpu.Weights;

/// <summary>All weights of a network, ready for the kernels. Owns the matrices.</summary>
/// <param name="Embedding">Embedding table [vocabulary, hidden].</param>
/// <param name="Layers">Layers from bottom to top.</param>
/// <param name="FinalNorm">Norm after the last layer; null where each layer ends with one.</param>
/// <param name="Head">LM head [vocabulary, hidden]; the same matrix as the embedding where they are tied; null where there is none.</param>
internal sealed record ModelWeights(WeightMatrix Embedding, LayerWeights[] Layers, NormWeights? FinalNorm, Projection? Head) : IDisposable
{
    /// <summary>Rows added to the embedding that tell a first text from a second, [types, hidden], or null.</summary>
    public WeightMatrix? TokenTypes { get; init; }

    /// <summary>Norm of the embedding, or null.</summary>
    public NormWeights? EmbeddingNorm { get; init; }

    /// <summary>Learned rows added to the embedding, [positions, hidden], or null.</summary>
    public WeightMatrix? Positions { get; init; }

    /// <summary>What makes the layers' own inputs, or null.</summary>
    public InputWeights? Inputs { get; init; }

    /// <summary>From the embedding to the other residual streams; empty where there is one.</summary>
    public Projection[] Streams { get; init; } = [];

    /// <summary>From the other residual streams to what is merged.</summary>
    public Projection[] Merging { get; init; } = [];

    /// <summary>Every matrix once.</summary>
    public IEnumerable<WeightMatrix> Matrices()
    {
        yield return Embedding;
        if (Head is not null && !ReferenceEquals(Head.Matrix, Embedding))
        {
            yield return Head.Matrix;
        }

        if (TokenTypes is not null)
        {
            yield return TokenTypes;
        }

        if (Positions is not null)
        {
            yield return Positions;
        }

        if (Inputs is not null)
        {
            yield return Inputs.Table;
            yield return Inputs.Projection.Matrix;
        }

        foreach (Projection projection in (IEnumerable<Projection>)[.. Streams, .. Merging, .. Layers.SelectMany(Projections)])
        {
            yield return projection.Matrix;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (WeightMatrix matrix in Matrices())
        {
            matrix.Dispose();
        }
    }

    private static IEnumerable<Projection> Projections(LayerWeights layer)
    {
        IEnumerable<Projection?> all =
        [
            .. Of(layer.Attention), .. Of(layer.Latent), .. Of(layer.Recurrence), .. Of(layer.Dense), layer.Input?.Gate,
            layer.Input?.Output, layer.Updates?.BranchDown, layer.Updates?.BranchUp,
        ];
        if (layer.Experts is ExpertWeights experts)
        {
            all = [.. all, experts.Router, experts.SharedGate, .. Of(experts.Shared), .. experts.Experts.SelectMany(Of)];
        }

        return all.OfType<Projection>();
    }

    private static IEnumerable<Projection?> Of(AttentionWeights? attention) =>
        attention is null ? [] : [attention.Query, attention.Key, attention.Value, attention.Output, attention.Gate];

    private static IEnumerable<Projection?> Of(LatentWeights? attention) => attention is null ? [] :
        [attention.QueryDown, attention.Query, attention.Latent, .. attention.KeyUp, .. attention.ValueUp, attention.Output];

    private static IEnumerable<Projection?> Of(RecurrentWeights? mixer) =>
        mixer is null ? [] : [mixer.Input, mixer.Output, mixer.Gate, mixer.Beta, mixer.Decay];

    private static IEnumerable<Projection?> Of(FeedForwardWeights? network) =>
        network is null ? [] : [network.Gate, network.Up, network.Down];
}

/// <summary>What makes the layers' own inputs.</summary>
/// <param name="Table">[rows, layers x width].</param>
/// <param name="Projection">From the embedding, [layers x width, hidden].</param>
/// <param name="Norm">Of what is projected for one layer, [width].</param>
internal sealed record InputWeights(WeightMatrix Table, Projection Projection, float[] Norm);
