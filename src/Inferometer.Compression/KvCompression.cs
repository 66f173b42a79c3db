using Inferometer.Compression.Cache;
using Inferometer.Compression.Codecs;
using Inferometer.Inference.Execution;
using Inferometer.Inference.Kernels.Attention;

namespace Inferometer.Compression;

/// <summary>A way to compress a model's cache, ready to make caches of. Immutable; thread-safe.</summary>
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

    /// <summary>Floating-point operations that reading one compressed token adds over all layers.</summary>
    public double ReadFlopsPerToken => Codecs.Sum(codec => codec.ReadFlopsPerToken);

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

    /// <summary>Makes a cache.</summary>
    /// <param name="blockCount">Blocks of 16 tokens.</param>
    /// <param name="maxSequences">Sequences that run at once.</param>
    /// <param name="maxStepTokens">Most tokens of a step.</param>
    public CompressedKvCache CreateCache(int blockCount, int maxSequences, int maxStepTokens) => new(
        _model.Architecture, Codecs, blockCount, Window.PagesFor(maxSequences, maxStepTokens), Window);

    /// <summary>Layouts of a model's exact f16 pages.</summary>
    internal static KvPageLayout[] Layouts(TransformerModel model) => [.. model.Architecture.Layers.Select(layer =>
    {
        var mixer = (Core.Models.AttentionMixer)layer.Mixer!;
        return new KvPageLayout(mixer.KvHeads, mixer.HeadDim, mixer.ValueHeadDim, KvElement.F16);
    })];
}
