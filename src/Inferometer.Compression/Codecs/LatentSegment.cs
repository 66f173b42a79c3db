using System.Runtime.InteropServices;
using Inferometer.Core.Caching;

namespace Inferometer.Compression.Codecs;

/// <summary>A stretch of a stored vector in one number format.</summary>
/// <param name="Count">Numbers, a positive multiple of 16.</param>
/// <param name="Bits">2, 4 or 8: integers with one f16 scale per token; 16: f16; 32: f32.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct LatentSegment(int Count, int Bits)
{
    /// <summary>Bytes per token, the scale included.</summary>
    public int BytesPerToken => KvCodecFormulas.SegmentBytes(Count, Bits);

    /// <summary>Stored as integers with a scale.</summary>
    public bool IsQuantized => KvCodecFormulas.IsQuantized(Bits);
}
