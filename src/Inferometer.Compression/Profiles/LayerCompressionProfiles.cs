using Inferometer.Compression.Calibration;
using Inferometer.Compression.Codecs;
using Inferometer.Core;
using Inferometer.Cpu.Kernels.Attention;

namespace Inferometer.Compression.Profiles;

/// <summary>
/// The profiles of one layer, per KV head or head group: <c>none</c> (f16 as it is) and levels such as <c>low</c>, <c>med</c> and
/// <c>high</c>. Compresses stretches of keys and values into the very bytes the cache would hold. Immutable; thread-safe. </summary>
public sealed class LayerCompressionProfiles
{
    /// <summary>Name of the profile that only rounds to f16.</summary>
    public const string None = "none";

    private const int Tokens = KvPageLayout.PageTokens;
    private readonly Dictionary<string, LowRankGroup[]> _profiles = new(StringComparer.Ordinal);
    private readonly int _groups;

    /// <summary>Profiles of a layer.</summary>
    /// <param name="layer">Layer, for messages.</param>
    /// <param name="groups">Bases of its heads or head groups.</param>
    /// <param name="levels">Names of the levels and, for each group, the formats of key and value latents.</param>
    /// <exception cref="ArgumentException">A level names formats for other groups.</exception>
    public LayerCompressionProfiles(
        int layer, IReadOnlyList<GroupBases> groups,
        IReadOnlyList<(string Name, IReadOnlyList<(LatentFormat Keys, LatentFormat Values)> Formats)> levels)
    {
        ArgumentNullException.ThrowIfNull(groups);
        ArgumentNullException.ThrowIfNull(levels);
        (Layer, _groups) = (layer, groups.Count);
        _profiles[None] = [.. groups.Select(group => Group(
            LatentBasis.Identity(group.Keys.Basis.Width), LatentFormat.Uniform(group.Keys.Basis.Width, 16),
            LatentBasis.Identity(group.Values.Basis.Width), LatentFormat.Uniform(group.Values.Basis.Width, 16)))];
        foreach ((string name, IReadOnlyList<(LatentFormat Keys, LatentFormat Values)> formats) in levels)
        {
            if (formats.Count != groups.Count)
            {
                throw new ArgumentException(
                    $"Level '{name}' names formats for {formats.Count} head groups; there are {groups.Count}.", nameof(levels));
            }

            _profiles[name] =
            [
                .. groups.Zip(formats, (group, format) => Group(group.Keys.Basis, format.Keys, group.Values.Basis, format.Values)),
            ];
        }
    }

    /// <summary>Layer, from 0.</summary>
    public int Layer { get; }

    /// <summary>Names of the profiles, <c>none</c> first.</summary>
    public IReadOnlyCollection<string> Names => _profiles.Keys;

    /// <summary>How a profile stores each head or head group.</summary>
    /// <exception cref="InferometerException">There is no such profile.</exception>
    public IReadOnlyList<LowRankGroup> Groups(string profile) => _profiles.TryGetValue(profile, out LowRankGroup[]? groups)
        ? groups
        : throw new InferometerException($"compression profile '{profile}': allowed are {string.Join(", ", Names)}.");

    /// <summary>Compresses values.</summary>
    /// <param name="values">[tokens, head width], the heads of a group one after another within a token.</param>
    /// <param name="profile">One of <see cref="Names"/>.</param>
    /// <param name="headIdx">KV head, from 0; the head group where heads share latents.</param>
    /// <exception cref="InferometerException">The profile or head does not exist, or the values are no whole number of vectors.</exception>
    public CompressedVectors CompressValuesWithProfile(ReadOnlySpan<float> values, string profile, int headIdx)
    {
        LowRankGroup group = Group(profile, headIdx);
        return Compress(values, group.Values, group.ValueFormat, profile, headIdx, areKeys: false);
    }

