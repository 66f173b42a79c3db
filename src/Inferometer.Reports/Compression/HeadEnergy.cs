using Inferometer.Compression.Calibration;
using Inferometer.Compression.Codecs;
using Inferometer.Compression.Profiles;

namespace Inferometer.Reports.Compression;

/// <summary>What a level keeps of the keys or the values of one KV head, or of a group of heads that share latents.</summary>
/// <param name="Layer">Layer, from 0.</param>
/// <param name="Group">Head or head group, from 0.</param>
/// <param name="GroupSize">Heads of the group.</param>
/// <param name="IsKeys">Keys or values.</param>
/// <param name="Width">Width of all heads of the group.</param>
/// <param name="Rank">Latents kept.</param>
/// <param name="Bits">Mean bits of a kept latent.</param>
/// <param name="Energy">Share of the weighted variance that the kept latents carry, 0 to 1.</param>
/// <param name="Format">Segments, such as <c>16x8,32x4</c>.</param>
public sealed record HeadEnergy(
    int Layer, int Group, int GroupSize, bool IsKeys, int Width, int Rank, double Bits, double Energy, string Format)
{
    /// <summary>The head's number, or first and last of the group's.</summary>
    public string Heads => GroupSize == 1 ? $"{Group}" : $"{Group * GroupSize}-{((Group + 1) * GroupSize) - 1}";

    /// <summary>Bits stored per dimension of the heads.</summary>
    public double BitsPerDimension => Bits * Rank / Width;

    /// <summary>All heads of a level, layer by layer, keys before values.</summary>
    public static IReadOnlyList<HeadEnergy> Of(CompressionProfile profile, ProfileLevel level)
    {
        ArgumentNullException.ThrowIfNull(profile);
        ArgumentNullException.ThrowIfNull(level);
        List<HeadEnergy> all = [];
        for (int layer = 0; layer < profile.Bases.Layers.Count; layer++)
        {
            for (int group = 0; group < profile.Bases.Layers[layer].Count; group++)
            {
                (LatentFormat keys, LatentFormat values) = level.Allocation.Layers[layer][group];
                GroupBases bases = profile.Bases.Layers[layer][group];
                all.Add(Of(layer, group, profile.Bases.HeadGroupSize, true, bases.Keys, keys));
                all.Add(Of(layer, group, profile.Bases.HeadGroupSize, false, bases.Values, values));
            }
        }

        return all;
    }

    private static HeadEnergy Of(int layer, int group, int size, bool isKeys, WeightedBasis basis, LatentFormat format)
    {
        int rank = Math.Min(format.Width, basis.Eigenvalues.Length);
        double total = basis.Eigenvalues.Sum();
        return new HeadEnergy(
            layer, group, size, isKeys, basis.Basis.Width, rank, format.Segments.Sum(s => (double)s.Count * s.Bits) / format.Width,
            total > 0 ? basis.Eigenvalues.Take(rank).Sum() / total : 1,
            string.Join(',', format.Segments.Select(s => $"{s.Count}x{s.Bits}")));
    }
}
