using Inferometer.Compression.Cache;
using Inferometer.Compression.Calibration;
using Inferometer.Compression.Codecs;
using Inferometer.Core.Models;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Kernels.Attention;

namespace Inferometer.Compression.Evaluation;

/// <summary>
/// Measures what a unit of loss costs in each layer, by compressing that layer's keys or values alone. One evaluation at a time per model.
/// </summary>
public static class SensitivityEvaluation
{
    /// <summary>
    /// Tokens that are run: two runs per layer make this the costliest part of a profile, and divergence, which compares whole
    /// distributions, settles on few predictions.
    /// </summary>
    private const int Tokens = 256;

    /// <summary>Tokens in a step: enough that weights are read once for many of them.</summary>
    private const int StepTokens = 64;

    /// <summary>Layers that are measured beside one exact run.</summary>
    private const int LayersAtOnce = 8;

    /// <summary>Divergence below which a measurement is noise of the reference cache.</summary>
    private const double Floor = 1e-7;

    /// <summary>All but the first block and the tokens of the step itself are compressed, so that few tokens say much.</summary>
    private static readonly ExactWindow Window = new(4, 0);

    /// <summary>
    /// Measures them on the beginning of a text. Other layers, and the other half of the layer, are stored in int8, which changes next to
    /// nothing.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="bases">Its bases.</param>
    /// <param name="text">Tokens of a sequence, of which at most 256 are run; fewer than about 100 say little.</param>
    /// <param name="progress">Told of the share done, 0 to 1.</param>
    /// <param name="cancellationToken">Stops between steps.</param>
    public static LayerSensitivities Measure(
        TransformerModel model, ModelBases bases, int[] text, IProgress<double>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(bases);
        ArgumentNullException.ThrowIfNull(text);
        int[][] window = [text[..Math.Min(text.Length, Tokens)]];
        KvPageLayout[] layouts = KvCompression.Layouts(model);
        RotaryTables tables = RotaryTables.For(model);
        double[] keys = new double[layouts.Length], values = new double[layouts.Length];
        CompressedKvCodec[] int8 = [.. layouts.Select(layout => new RotatedQuantizationCodec(layout, 8))];
        foreach (int[] layers in Enumerable.Range(0, layouts.Length).Chunk(LayersAtOnce))
        {
            KvCompression[] alone =
            [
                .. layers.SelectMany(layer =>
                    new[] { true, false }.Select(keysAlone => Alone(model, bases, int8, layouts[layer], layer, tables, keysAlone))),
            ];
            IReadOnlyList<CacheQuality> quality = CompressionEvaluation.Measure(model, window, alone, StepTokens, null, cancellationToken);
            for (int i = 0; i < layers.Length; i++)
            {
                IReadOnlyList<GroupBases> groups = bases.Layers[layers[i]];
                keys[layers[i]] = Math.Max(quality[2 * i].KlDivergence, Floor) / Dropped(groups.Select(group => group.Keys));
                values[layers[i]] = Math.Max(quality[2 * i + 1].KlDivergence, Floor) / Dropped(groups.Select(group => group.Values));
            }

            progress?.Report((layers[^1] + 1.0) / layouts.Length);
        }

        return new LayerSensitivities(keys, values);
    }

    /// <summary>Bytes of the caches and logits of a measurement, at most.</summary>
    internal static long RequiredBytes(ModelArchitecture architecture) =>
        (2 * LayersAtOnce + 1) * PagedKvCache.BytesPerBlock(architecture) * (Tokens + 2 * StepTokens) / KvCache.BlockSize
        + 2L * StepTokens * architecture.VocabularySize * sizeof(float);

    // A quarter of the latents is kept: a loss large enough to measure, small enough that the answer is about proportional.
    private static int Kept(WeightedBasis basis) => Math.Max(16, basis.Basis.Width / 4 / 16 * 16);

    private static double Dropped(IEnumerable<WeightedBasis> bases) =>
        Math.Max(bases.Sum(basis => basis.Eigenvalues.Skip(Kept(basis)).Sum()), 1e-12);

    private static KvCompression Alone(
        TransformerModel model, ModelBases bases, CompressedKvCodec[] others, KvPageLayout layout, int layer, RotaryTables tables,
        bool keysAlone)
    {
        IEnumerable<LowRankGroup> groups = bases.Layers[layer].Select(group => new LowRankGroup(
            group.Keys.Basis, LatentFormat.Uniform(keysAlone ? Kept(group.Keys) : group.Keys.Basis.Width, 16),
            group.Values.Basis, LatentFormat.Uniform(keysAlone ? group.Values.Basis.Width : Kept(group.Values), 16)));
        CompressedKvCodec[] codecs = [.. others];
        codecs[layer] = new LowRankCodec($"layer {layer}", layout, [.. groups], tables.Of(layer));
        return new KvCompression($"layer {layer} {(keysAlone ? "keys" : "values")}", model, codecs, Window);
    }
}
