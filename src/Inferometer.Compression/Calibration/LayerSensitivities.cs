using Inferometer.Compression.Codecs;
using Inferometer.Compression.Evaluation;
using Inferometer.Inference.Execution;
using Inferometer.Inference.Kernels.Attention;

namespace Inferometer.Compression.Calibration;

/// <summary>What a unit of dropped eigenvalue costs in each layer: divergence of the model's predictions, measured by compressing that layer's keys or values alone.</summary>
/// <param name="Keys">[layer], nats per unit.</param>
/// <param name="Values">[layer], nats per unit.</param>
public sealed record LayerSensitivities(IReadOnlyList<double> Keys, IReadOnlyList<double> Values)
{
    /// <summary>Divergence below which a measurement is noise of the reference cache.</summary>
    private const double Floor = 1e-7;

    /// <summary>All layers alike, keys and values too: for bases without measured sensitivities.</summary>
    public static LayerSensitivities Equal(int layers) => new([.. Enumerable.Repeat(1.0, layers)], [.. Enumerable.Repeat(1.0, layers)]);

    /// <summary>Measures them on a text. Other layers, and the other half of the layer, are stored in int8, which changes next to nothing.</summary>
    /// <param name="model">The model.</param>
    /// <param name="bases">Its bases.</param>
    /// <param name="windows">Token windows, longer than the exact window.</param>
    /// <param name="progress">Told of the share done, 0 to 1.</param>
    /// <param name="cancellationToken">Stops between steps.</param>
    public static LayerSensitivities Measure(
        TransformerModel model, ModelBases bases, IReadOnlyList<int[]> windows, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(bases);
        KvPageLayout[] layouts = KvCompression.Layouts(model);
        RotaryTables tables = new(model);
        double[] keys = new double[layouts.Length], values = new double[layouts.Length];
        CompressedKvCodec[] int8 = [.. layouts.Select(layout => new RotatedQuantizationCodec(layout, 8))];
        for (int layer = 0; layer < layouts.Length; layer++)
        {
            KvCompression[] alone = [Alone(model, bases, int8, layouts[layer], layer, tables, keysAlone: true), Alone(model, bases, int8, layouts[layer], layer, tables, keysAlone: false)];
            IReadOnlyList<CacheQuality> quality = CompressionEvaluation.Measure(model, windows, alone, cancellationToken);
            keys[layer] = Math.Max(quality[0].KlDivergence, Floor) / Dropped(bases.Layers[layer].Select(head => head.Keys));
            values[layer] = Math.Max(quality[1].KlDivergence, Floor) / Dropped(bases.Layers[layer].Select(head => head.Values));
            progress?.Report((layer + 1.0) / layouts.Length);
        }

        return new LayerSensitivities(keys, values);
    }

    // A quarter of the latents is kept: a loss large enough to measure, small enough that the answer is about proportional.
    private static int Kept(WeightedBasis basis) => Math.Max(16, basis.Basis.Width / 4 / 16 * 16);

    private static double Dropped(IEnumerable<WeightedBasis> bases) =>
        Math.Max(bases.Sum(basis => basis.Eigenvalues.Skip(Kept(basis)).Sum()), 1e-12);

    private static KvCompression Alone(
        TransformerModel model, ModelBases bases, CompressedKvCodec[] others, KvPageLayout layout, int layer, RotaryTables tables, bool keysAlone)
    {
        IEnumerable<LowRankHead> heads = bases.Layers[layer].Select(head => new LowRankHead(
            head.Keys.Basis, LatentFormat.Uniform(keysAlone ? Kept(head.Keys) : head.Keys.Basis.Width, 16),
            head.Values.Basis, LatentFormat.Uniform(keysAlone ? head.Values.Basis.Width : Kept(head.Values), 16)));
        CompressedKvCodec[] codecs = [.. others];
        codecs[layer] = new LowRankCodec($"layer {layer}", layout, [.. heads], tables.Of(layer));
        return new KvCompression($"layer {layer} {(keysAlone ? "keys" : "values")}", model, codecs);
    }
}
