using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// Stored blocks of all 16 rows of a panel to their places in it at once: what <see cref="PanelRows.Spread"/> does row by row, as
/// transpositions in registers where vectors have 512 bits.
/// </summary>
internal static unsafe class RowSpread
{
    /// <summary>Moves a stretch of every row, four bytes of each to a vector.</summary>
    /// <param name="first">The stretch of row 0.</param>
    /// <param name="rowBytes">Bytes from row to row.</param>
    /// <param name="count">Bytes of a row, a multiple of 16.</param>
    /// <param name="vectors">Where the vectors go, <paramref name="count"/> / 4 of 64 bytes.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Bytes(byte* first, long rowBytes, int count, byte* vectors)
    {
        if (!Avx512F.IsSupported)
        {
            for (int row = 0; row < PanelRows.Count; row++)
            {
                PanelRows.Spread(new ReadOnlySpan<byte>(first + row * rowBytes, count), vectors, row);
            }

            return;
        }

        int done = 0;
        for (; done <= count - 32; done += 32)
        {
            Eight(first + done, rowBytes, vectors + 16 * done);
        }

        if (done < count)
        {
            Four(first + done, rowBytes, vectors + 16 * done);
        }
    }

    /// <summary>Moves two bytes of every row beside each other.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Pairs(byte* first, long rowBytes, byte* header)
    {
        for (int row = 0; row < PanelRows.Count; row++)
        {
            ((ushort*)header)[row] = *(ushort*)(first + row * rowBytes);
        }
    }

    /// <summary>One byte of every row beside each other: of a vector of four of each, the byte <paramref name="shift"/> bits up.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<uint> ByteOf(Vector512<uint> fours, int shift) => (fours >> shift) & Vector512.Create(255u);

    // Lane l of vector i has row 4 l + i, so that columns need no exchange between lanes afterwards.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Four(byte* first, long rowBytes, byte* vectors)
    {
        Transposition.Lanes4(
            Lanes(first, rowBytes), Lanes(first + rowBytes, rowBytes), Lanes(first + 2 * rowBytes, rowBytes),
            Lanes(first + 3 * rowBytes, rowBytes), out Vector512<float> c0, out Vector512<float> c1, out Vector512<float> c2,
            out Vector512<float> c3);
        Store(c0, vectors);
        Store(c1, vectors + 64);
        Store(c2, vectors + 128);
        Store(c3, vectors + 192);
    }

    // Vector i has row i and row i + 4, each in two lanes; the other four vectors have rows 8 to 15.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Eight(byte* first, long rowBytes, byte* vectors)
    {
        byte* later = first + 8 * rowBytes;
        Transposition.Lanes4(
            Halves(first, rowBytes), Halves(first + rowBytes, rowBytes), Halves(first + 2 * rowBytes, rowBytes),
            Halves(first + 3 * rowBytes, rowBytes), out Vector512<float> a0, out Vector512<float> a1, out Vector512<float> a2,
            out Vector512<float> a3);
        Transposition.Lanes4(
            Halves(later, rowBytes), Halves(later + rowBytes, rowBytes), Halves(later + 2 * rowBytes, rowBytes),
            Halves(later + 3 * rowBytes, rowBytes), out Vector512<float> b0, out Vector512<float> b1, out Vector512<float> b2,
            out Vector512<float> b3);
        Store(Avx512F.Shuffle4x128(a0, b0, 0x88), vectors);
        Store(Avx512F.Shuffle4x128(a1, b1, 0x88), vectors + 64);
        Store(Avx512F.Shuffle4x128(a2, b2, 0x88), vectors + 128);
        Store(Avx512F.Shuffle4x128(a3, b3, 0x88), vectors + 192);
        Store(Avx512F.Shuffle4x128(a0, b0, 0xDD), vectors + 256);
        Store(Avx512F.Shuffle4x128(a1, b1, 0xDD), vectors + 320);
        Store(Avx512F.Shuffle4x128(a2, b2, 0xDD), vectors + 384);
        Store(Avx512F.Shuffle4x128(a3, b3, 0xDD), vectors + 448);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Lanes(byte* row, long rowBytes) => Vector512.Create(
        Vector256.Create(Vector128.Load(row), Vector128.Load(row + 4 * rowBytes)),
        Vector256.Create(Vector128.Load(row + 8 * rowBytes), Vector128.Load(row + 12 * rowBytes))).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Halves(byte* row, long rowBytes) =>
        Vector512.Create(Vector256.Load(row), Vector256.Load(row + 4 * rowBytes)).AsSingle();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector512<float> column, byte* vector) => column.AsByte().Store(vector);
}
