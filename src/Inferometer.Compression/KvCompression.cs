using Inferometer.Compression.Cache;
using Inferometer.Compression.Calibration;
using Inferometer.Compression.Codecs;
using Inferometer.Compression.Configuration;
using Inferometer.Core.Caching;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Kernels.Attention;

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

    /// <summary>What it costs over all layers and query heads; the simulator's feature <c>kv_compression</c> predicts with the same figures.</summary>
    public KvCodecCost Cost => KvCodecCost.OfModel(_model.Architecture, (layer, _) => Codecs[layer].Cost);

    /// <summary>Reads a setting such as <c>q8</c> or a profile file for a loaded model; see <see cref="KvCacheSetting"/>.</summary>
    /// <param name="text">See <see cref="KvCacheSetting.Allowed"/>.</param>
    /// <param name="model">The model.</param>
    /// <param name="modelPath">The model's file or folder, for the profile beside it.</param>
    /// <exception cref="Core.InferometerException">The text is none of what is allowed, or the profile does not fit the model.</exception>
    public static KvCompression Parse(string text, TransformerModel model, string? modelPath = null) => KvCacheSetting.Parse(text, modelPath).For(model);

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
    public static KvCompression LowRank(string name, TransformerModel model, ModelBases bases, LatentAllocation allocation, ExactWindow? window = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(bases);
        ArgumentNullException.ThrowIfNull(allocation);
        KvPageLayout[] layouts = Layouts(model);
        if (bases.Layers.Count != layouts.Length || allocation.Layers.Count != layouts.Length)
        {
            throw new Core.InferometerException($"{name}: bases of {bases.Layers.Count} and an allocation of {allocation.Layers.Count} layers; the model has {layouts.Length}.");
        }

        RotaryTables tables = RotaryTables.For(model);
        return new KvCompression(name, model, [.. layouts.Select((layout, layer) => new LowRankCodec(name, layout, Groups(bases.Layers[layer], allocation.Layers[layer]), tables.Of(layer)))], window);
    }

    /// <summary>What a configuration asks for, with fixed ranks and f16 latents where it is low-rank, and int8 where it is rotated quantisation.</summary>
    /// <param name="config">Strategy, ranks and exact tokens.</param>
    /// <param name="model">The model.</param>
    /// <param name="level"><c>low</c>, <c>med</c> or <c>high</c>: which of the value ranks.</param>
    /// <param name="calibrated">Bases for the strategy low-rank.</param>
    /// <exception cref="Core.InferometerException">The configuration or level is not valid, or calibrated bases are missing.</exception>
    public static KvCompression FromConfig(CompressionConfig config, TransformerModel model, string level = "med", ModelBases? calibrated = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(model);
        config.Validate();
        int rank = level switch
        {
            "low" => config.ValueRankLow,
            "med" => config.ValueRankMedium,
            "high" => config.ValueRankHigh,
            _ => throw new Core.InferometerException($"compression level '{level}': allowed are low, med, high."),
        };
        ExactWindow window = new(config.SinkTokens, config.RecentTokens);
        if (config.Strategy == CompressionStrategy.RotatedQuantization)
        {
            return RotatedQuantization(model, 8, window);
        }

        ModelBases? bases = config.Strategy == CompressionStrategy.WeightSvd ? ModelBases.FromWeights(model, config.HeadGroupSize) : calibrated;
        return bases is null
            ? throw new Core.InferometerException("compression strategy low-rank needs bases calibrated on a text; weight-svd and rotated need none.")
            : LowRank($"{(config.Strategy == CompressionStrategy.LowRank ? "low-rank" : "weight-only SVD")} {level}", model, bases, LatentAllocation.Fixed(bases, config.KeyRank, rank, 16), window);
    }

    /// <summary>Makes a cache.</summary>
    /// <param name="blockCount">Blocks of 16 tokens.</param>
    /// <param name="maxSequences">Sequences that run at once.</param>
    /// <param name="maxStepTokens">Most tokens of a step.</param>
    public CompressedKvCache CreateCache(int blockCount, int maxSequences, int maxStepTokens) => new(
        _model.Architecture, Codecs, blockCount, Window.PagesFor(maxSequences, maxStepTokens), Window);

    private static LowRankGroup[] Groups(IReadOnlyList<GroupBases> bases, IReadOnlyList<(LatentFormat Keys, LatentFormat Values)> formats) =>
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