    /// <summary>
    /// Compresses keys before their rotary rotation; arguments and errors as for <see cref="CompressValuesWithProfile"/>.
    /// </summary>
    public CompressedVectors CompressKeysWithProfile(ReadOnlySpan<float> keys, string profile, int headIdx)
    {
        LowRankGroup group = Group(profile, headIdx);
        return Compress(keys, group.Keys, group.KeyFormat, profile, headIdx, areKeys: true);
    }

    /// <summary>The values as far as they were kept, [tokens, head width].</summary>
    /// <exception cref="InferometerException">They are keys, or of another layer.</exception>
    public float[] DecompressValues(CompressedVectors compressed) => Decompress(compressed, areKeys: false);

    /// <summary>The keys as far as they were kept, before their rotation, [tokens, head width].</summary>
    /// <exception cref="InferometerException">They are values, or of another layer.</exception>
    public float[] DecompressKeys(CompressedVectors compressed) => Decompress(compressed, areKeys: true);

    private static LowRankGroup Group(LatentBasis keys, LatentFormat keyFormat, LatentBasis values, LatentFormat valueFormat) =>
        new(keys.For(keyFormat), keyFormat, values.For(valueFormat), valueFormat);

    private LowRankGroup Group(string profile, int headIdx) => (uint)headIdx < (uint)_groups
        ? Groups(profile)[headIdx]
        : throw new InferometerException($"KV head or head group {headIdx} of layer {Layer}: the layer has {_groups}, counted from 0.");

    private unsafe CompressedVectors Compress(
        ReadOnlySpan<float> vectors, LatentBasis basis, LatentFormat format, string profile, int headIdx, bool areKeys)
    {
        if (vectors.Length % basis.Width != 0)
        {
            throw new InferometerException($"{vectors.Length} numbers are no whole number of vectors of width {basis.Width}.");
        }

        int tokens = vectors.Length / basis.Width, pageBytes = Tokens * format.BytesPerToken;
        byte[] data = new byte[(tokens + Tokens - 1) / Tokens * pageBytes];
        float[] latents = new float[Tokens * format.Width];
        fixed (byte* pages = data)
        {
            for (int first = 0; first < tokens; first += Tokens)
            {
                Array.Clear(latents);
                for (int token = first; token < Math.Min(tokens, first + Tokens); token++)
                {
                    basis.Encode(
                        vectors.Slice(token * basis.Width, basis.Width), latents.AsSpan((token - first) * format.Width, format.Width));
                }

                LatentPage.Encode(format, latents, pages + first / Tokens * pageBytes, byChannel: false);
            }
        }

        return new CompressedVectors(Layer, headIdx, profile, areKeys, tokens, format, data);
    }

    private unsafe float[] Decompress(CompressedVectors compressed, bool areKeys)
    {
        ArgumentNullException.ThrowIfNull(compressed);
        if (compressed.AreKeys != areKeys || compressed.Layer != Layer)
        {
            throw new InferometerException(
                $"these are compressed {(compressed.AreKeys ? "keys" : "values")} of layer {compressed.Layer}, "
                + $"not {(areKeys ? "keys" : "values")} of layer {Layer}.");
        }

        LowRankGroup group = Group(compressed.Profile, compressed.HeadIdx);
        LatentBasis basis = areKeys ? group.Keys : group.Values;
        LatentFormat format = compressed.Format;
        float[] vectors = new float[compressed.Tokens * basis.Width], latents = new float[Tokens * format.Width];
        fixed (byte* pages = compressed.Data)
        {
            fixed (float* rows = latents)
            {
                for (int token = 0; token < compressed.Tokens; token++)
                {
                    if (token % Tokens == 0)
                    {
                        LatentPage.Decode(format, pages + token * format.BytesPerToken, rows, format.Width, byChannel: false);
                    }

                    basis.Decode(
                        latents.AsSpan(token % Tokens * format.Width, format.Width), vectors.AsSpan(token * basis.Width, basis.Width));
                }
            }
        }

        return vectors;
    }
}
