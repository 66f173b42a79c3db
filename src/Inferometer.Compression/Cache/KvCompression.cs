using Inferometer.Compression.Calibration;
using Inferometer.Compression.Codecs;
using Inferometer.Core.Caching;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Kernels.Attention;

namespace Inferometer.Compression.Cache;

/// <summary>
/// A way to compress a loaded model's cache, ready to make caches of; what a user wrote for it is a <see cref="KvCacheSetting"/>.
/// Immutable; thread-safe.
/// </summary>
public sealed class KvCompression
{
    private readonly TransformerModel _model;

    /// <summary>A compression of users' own codecs.</summary>
    /// <param name="name">Name for reports.</param>
    /// <param name="model">The model.</param>
    /// <param name="codecs">One per layer.</param>
    /// <param name="window">Tokens that stay exact; null = <see cref="ExactWindow.Default"/>.</param>
    public KvCompression(string name, TransformerModel model, IReadOnlyList<CompressedKvCodec> codecs, ExactWindow? window = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(codecs);
        (Name, _model, Codecs, Window) = (name, model, codecs, window ?? ExactWindow.Default);
    }

    /// <summary>Name for reports.</summary>
    public string Name { get; }

    /// <summary>How each layer is stored.</summary>
    public IReadOnlyList<CompressedKvCodec> Codecs { get; }

    /// <summary>Tokens that stay exact.</summary>
    public ExactWindow Window { get; }

    /// <summary>Bytes of a compressed token over all layers, scales included.</summary>
    public double BytesPerToken => Codecs.Sum(codec => codec.BytesPerToken);

    /// <summary>Bytes of a compressed block over all layers.</summary>
    public long BytesPerBlock => Codecs.Sum(codec => codec.PageBytes);

    /// <summary>
    /// What it costs over all layers and query heads; the simulator's feature <c>kv_compression</c> predicts with the same figures.
    /// </summary>
    public KvCodecCost Cost => KvCodecCost.OfModel(_model.Architecture, (layer, _) => Codecs[layer].Cost);

    /// <summary>Rotated quantisation of every layer.</summary>
    /// <param name="model">The model.</param>
    /// <param name="bits">8 or 4.</param>
    /// <param name="window">Tokens that stay exact.</param>
    public static KvCompression RotatedQuantization(TransformerModel model, int bits, ExactWindow? window = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        KvPageLayout[] layouts = Layouts(model);
        return new KvCompression($"q{bits}", model, [.. layouts.Select(layout => new RotatedQuantizationCodec(layout, bits))], window);
    }

    /// <summary>Latents of given bases in given formats, in every layer.</summary>
    /// <param name="name">Name for reports.</param>
    /// <param name="model">The model.</param>
    /// <param name="bases">Bases of its head groups.</param>
    /// <param name="allocation">How their latents are stored.</param>
    /// <param name="window">Tokens that stay exact.</param>
    /// <exception cref="Core.InferometerException">Bases or allocation do not fit the model.</exception>
    public static KvCompression LowRank(
        string name, TransformerModel model, ModelBases bases, LatentAllocation allocation, ExactWindow? window = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(bases);
        ArgumentNullException.ThrowIfNull(allocation);
        KvPageLayout[] layouts = Layouts(model);
        if (bases.Layers.Count != layouts.Length || allocation.Layers.Count != layouts.Length)
        {
            throw new Core.InferometerException(
                $"{name}: bases of {bases.Layers.Count} and an allocation of {allocation.Layers.Count} layers; "
                + $"the model has {layouts.Length}.");
        }

        RotaryTables tables = RotaryTables.For(model);
        IEnumerable<LowRankCodec> codecs = layouts.Select((layout, layer) =>
            new LowRankCodec(name, layout, Groups(bases.Layers[layer], allocation.Layers[layer]), tables.Of(layer)));
        return new KvCompression(name, model, [.. codecs], window);
    }

    /// <summary>Makes a cache.</summary>
    /// <param name="blockCount">Blocks of 16 tokens.</param>
    /// <param name="maxSequences">Sequences that run at once.</param>
    /// <param name="maxStepTokens">Most tokens of a step.</param>
    public CompressedKvCache CreateCache(int blockCount, int maxSequences, int maxStepTokens) => new(
        _model.Architecture, Codecs, blockCount, Window.PagesFor(maxSequences, maxStepTokens), Window);

    private static LowRankGroup[] Groups(
        IReadOnlyList<GroupBases> bases, IReadOnlyList<(LatentFormat Keys, LatentFormat Values)> formats) =>
        [.. bases.Zip(formats, (group, format) => new LowRankGroup(group.Keys.Basis, format.Keys, group.Values.Basis, format.Values))];

    /// <summary>Layouts of a model's exact f16 pages.</summary>
    internal static KvPageLayout[] Layouts(TransformerModel model) => Layouts(model.Architecture);

    /// <summary>Layouts of an architecture's exact f16 pages.</summary>
    internal static KvPageLayout[] Layouts(Core.Models.ModelArchitecture architecture) => [.. architecture.Layers.Select(layer =>
    {
        var mixer = (Core.Models.AttentionMixer)layer.Mixer!;
        return new KvPageLayout(mixer.KvHeads, mixer.HeadDim, mixer.ValueHeadDim, KvElement.F16);
    })];
}
