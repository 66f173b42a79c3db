using Inferometer.Compression.Decomposition;
using Inferometer.Core.Models;
using Inferometer.Cpu.Execution;
using MathNet.Numerics.LinearAlgebra;

namespace Inferometer.Compression.Calibration;

/// <summary>
/// Bases of all head groups of a model, with all latents; what is stored of them is a <see cref="LatentAllocation"/>'s business.
/// </summary>
/// <param name="HeadGroupSize">KV heads that share latents: 1, 2 or 4.</param>
/// <param name="Layers">[layer][head group].</param>
public sealed record ModelBases(int HeadGroupSize, IReadOnlyList<IReadOnlyList<GroupBases>> Layers)
{
    /// <summary>
    /// Bases from what the model did on a text: keys weighted by the queries that meet them, values by the output projection.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="statistics">Collected with it; their head groups become those of the bases.</param>
    /// <param name="progress">Told of the share of layers done, from the calling thread.</param>
    /// <param name="cancellationToken">Stops between layers.</param>
    public static ModelBases Calibrated(
        IModelLoader model, CalibrationStatistics statistics, IProgress<double>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(statistics);
        var layers = new IReadOnlyList<GroupBases>[model.Architecture.LayerCount];
        for (int layer = 0; layer < layers.Length; layer++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            layers[layer] = statistics.Bases(layer, model.GetAttentionWeights(layer).Output);
            progress?.Report((layer + 1.0) / layers.Length);
        }

        return new ModelBases(statistics.HeadGroupSize, layers);
    }

    /// <summary>Bases from the projection weights alone: the baseline to beat.</summary>
    /// <param name="model">The weights.</param>
    /// <param name="headGroupSize">KV heads that share latents; must divide those of every layer.</param>
    /// <param name="cancellationToken">Stops between layers.</param>
    /// <exception cref="Core.InferometerException">The model's KV heads cannot be grouped so.</exception>
    public static ModelBases FromWeights(IModelLoader model, int headGroupSize = 1, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        HeadGroups.Require(model.Architecture, headGroupSize);
        var layers = new IReadOnlyList<GroupBases>[model.Architecture.LayerCount];
        for (int layer = 0; layer < layers.Length; layer++)
        {
            layers[layer] = LayerFromWeights(model, layer, headGroupSize, new SvdCompressionAlgorithm(), cancellationToken);
        }

        return new ModelBases(headGroupSize, layers);
    }

    /// <summary>Bases of one layer from its projection weights alone.</summary>
    internal static IReadOnlyList<GroupBases> LayerFromWeights(
        IModelLoader model, int layer, int headGroupSize, ICompressionAlgorithm algorithm, CancellationToken cancellationToken)
    {
        var mixer = (AttentionMixer)model.Architecture.Layers[layer].Mixer!;
        AttentionMatrices matrices = model.GetAttentionWeights(layer);
        var groups = new GroupBases[mixer.KvHeads / headGroupSize];
        for (int group = 0; group < groups.Length; group++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            groups[group] = new GroupBases(
                WeightedBasis.OfWeights(Rows(matrices.Key, group, groups.Length), algorithm),
                WeightedBasis.OfWeights(Rows(matrices.Value, group, groups.Length), algorithm));
        }

        return groups;

        Matrix<double> Rows(float[] matrix, int group, int count)
        {
            int columns = model.Architecture.HiddenSize, rows = matrix.Length / columns / count;
            return Matrix<double>.Build.Dense(rows, columns, (row, column) => matrix[(group * rows + row) * columns + column]);
        }
    }
}
