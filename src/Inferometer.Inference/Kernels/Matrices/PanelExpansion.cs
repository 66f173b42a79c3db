using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Inferometer.Core.Gguf;

namespace Inferometer.Inference.Kernels.Matrices;

/// <summary>Expands a piece of up to 48 rows to f32 with rows side by side, [column][48], ready for <see cref="FloatTile"/>.</summary>
internal static unsafe class PanelExpansion
{
    /// <summary>Columns of a piece: whole blocks of every format, and a panel of 48 KiB that stays in the second-level cache.</summary>
    public const int Depth = 256;

    /// <summary>Bytes of the panel and of sixteen decoded rows behind it.</summary>
    public const int ScratchBytes = (FloatTile.PanelRows + GroupRows) * Depth * sizeof(float);

    private const int GroupRows = 16;

    /// <summary>Expands <paramref name="rows"/> rows; missing ones become zero.</summary>
    /// <param name="type">Stored format.</param>
    /// <param name="source">First byte of the first row.</param>
    /// <param name="rowBytes">Bytes from row to row.</param>
    /// <param name="rows">1 to 48.</param>
    /// <param name="column">First column, on a block boundary.</param>
    /// <param name="depth">Columns, whole blocks, at most <see cref="Depth"/>.</param>
    /// <param name="panel">Scratch of <see cref="ScratchBytes"/>; the panel lies at its start.</param>
    public static void Expand(GgmlType type, byte* source, long rowBytes, int rows, int column, int depth, float* panel)
    {
        float* decoded = panel + FloatTile.PanelRows * Depth;
        byte* start = source + type.ByteCount(column);
        for (int group = 0; group < FloatTile.PanelRows; group += GroupRows)
        {
            for (int i = 0; i < GroupRows; i++)
            {
                Span<float> row = new(decoded + i * depth, depth);
                if (group + i < rows)
                {
                    RowDecoder.Decode(type, start + (group + i) * rowBytes, depth, row);
                }
                else
                {
                    row.Clear();
                }
            }

            Transpose(decoded, depth, panel + group);
        }
    }

    /// <summary>[16][depth] to [depth][48].</summary>
    private static void Transpose(float* source, int depth, float* target)
    {
        int k = 0;
        if (Avx.IsSupported)
        {
            for (; k <= depth - 8; k += 8)
            {
                Transpose8(source + k, depth, target + k * FloatTile.PanelRows);
                Transpose8(source + 8 * depth + k, depth, target + k * FloatTile.PanelRows + 8);
            }
        }

        for (; k < depth; k++)
        {
            for (int i = 0; i < GroupRows; i++)
            {
                target[k * FloatTile.PanelRows + i] = source[i * depth + k];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Transpose8(float* source, int stride, float* target)
    {
        Vector256<float> r0 = Vector256.Load(source), r1 = Vector256.Load(source + stride);
        Vector256<float> r2 = Vector256.Load(source + 2 * stride), r3 = Vector256.Load(source + 3 * stride);
        Vector256<float> r4 = Vector256.Load(source + 4 * stride), r5 = Vector256.Load(source + 5 * stride);
        Vector256<float> r6 = Vector256.Load(source + 6 * stride), r7 = Vector256.Load(source + 7 * stride);
        Transpose4(r0, r1, r2, r3, out Vector256<float> a0, out Vector256<float> a1, out Vector256<float> a2, out Vector256<float> a3);
        Transpose4(r4, r5, r6, r7, out Vector256<float> b0, out Vector256<float> b1, out Vector256<float> b2, out Vector256<float> b3);
        Avx.Permute2x128(a0, b0, 0x20).Store(target);
        Avx.Permute2x128(a1, b1, 0x20).Store(target + FloatTile.PanelRows);
        Avx.Permute2x128(a2, b2, 0x20).Store(target + 2 * FloatTile.PanelRows);
        Avx.Permute2x128(a3, b3, 0x20).Store(target + 3 * FloatTile.PanelRows);
        Avx.Permute2x128(a0, b0, 0x31).Store(target + 4 * FloatTile.PanelRows);
        Avx.Permute2x128(a1, b1, 0x31).Store(target + 5 * FloatTile.PanelRows);
        Avx.Permute2x128(a2, b2, 0x31).Store(target + 6 * FloatTile.PanelRows);
        Avx.Permute2x128(a3, b3, 0x31).Store(target + 7 * FloatTile.PanelRows);
    }

    /// <summary>Transposes the 4 x 4 blocks in the lower and upper halves of four vectors.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Transpose4(
        Vector256<float> r0, Vector256<float> r1, Vector256<float> r2, Vector256<float> r3,
        out Vector256<float> c0, out Vector256<float> c1, out Vector256<float> c2, out Vector256<float> c3)
    {
        Vector256<float> low01 = Avx.UnpackLow(r0, r1), high01 = Avx.UnpackHigh(r0, r1);
        Vector256<float> low23 = Avx.UnpackLow(r2, r3), high23 = Avx.UnpackHigh(r2, r3);
        c0 = Avx.Shuffle(low01, low23, 0x44);
        c1 = Avx.Shuffle(low01, low23, 0xEE);
        c2 = Avx.Shuffle(high01, high23, 0x44);
        c3 = Avx.Shuffle(high01, high23, 0xEE);
    }
}
