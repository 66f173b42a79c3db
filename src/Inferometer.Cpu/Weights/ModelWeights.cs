using Inferometer.Cpu.Kernels.Matrices;

namespace Inferometer.Cpu.Weights;

/// <summary>All weights of a network, ready for the kernels. Owns the matrices.</summary>
/// <param name="Embedding">Embedding table [vocabulary, hidden].</param>
/// <param name="Layers">Layers from bottom to top.</param>
/// <param name="FinalNorm">Norm after the last layer, [hidden].</param>
/// <param name="Head">LM head [vocabulary, hidden]; the same matrix as the embedding where they are tied.</param>
internal sealed record ModelWeights(WeightMatrix Embedding, LayerWeights[] Layers, float[] FinalNorm, Projection Head) : IDisposable
{
    /// <summary>Every matrix once.</summary>
    public IEnumerable<WeightMatrix> Matrices()
    {
        yield return Embedding;
        if (!ReferenceEquals(Head.Matrix, Embedding))
        {
            yield return Head.Matrix;
        }

        foreach (Projection projection in Layers.SelectMany(Projections))
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
        AttentionWeights attention = layer.Attention;
        IEnumerable<Projection?> all = [attention.Query, attention.Key, attention.Value, attention.Output, .. Of(layer.Dense)];
        if (layer.Experts is ExpertWeights experts)
        {
            all = [.. all, experts.Router, experts.SharedGate, .. Of(experts.Shared), .. experts.Experts.SelectMany(Of)];
        }

        return all.OfType<Projection>();
    }

    private static IEnumerable<Projection?> Of(FeedForwardWeights? network) =>
        network is null ? [] : [network.Gate, network.Up, network.Down];
}
