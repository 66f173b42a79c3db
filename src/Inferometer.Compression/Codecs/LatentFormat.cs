using Inferometer.Core;
using Inferometer.Core.Caching;

namespace Inferometer.Compression.Codecs;

/// <summary>How a stored vector of a token is split into segments. Immutable; compared by value.</summary>
public sealed record LatentFormat
{
    /// <summary>Numbers that share a scale at most.</summary>
    public const int MaxQuantizedCount = KvCodecFormulas.NumbersPerScale;

    /// <summary>Segments in order.</summary>
    /// <param name="segments">At least one.</param>
    /// <exception cref="InferometerException">A segment's length or bits are not among those that exist.</exception>
    public LatentFormat(IEnumerable<LatentSegment> segments)
    {
        Segments = new EquatableList<LatentSegment>(segments);
        foreach (LatentSegment segment in Segments)
        {
            if (segment.Count < 16 || segment.Count % 16 != 0 || segment.Bits is not (2 or 4 or 8 or 16 or 32)
                || (segment.IsQuantized && segment.Count > MaxQuantizedCount))
            {
                throw new InferometerException(
                    $"a latent segment of {segment.Count} numbers of {segment.Bits} bits: "
                    + "allowed are multiples of 16 (16 or 32 where quantised) of 2, 4, 8, 16 or 32 bits.");
            }

            Width += segment.Count;
            BytesPerToken += segment.BytesPerToken;
        }

        if (Width == 0)
        {
            throw new InferometerException("a latent vector needs at least one segment.");
        }
    }

    /// <summary>Segments in order.</summary>
    public EquatableList<LatentSegment> Segments { get; }

    /// <summary>Numbers of the vector.</summary>
    public int Width { get; }

    /// <summary>Bytes of one token, scales included.</summary>
    public int BytesPerToken { get; }

    /// <summary>A vector of one number format, split as its scales need; the width is rounded up to a multiple of 16.</summary>
    public static LatentFormat Uniform(int width, int bits)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        return new LatentFormat(KvCodecFormulas.SegmentCounts(width, bits).Select(count => new LatentSegment(count, bits)));
    }

    /// <summary>Numbers and bits of the segments, as <see cref="KvCodecFormulas"/> takes them.</summary>
    internal IEnumerable<(int Count, int Bits)> Stretches => Segments.Select(segment => (segment.Count, segment.Bits));
}
