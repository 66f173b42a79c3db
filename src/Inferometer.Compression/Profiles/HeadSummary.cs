using Inferometer.Compression.Calibration;
using Inferometer.Compression.Codecs;

namespace Inferometer.Compression.Profiles;

/// <summary>What a level of a profile keeps of one head's keys or values.</summary>
/// <param name="Layer">Layer.</param>
/// <param name="Head">KV head.</param>
/// <param name="Part"><c>keys</c> or <c>values</c>.</param>
/// <param name="Width">Width of the head.</param>
/// <param name="Rank">Latents kept.</param>
/// <param name="Format">Numbers x bits per segment, such as <c>16x8,32x4</c>.</param>
/// <param name="BytesPerToken">Bytes, scales included.</param>
/// <param name="Energy">Share of the summed eigenvalues that is kept before quantisation, 0 to 1.</param>
public sealed record HeadSummary(int Layer, int Head, string Part, int Width, int Rank, string Format, int BytesPerToken, double Energy)
{
    /// <summary>All heads of a level, layer by layer, keys before values.</summary>
    /// <exception cref="Core.InferometerException">The profile has no such level.</exception>
    public static IReadOnlyList<HeadSummary> Of(CompressionProfile profile, string level)
    {
        ArgumentNullException.ThrowIfNull(profile);
        LatentAllocation allocation = profile.Level(level).Allocation;
        List<HeadSummary> heads = [];
        for (int layer = 0; layer < profile.Bases.Layers.Count; layer++)
        {
            for (int head = 0; head < profile.Bases.Layers[layer].Count; head++)
            {
                HeadBases bases = profile.Bases.Layers[layer][head];
                (LatentFormat keys, LatentFormat values) = allocation.Layers[layer][head];
                heads.Add(One(layer, head, "keys", bases.Keys, keys));
                heads.Add(One(layer, head, "values", bases.Values, values));
            }
        }

        return heads;
    }

    private static HeadSummary One(int layer, int head, string part, WeightedBasis basis, LatentFormat format)
    {
        double all = basis.Eigenvalues.Sum();
        int rank = Math.Min(format.Width, basis.Basis.Width);
        return new HeadSummary(
            layer, head, part, basis.Basis.Width, rank, FormatText.Write(format), format.BytesPerToken, all > 0 ? basis.Eigenvalues.Take(rank).Sum() / all : 1);
    }
}
