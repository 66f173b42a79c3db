using Inferometer.Compression.Calibration;
using Inferometer.Compression.Codecs;
using Inferometer.Compression.Profiles;

namespace Inferometer.Cli.Compression;

/// <summary>What a level keeps of the keys or the values of one head.</summary>
/// <param name="Layer">Layer, from 0.</param>
/// <param name="Head">KV head, from 0.</param>
/// <param name="IsKeys">Keys or values.</param>
/// <param name="Width">Width of the head.</param>
/// <param name="Rank">Latents kept.</param>
/// <param name="Bits">Mean bits of a kept latent.</param>
/// <param name="Energy">Share of the weighted variance that the kept latents carry, 0 to 1.</param>
/// <param name="Format">Segments, such as <c>16x8,32x4</c>.</param>
internal sealed record HeadEnergy(int Layer, int Head, bool IsKeys, int Width, int Rank, double Bits, double Energy, string Format)
{
    public static IReadOnlyList<HeadEnergy> Of(CompressionProfile profile, ProfileLevel level)
    {
        List<HeadEnergy> all = [];
        for (int layer = 0; layer < profile.Bases.Layers.Count; layer++)
        {
            for (int head = 0; head < profile.Bases.Layers[layer].Count; head++)
            {
                (LatentFormat keys, LatentFormat values) = level.Allocation.Layers[layer][head];
                all.Add(Of(layer, head, true, profile.Bases.Layers[layer][head].Keys, keys));
                all.Add(Of(layer, head, false, profile.Bases.Layers[layer][head].Values, values));
            }
        }

        return all;
    }

    private static HeadEnergy Of(int layer, int head, bool isKeys, WeightedBasis basis, LatentFormat format)
    {
        int rank = Math.Min(format.Width, basis.Eigenvalues.Length);
        double total = basis.Eigenvalues.Sum();
        return new HeadEnergy(
            layer, head, isKeys, basis.Basis.Width, rank, format.Segments.Sum(s => (double)s.Count * s.Bits) / format.Width,
            total > 0 ? basis.Eigenvalues.Take(rank).Sum() / total : 1, string.Join(',', format.Segments.Select(s => $"{s.Count}x{s.Bits}")));
    }
}
