using Inferometer.Compression.Configuration;
using Inferometer.Core;
using Inferometer.Cpu.Execution;

namespace Inferometer.Compression.Profiles;

/// <summary>
/// The simple way in for users who keep keys and values of their own: compresses stretches of them under <c>none</c>, <c>low</c>,
/// <c>med</c> or <c>high</c>. Layers are prepared when they are first used. For the engine's cache use <see cref="KvCacheSetting"/>.
/// Thread-safe. </summary>
public sealed class LlamaCompressionProfiles
{
    private readonly Lazy<LayerCompressionProfiles>[] _layers;

    /// <summary>Profiles of fixed ranks from a model's projection weights alone.</summary>
    /// <param name="modelLoader">The weights, such as a loaded <see cref="TransformerModel"/>.</param>
    /// <param name="config">Ranks and head groups; null for the defaults.</param>
    /// <exception cref="InferometerException">The configuration is not valid, or the model's KV heads cannot be grouped as it
    /// says.</exception>
    public LlamaCompressionProfiles(IModelLoader modelLoader, CompressionConfig? config = null)
        : this(new CompressionProfileBuilder(modelLoader, config))
    {
    }

    /// <summary>Profiles that a builder makes.</summary>
    public LlamaCompressionProfiles(ICompressionProfileBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        _layers =
        [
            .. Enumerable.Range(0, builder.LayerCount).Select(
                layer => new Lazy<LayerCompressionProfiles>(() => builder.BuildCompressionProfiles(layer))),
        ];
    }

    /// <summary>The calibrated levels of a profile file.</summary>
    public LlamaCompressionProfiles(CompressionProfile profile)
    {
        ArgumentNullException.ThrowIfNull(profile);
        _layers =
        [
            .. Enumerable.Range(0, profile.Bases.Layers.Count).Select(
                layer => new Lazy<LayerCompressionProfiles>(() => profile.Layer(layer))),
        ];
    }

    /// <summary>Profiles of one layer.</summary>
    /// <param name="index">Layer, from 0.</param>
    /// <exception cref="InferometerException">There is no such layer.</exception>
    public LayerCompressionProfiles Layer(int index) => (uint)index < (uint)_layers.Length
        ? _layers[index].Value
        : throw new InferometerException($"layer {index}: the model has {_layers.Length}, counted from 0.");

    /// <summary>Compresses values.</summary>
    /// <param name="values">[tokens, head width], the heads of a group one after another within a token.</param>
    /// <param name="profile"><c>none</c>, <c>low</c>, <c>med</c> or <c>high</c>.</param>
    /// <param name="headIdx">KV head, from 0; the head group where heads share latents.</param>
    /// <param name="layer">Layer, from 0.</param>
    /// <exception cref="InferometerException">The profile, head or layer does not exist, or the values are no whole number of
    /// vectors.</exception>
    public CompressedVectors CompressValues(ReadOnlySpan<float> values, string profile, int headIdx, int layer = 0) =>
        Layer(layer).CompressValuesWithProfile(values, profile, headIdx);

    /// <summary>Compresses keys before their rotary rotation; arguments and errors as for <see cref="CompressValues"/>.</summary>
    public CompressedVectors CompressKeys(ReadOnlySpan<float> keys, string profile, int headIdx, int layer = 0) =>
        Layer(layer).CompressKeysWithProfile(keys, profile, headIdx);

    /// <summary>The values as far as they were kept, [tokens, head width].</summary>
    /// <exception cref="InferometerException">They are keys.</exception>
    public float[] DecompressValues(CompressedVectors compressed)
    {
        ArgumentNullException.ThrowIfNull(compressed);
        return Layer(compressed.Layer).DecompressValues(compressed);
    }

    /// <summary>The keys as far as they were kept, before their rotation, [tokens, head width].</summary>
    /// <exception cref="InferometerException">They are values.</exception>
    public float[] DecompressKeys(CompressedVectors compressed)
    {
        ArgumentNullException.ThrowIfNull(compressed);
        return Layer(compressed.Layer).DecompressKeys(compressed);
    }
}
