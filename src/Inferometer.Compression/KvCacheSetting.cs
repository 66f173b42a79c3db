using Inferometer.Compression.Cache;
using Inferometer.Compression.Calibration;
using Inferometer.Compression.Codecs;
using Inferometer.Compression.Profiles;
using Inferometer.Core;
using Inferometer.Core.Caching;
using Inferometer.Core.Models;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Kernels.Attention;

namespace Inferometer.Compression;

/// <summary>
/// What a user asked a cache to be: <c>q8</c>, <c>q4</c>, a level of the profile beside the model (<c>low</c>, <c>med</c>, <c>high</c>), or
/// a profile file, with its level after a colon where it is not <c>med</c>. Immutable; thread-safe. </summary>
public sealed class KvCacheSetting : IKvCacheProvider
{
    /// <summary>What can be written.</summary>
    public const string Allowed = "q8, q4, low, med, high (of the profile beside the model), or a profile file (FILE or FILE:LEVEL)";

    /// <summary>Extension of a profile that lies beside its model.</summary>
    public const string ProfileExtension = ".kvprofile";

    private readonly int _bits;
    private readonly CompressionProfile? _profile;
    private readonly string _source;
    private readonly string _level;
    private readonly ExactWindow _window;

    private KvCacheSetting(string name, int bits, CompressionProfile? profile, string source, string level, ExactWindow window) =>
        (Name, _bits, _profile, _source, _level, _window) = (name, bits, profile, source, level, window);

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    /// <remarks>0 also with another window of exact tokens than the usual one: who asks for that is to have it.</remarks>
    public int RoundedBits => _window == ExactWindow.Default ? _bits : 0;

    /// <summary>Reads a setting, and the profile file where it names one.</summary>
    /// <param name="text">See <see cref="Allowed"/>.</param>
    /// <param name="modelPath">The model's file or folder, for the profile beside it; null where there is none.</param>
    /// <param name="window">Tokens that stay exact; null for the default.</param>
    /// <exception cref="InferometerException">The text is none of what is allowed, or the profile cannot be read.</exception>
    public static KvCacheSetting Parse(string text, string? modelPath = null, ExactWindow? window = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        ExactWindow exact = window ?? ExactWindow.Default;
        if (text is "q8" or "q4")
        {
            return new KvCacheSetting(text, text is "q8" ? 8 : 4, null, "", "", exact);
        }

        if (text is "low" or "med" or "high")
        {
            return OfProfile(text, ProfileBeside(modelPath, text), text, exact);
        }

        int colon = text.LastIndexOf(':');
        (string file, string level) = colon > 0 && !File.Exists(text) ? (text[..colon], text[(colon + 1)..]) : (text, "med");
        return File.Exists(file)
            ? OfProfile(text, file, level, exact)
            : throw new InferometerException($"cache setting '{text}': allowed are {Allowed}; no file '{file}' exists.");
    }

    /// <summary>Where the profile of a model is looked for: in its folder, or beside its file under the same name.</summary>
    public static string DefaultProfilePath(string modelPath)
    {
        ArgumentException.ThrowIfNullOrEmpty(modelPath);
        return Directory.Exists(modelPath)
            ? Path.Combine(modelPath, "model" + ProfileExtension)
            : Path.ChangeExtension(modelPath, ProfileExtension);
    }

    /// <summary>The setting for a loaded model.</summary>
    /// <exception cref="InferometerException">The profile was made for another model; both fingerprints are named.</exception>
    public KvCompression For(TransformerModel model)
    {
        if (_profile is null)
        {
            return KvCompression.RotatedQuantization(model, _bits, _window);
        }

        _profile.RequireFor(model, _source);
        return _profile.ToCompression(model, _level, _window);
    }

    /// <summary>
    /// What the setting costs for a model of this architecture by formula, over all layers and query heads; what
    /// <see cref="KvCompression.Cost"/> of a loaded model says.
    /// </summary>
    /// <exception cref="InferometerException">The model has layers that the setting cannot store, or the profile was made for another
    /// shape.</exception>
    public KvCodecCost CostOf(ModelArchitecture architecture)
    {
        ArgumentNullException.ThrowIfNull(architecture);
        if (architecture.Layers.FirstOrDefault(layer => layer.Mixer is not AttentionMixer { ReusesCache: false }) is { } other)
        {
            throw new InferometerException(
                $"cache setting '{Name}': {architecture.Name} has layers of {HeadGroups.KindOf(other.Mixer)}; "
                + "only softmax attention over keys and values per head can be stored so.");
        }

        if (_profile is null)
        {
            return KvCodecCost.OfModel(architecture, (_, mixer) => KvCodecFormulas.Rotated(mixer, _bits));
        }

        _profile.RequireShapeOf(architecture, _source);
        LatentAllocation allocation = _profile.Level(_level).Allocation;
        int heads = _profile.Bases.HeadGroupSize;
        return KvCodecCost.OfModel(architecture, (layer, mixer) => allocation.Layers[layer].Aggregate(
            default(KvCodecCost),
            (sum, formats) => sum
                + KvCodecFormulas.LatentKeys(mixer.HeadDim, Pairs(mixer), heads, formats.Keys.Stretches)
                + KvCodecFormulas.LatentValues(mixer.ValueHeadDim, heads, formats.Values.Stretches)));
    }

    /// <inheritdoc/>
    public long BytesPerBlock(ModelArchitecture architecture) => _profile is null
        ? KvCompression.Layouts(architecture).Sum(layout => new RotatedQuantizationCodec(layout, _bits).PageBytes)
        : (long)KvPageLayout.PageTokens * _profile.Level(_level).Allocation.BytesPerToken;

    /// <inheritdoc/>
    public long FixedBytes(ModelArchitecture architecture, int maxSequences, int maxStepTokens) =>
        _window.PagesFor(maxSequences, maxStepTokens) * PagedKvCache.BytesPerBlock(architecture);

    /// <inheritdoc/>
    public KvCache CreateCache(TransformerModel model, int blockCount, int maxSequences, int maxStepTokens) =>
        For(model).CreateCache(blockCount, maxSequences, maxStepTokens);

    private static int Pairs(AttentionMixer mixer) =>
        mixer.Rope is { } rope ? (rope.RotaryDim > 0 ? rope.RotaryDim : mixer.HeadDim) / 2 : 0;

    private static KvCacheSetting OfProfile(string name, string path, string level, ExactWindow window)
    {
        CompressionProfile profile = CompressionProfile.Load(path);
        _ = profile.Level(level);
        return new KvCacheSetting(name, 0, profile, path, level, window);
    }

    private static string ProfileBeside(string? modelPath, string level)
    {
        string path = modelPath is null ? "" : DefaultProfilePath(modelPath);
        return File.Exists(path)
            ? path
            : throw new InferometerException(
                $"cache setting '{level}' needs the model's compression profile"
                + (path.Length > 0 ? $" '{path}', which does not exist; " : "; ")
                + "build one with 'inferometer compress build', or name its file.");
    }
}
