using Inferometer.Compression.Calibration;
using Inferometer.Compression.Codecs;
using Inferometer.Compression.Configuration;
using Inferometer.Core;
using Inferometer.Inference.Execution;

namespace Inferometer.Compression.Profiles;

/// <summary>
/// Compresses single stretches of keys and values of a model's heads by fixed ranks: the simple way in for users who keep vectors of their own. Profiles are <c>none</c>, <c>low</c>,
/// <c>med</c> and <c>high</c>; ranks above the width of a head are cut to it. For the engine's cache use <see cref="CompressionProfile"/>. Immutable; thread-safe.
/// </summary>
public sealed class LlamaCompressionProfiles
{
    private static readonly string[] Names = ["none", "low", "med", "high"];

    private readonly ModelBases _bases;
    private readonly CompressionConfig _config;

    /// <summary>Profiles of a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="config">Ranks; null for the defaults.</param>
    /// <param name="bases">Calibrated bases; null takes those of the weights alone, the baseline.</param>
    /// <exception cref="InferometerException">The ranks do not rise from low to high.</exception>
    public LlamaCompressionProfiles(TransformerModel model, CompressionConfig? config = null, ModelBases? bases = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        _config = config ?? new CompressionConfig();
        _config.Validate();
        _bases = bases ?? ModelBases.FromWeights(model);
    }

    /// <summary>Compresses values.</summary>
    /// <param name="values">[tokens, head width].</param>
    /// <param name="profile"><c>none</c>, <c>low</c>, <c>med</c> or <c>high</c>.</param>
    /// <param name="head">KV head.</param>
    /// <param name="layer">Layer.</param>
    /// <exception cref="InferometerException">The profile, head or layer does not exist, or the values are no whole number of vectors.</exception>
    public CompressedVectors CompressValues(ReadOnlySpan<float> values, string profile, int head, int layer = 0)
    {
        LatentBasis basis = Bases(layer, head).Values.Basis;
        int rank = profile switch { "low" => _config.ValueRankLow, "med" => _config.ValueRankMedium, "high" => _config.ValueRankHigh, _ => basis.Width };
        return Compress(values, profile, basis, rank, head, layer, areKeys: false);
    }

    /// <summary>Compresses keys before their rotation; the rank is the same under all profiles but <c>none</c>. Arguments as for <see cref="CompressValues"/>.</summary>
    /// <exception cref="InferometerException">As for <see cref="CompressValues"/>.</exception>
    public CompressedVectors CompressKeys(ReadOnlySpan<float> keys, string profile, int head, int layer = 0)
    {
        LatentBasis basis = Bases(layer, head).Keys.Basis;
        return Compress(keys, profile, basis, profile is "none" ? basis.Width : _config.KeyRank, head, layer, areKeys: true);
    }

    /// <summary>The values as far as they were kept, [tokens, head width].</summary>
    /// <exception cref="InferometerException">They are keys.</exception>
    public float[] DecompressValues(CompressedVectors compressed)
    {
        ArgumentNullException.ThrowIfNull(compressed);
        return compressed.AreKeys ? throw new InferometerException("these are compressed keys, not values.") : Decompress(compressed, Bases(compressed.Layer, compressed.Head).Values.Basis);
    }

    /// <summary>The keys as far as they were kept, before their rotation, [tokens, head width].</summary>
    /// <exception cref="InferometerException">They are values.</exception>
    public float[] DecompressKeys(CompressedVectors compressed)
    {
        ArgumentNullException.ThrowIfNull(compressed);
        return compressed.AreKeys ? Decompress(compressed, Bases(compressed.Layer, compressed.Head).Keys.Basis) : throw new InferometerException("these are compressed values, not keys.");
    }

    private static CompressedVectors Compress(ReadOnlySpan<float> vectors, string profile, LatentBasis basis, int wanted, int head, int layer, bool areKeys)
    {
        if (!Names.Contains(profile, StringComparer.Ordinal))
        {
            throw new InferometerException($"compression profile '{profile}': allowed are {string.Join(", ", Names)}.");
        }

        if (vectors.Length % basis.Width != 0)
        {
            throw new InferometerException($"{vectors.Length} numbers are no whole number of vectors of width {basis.Width}.");
        }

        int tokens = vectors.Length / basis.Width, rank = Math.Min(wanted, basis.Width);
        Half[] latents = new Half[tokens * rank];
        LatentBasis kept = basis.Truncate(Math.Min(rank, basis.Rank));
        float[] row = new float[rank];
        for (int token = 0; token < tokens; token++)
        {
            ReadOnlySpan<float> vector = vectors.Slice(token * basis.Width, basis.Width);
            if (profile is "none")
            {
                vector.CopyTo(row);
            }
            else
            {
                kept.Encode(vector, row);
            }

            for (int i = 0; i < rank; i++)
            {
                latents[token * rank + i] = (Half)row[i];
            }
        }

        return new CompressedVectors(layer, head, profile, areKeys, tokens, rank, latents);
    }

    private static float[] Decompress(CompressedVectors compressed, LatentBasis basis)
    {
        float[] latents = Array.ConvertAll(compressed.Latents, value => (float)value);
        if (compressed.Profile is "none")
        {
            return latents;
        }

        float[] vectors = new float[compressed.Tokens * basis.Width];
        LatentBasis kept = basis.Truncate(compressed.Rank);
        for (int token = 0; token < compressed.Tokens; token++)
        {
            kept.Decode(latents.AsSpan(token * compressed.Rank, compressed.Rank), vectors.AsSpan(token * basis.Width, basis.Width));
        }

        return vectors;
    }

    private HeadBases Bases(int layer, int head)
    {
        if ((uint)layer >= (uint)_bases.Layers.Count)
        {
            throw new InferometerException($"layer {layer}: the model has {_bases.Layers.Count}, counted from 0.");
        }

        return (uint)head < (uint)_bases.Layers[layer].Count
            ? _bases.Layers[layer][head]
            : throw new InferometerException($"KV head {head} of layer {layer}: the layer has {_bases.Layers[layer].Count}, counted from 0.");
    }
}
