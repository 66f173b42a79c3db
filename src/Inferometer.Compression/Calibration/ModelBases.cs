using Inferometer.Core.Models;
using Inferometer.Inference.Execution;
using MathNet.Numerics.LinearAlgebra;

namespace Inferometer.Compression.Calibration;

/// <summary>Bases of one KV head.</summary>
/// <param name="Keys">Of keys before their rotation.</param>
/// <param name="Values">Of values.</param>
public sealed record HeadBases(WeightedBasis Keys, WeightedBasis Values);

/// <summary>Bases of all KV heads of a model, [layer][head], with all latents; what is stored of them is an <see cref="LatentAllocation"/>'s business.</summary>
/// <param name="Layers">[layer][KV head].</param>
public sealed record ModelBases(IReadOnlyList<IReadOnlyList<HeadBases>> Layers)
{
    /// <summary>Bases from what the model did on a text: keys weighted by the queries that meet them, values by the output projection.</summary>
    /// <param name="model">The model.</param>
    /// <param name="statistics">Collected with it.</param>
    /// <param name="cancellationToken">Stops between layers.</param>
    public static ModelBases Calibrated(TransformerModel model, CalibrationStatistics statistics, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(statistics);
        return Of(model, cancellationToken, (layer, head, matrices) => new HeadBases(
            WeightedBasis.Of(statistics.KeyMean(layer, head), statistics.KeyCovariance(layer, head), statistics.KeyImportance(layer, head)),
            WeightedBasis.Of(statistics.ValueMean(layer, head), statistics.ValueCovariance(layer, head), statistics.ValueImportance(layer, head, matrices.Output))));
    }

    /// <summary>Bases from the projection weights alone: the baseline to beat.</summary>
    public static ModelBases FromWeights(TransformerModel model, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        return Of(model, cancellationToken, (layer, head, matrices) =>
        {
            var mixer = (AttentionMixer)model.Architecture.Layers[layer].Mixer!;
            return new HeadBases(WeightedBasis.OfWeights(Rows(matrices.Key, head, mixer.HeadDim, mixer.KvHeads)), WeightedBasis.OfWeights(Rows(matrices.Value, head, mixer.ValueHeadDim, mixer.KvHeads)));
        });
    }

    private static ModelBases Of(TransformerModel model, CancellationToken cancellationToken, Func<int, int, AttentionMatrices, HeadBases> make)
    {
        var layers = new IReadOnlyList<HeadBases>[model.Architecture.LayerCount];
        for (int layer = 0; layer < layers.Length; layer++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            AttentionMatrices matrices = model.GetAttentionWeights(layer);
            int heads = ((AttentionMixer)model.Architecture.Layers[layer].Mixer!).KvHeads;
            layers[layer] = [.. Enumerable.Range(0, heads).Select(head => make(layer, head, matrices))];
        }

        return new ModelBases(layers);
    }

    private static Matrix<double> Rows(float[] matrix, int head, int width, int heads)
    {
        int columns = matrix.Length / (heads * width);
        return Matrix<double>.Build.Dense(width, columns, (row, column) => matrix[(head * width + row) * columns + column]);
    }
}
