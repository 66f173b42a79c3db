using Inferometer.Compression.Codecs;
using Inferometer.Core;

namespace Inferometer.Compression.Calibration;

/// <summary>How many latents of every head group are stored, and in how many bits.</summary>
/// <param name="Layers">[layer][head group]: formats of keys and of values.</param>
public sealed record LatentAllocation(IReadOnlyList<IReadOnlyList<(LatentFormat Keys, LatentFormat Values)>> Layers)
{
    /// <summary>Latents get a format in groups of so many: a vector register of floats.</summary>
    private const int Group = 16;

    /// <summary>Bytes per token over all layers, scales included.</summary>
    public int BytesPerToken => Layers.Sum(heads => heads.Sum(head => head.Keys.BytesPerToken + head.Values.BytesPerToken));

    /// <summary>Latents kept over all layers, keys and values together.</summary>
    public int Ranks => Layers.Sum(heads => heads.Sum(head => head.Keys.Width + head.Values.Width));

    /// <summary>
    /// The same rank per KV head and the same bits everywhere: a group of n heads gets n times the rank, so that the size does not depend
    /// on the groups. Ranks are rounded up to 16 and cut to the width.
    /// </summary>
    public static LatentAllocation Fixed(ModelBases bases, int keyRank, int valueRank, int bits)
    {
        ArgumentNullException.ThrowIfNull(bases);
        return new LatentAllocation([.. bases.Layers.Select(groups => Fixed(groups, bases.HeadGroupSize, keyRank, valueRank, bits))]);
    }

    /// <summary>Formats of one layer's groups; see the other overload.</summary>
    internal static IReadOnlyList<(LatentFormat Keys, LatentFormat Values)> Fixed(
        IReadOnlyList<GroupBases> groups, int headGroupSize, int keyRank, int valueRank, int bits)
    {
        return [.. groups.Select(group => (Format(group.Keys, keyRank), Format(group.Values, valueRank)))];
        LatentFormat Format(WeightedBasis basis, int rank) =>
            LatentFormat.Uniform((int)Math.Min((long)rank * headGroupSize, basis.Basis.Width), bits);
    }

    /// <summary>
    /// One threshold for all latents of the model: those whose weighted eigenvalue is above it are kept, with about half log2(eigenvalue /
    /// threshold) bits, rounded to the nearest of <paramref name="bits"/>. Every vector keeps at least 16 latents. </summary>
    /// <param name="bases">The bases.</param> <param name="sensitivities">What a unit of loss costs in each layer.</param>
    /// <param name="threshold">Above zero.</param> <param name="bits">Number formats to choose from, rising; one alone fixes the
    /// bits.</param>
    public static LatentAllocation ByThreshold(
        ModelBases bases, LayerSensitivities sensitivities, double threshold, IReadOnlyList<int> bits)
    {
        ArgumentNullException.ThrowIfNull(bases);
        ArgumentNullException.ThrowIfNull(sensitivities);
        ArgumentNullException.ThrowIfNull(bits);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threshold);
        return new LatentAllocation([.. bases.Layers.Select(Formats)]);

        IReadOnlyList<(LatentFormat, LatentFormat)> Formats(IReadOnlyList<GroupBases> heads, int layer)
        {
            double keys = sensitivities.Keys[layer] / threshold, values = sensitivities.Values[layer] / threshold;
            return [.. heads.Select(head => (Format(head.Keys.Eigenvalues, keys, bits), Format(head.Values.Eigenvalues, values, bits)))];
        }
    }

    /// <summary>The allocation by threshold that comes nearest to a size without exceeding it.</summary>
    /// <param name="bases">The bases.</param>
    /// <param name="sensitivities">What a unit of loss costs in each layer.</param>
    /// <param name="bytesPerToken">Most bytes per token over all layers.</param>
    /// <param name="bits">Number formats to choose from, rising.</param>
    /// <exception cref="InferometerException">Even the smallest allocation is larger.</exception>
    public static LatentAllocation ForSize(
        ModelBases bases, LayerSensitivities sensitivities, double bytesPerToken, IReadOnlyList<int> bits)
    {
        // Weighted eigenvalues lie within these by far; 100 halvings of the exponent leave nothing to find.
        (double low, double high) = (-150, 150);
        for (int i = 0; i < 100; i++)
        {
            double middle = (low + high) / 2;
            bool fits = ByThreshold(bases, sensitivities, Math.Exp(middle), bits).BytesPerToken <= bytesPerToken;
            (low, high) = fits ? (low, middle) : (middle, high);
        }

        LatentAllocation found = ByThreshold(bases, sensitivities, Math.Exp(high), bits);
        return found.BytesPerToken <= bytesPerToken
            ? found
            : throw new InferometerException(
                $"no allocation of latents fits into {bytesPerToken} bytes per token: the smallest takes {found.BytesPerToken}.");
    }

    private static LatentFormat Format(double[] eigenvalues, double weight, IReadOnlyList<int> bits)
    {
        List<LatentSegment> segments = [];
        for (int first = 0; first < eigenvalues.Length; first += Group)
        {
            double mean = 0;
            for (int i = first; i < Math.Min(first + Group, eigenvalues.Length); i++)
            {
                mean += eigenvalues[i] / Group;
            }

            int chosen = Bits(0.5 * Math.Log2(Math.Max(mean * weight, double.Epsilon)), bits);
            if (chosen == 0 && first > 0)
            {
                break;
            }

            chosen = chosen == 0 ? bits[0] : chosen;
            bool joins = segments.Count > 0 && segments[^1].Bits == chosen
                && (chosen > 8 || segments[^1].Count < LatentFormat.MaxQuantizedCount);
            if (joins)
            {
                segments[^1] = segments[^1] with { Count = segments[^1].Count + Group };
            }
            else
            {
                segments.Add(new LatentSegment(Group, chosen));
            }
        }

        return new LatentFormat(segments);
    }

    // Nothing below half the fewest bits, else the nearest.
    private static int Bits(double wanted, IReadOnlyList<int> bits) =>
        wanted < bits[0] / 2.0 ? 0 : bits.MinBy(each => Math.Abs(each - wanted));
}
