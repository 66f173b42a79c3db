using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Inferometer.Inference.Kernels.Matrices;

/// <summary>Moving bytes between a row's block and the places of that row in a panel: every fourth-byte group of 64 bytes belongs to one row.</summary>
internal static unsafe class PanelRows
{
    /// <summary>Rows of a panel.</summary>
    public const int Count = 16;

    /// <summary>Spreads a row's bytes, four at a time, over vectors of 64 bytes.</summary>
    /// <param name="bytes">Whole groups of four.</param>
    /// <param name="vectors">First vector.</param>
    /// <param name="row">0 to 15.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Spread(ReadOnlySpan<byte> bytes, byte* vectors, int row)
    {
        ReadOnlySpan<uint> groups = MemoryMarshal.Cast<byte, uint>(bytes);
        uint* target = (uint*)vectors + row;
        for (int i = 0; i < groups.Length; i++)
        {
            target[i * Count] = groups[i];
        }
    }

    /// <summary>Undoes <see cref="Spread"/>.</summary>
    public static void Collect(byte* vectors, int row, Span<byte> bytes)
    {
        Span<uint> groups = MemoryMarshal.Cast<byte, uint>(bytes);
        uint* source = (uint*)vectors + row;
        for (int i = 0; i < groups.Length; i++)
        {
            groups[i] = source[i * Count];
        }
    }
}
