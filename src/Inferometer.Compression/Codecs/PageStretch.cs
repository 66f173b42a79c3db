using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace Inferometer.Compression.Codecs;

/// <summary>Where something lies in every page: a head's keys, its values, or both.</summary>
/// <param name="Offset">Bytes from the start of the page.</param>
/// <param name="Bytes">How many.</param>
[StructLayout(LayoutKind.Auto)]
public readonly unsafe record struct PageStretch(long Offset, long Bytes)
{
    /// <summary>
    /// Asks for one of <paramref name="parts"/> parts of it in a page that will be read soon: a head's part of a page is too short for the
    /// processor to notice a stream, and the next page is far away. In parts, because a processor can wait for about sixteen lines at a
    /// time. </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal void Prefetch(byte* page, int part, int parts)
    {
        if (!Sse.IsSupported)
        {
            return;
        }

        byte* start = page + Offset;
        byte* end = start + Bytes * (part + 1) / parts;
        for (byte* line = start + Bytes * part / parts; line < end; line += 64)
        {
            // Into the second cache: a run of pages is more than the first one holds.
            Sse.Prefetch1(line);
        }
    }
}
