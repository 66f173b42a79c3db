using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Inferometer.Cpu.Kernels;

/// <summary>Rows of stored numbers to columns of f32, in registers.</summary>
internal static unsafe class Transposition
{
    /// <summary>Sixteen rows, with 512-bit vectors.</summary>
    /// <param name="row">First number of each row.</param>
    /// <param name="depth">Columns, a multiple of 16.</param>
    /// <param name="target">Column k begins at k * <paramref name="stride"/>.</param>
    /// <param name="stride">Floats from column to column.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows16<TStored>(byte** row, int depth, float* target, int stride)
        where TStored : struct, IStoredFloat
    {
        for (nint k = 0; k < depth; k += 16)
        {
            Load4<TStored>(row, k, out Vector512<float> a0, out Vector512<float> a1, out Vector512<float> a2, out Vector512<float> a3);
            Load4<TStored>(row + 4, k, out Vector512<float> b0, out Vector512<float> b1, out Vector512<float> b2, out Vector512<float> b3);
            Load4<TStored>(row + 8, k, out Vector512<float> c0, out Vector512<float> c1, out Vector512<float> c2, out Vector512<float> c3);
            Load4<TStored>(row + 12, k, out Vector512<float> d0, out Vector512<float> d1, out Vector512<float> d2, out Vector512<float> d3);
            float* to = target + k * stride;
            StoreLanes(a0, b0, c0, d0, to, stride);
            StoreLanes(a1, b1, c1, d1, to + stride, stride);
            StoreLanes(a2, b2, c2, d2, to + 2 * stride, stride);
            StoreLanes(a3, b3, c3, d3, to + 3 * stride, stride);
        }
    }

    /// <summary>
    /// Sixteen columns of four rows; vector i of the result holds, in lane j of 128 bits, column 4 j + i of the four rows.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Load4<TStored>(
        byte** row, nint k, out Vector512<float> c0, out Vector512<float> c1, out Vector512<float> c2, out Vector512<float> c3)
        where TStored : struct, IStoredFloat
    {
        Vector512<float> r0 = TStored.Load512(row[0] + k * TStored.Bytes), r1 = TStored.Load512(row[1] + k * TStored.Bytes);
        Vector512<float> r2 = TStored.Load512(row[2] + k * TStored.Bytes), r3 = TStored.Load512(row[3] + k * TStored.Bytes);
        Lanes4(r0, r1, r2, r3, out c0, out c1, out c2, out c3);
    }

    /// <summary>Transposes four times four numbers in every lane of 128 bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Lanes4(
        Vector512<float> r0, Vector512<float> r1, Vector512<float> r2, Vector512<float> r3, out Vector512<float> c0,
        out Vector512<float> c1, out Vector512<float> c2, out Vector512<float> c3)
    {
        Vector512<float> low01 = Avx512F.UnpackLow(r0, r1), high01 = Avx512F.UnpackHigh(r0, r1);
        Vector512<float> low23 = Avx512F.UnpackLow(r2, r3), high23 = Avx512F.UnpackHigh(r2, r3);
        c0 = Avx512F.Shuffle(low01, low23, 0x44);
        c1 = Avx512F.Shuffle(low01, low23, 0xEE);
        c2 = Avx512F.Shuffle(high01, high23, 0x44);
        c3 = Avx512F.Shuffle(high01, high23, 0xEE);
    }

    /// <summary>Joins the lanes of four groups of rows; lane j goes to column 4 j.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreLanes(
        Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d, float* target, int stride)
    {
        Vector512<float> evenAb = Avx512F.Shuffle4x128(a, b, 0x88), oddAb = Avx512F.Shuffle4x128(a, b, 0xDD);
        Vector512<float> evenCd = Avx512F.Shuffle4x128(c, d, 0x88), oddCd = Avx512F.Shuffle4x128(c, d, 0xDD);
        Avx512F.Shuffle4x128(evenAb, evenCd, 0x88).Store(target);
        Avx512F.Shuffle4x128(oddAb, oddCd, 0x88).Store(target + 4 * stride);
        Avx512F.Shuffle4x128(evenAb, evenCd, 0xDD).Store(target + 8 * stride);
        Avx512F.Shuffle4x128(oddAb, oddCd, 0xDD).Store(target + 12 * stride);
    }

    /// <summary>Eight rows, with 256-bit vectors; <paramref name="depth"/> is a multiple of 8.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows8<TStored>(byte** row, int depth, float* target, int stride)
        where TStored : struct, IStoredFloat
    {
        for (nint k = 0; k < depth; k += 8)
        {
            Load4<TStored>(row, k, out Vector256<float> a0, out Vector256<float> a1, out Vector256<float> a2, out Vector256<float> a3);
            Load4<TStored>(row + 4, k, out Vector256<float> b0, out Vector256<float> b1, out Vector256<float> b2, out Vector256<float> b3);
            float* to = target + k * stride;
            StoreLanes(a0, b0, to, stride);
            StoreLanes(a1, b1, to + stride, stride);
            StoreLanes(a2, b2, to + 2 * stride, stride);
            StoreLanes(a3, b3, to + 3 * stride, stride);
        }
    }

    /// <summary>Eight columns of four rows, arranged as in the wider method.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Load4<TStored>(
        byte** row, nint k, out Vector256<float> c0, out Vector256<float> c1, out Vector256<float> c2, out Vector256<float> c3)
        where TStored : struct, IStoredFloat
    {
        Vector256<float> r0 = TStored.Load256(row[0] + k * TStored.Bytes), r1 = TStored.Load256(row[1] + k * TStored.Bytes);
        Vector256<float> r2 = TStored.Load256(row[2] + k * TStored.Bytes), r3 = TStored.Load256(row[3] + k * TStored.Bytes);
        Vector256<float> low01 = Avx.UnpackLow(r0, r1), high01 = Avx.UnpackHigh(r0, r1);
        Vector256<float> low23 = Avx.UnpackLow(r2, r3), high23 = Avx.UnpackHigh(r2, r3);
        c0 = Avx.Shuffle(low01, low23, 0x44);
        c1 = Avx.Shuffle(low01, low23, 0xEE);
        c2 = Avx.Shuffle(high01, high23, 0x44);
        c3 = Avx.Shuffle(high01, high23, 0xEE);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreLanes(Vector256<float> a, Vector256<float> b, float* target, int stride)
    {
        Avx.Permute2x128(a, b, 0x20).Store(target);
        Avx.Permute2x128(a, b, 0x31).Store(target + 4 * stride);
    }

    /// <summary>Whether there is <see cref="Rows4"/>.</summary>
    public static bool HasRows4 => Sse.IsSupported || AdvSimd.Arm64.IsSupported;

    /// <summary>Four rows, with 128-bit vectors; <paramref name="depth"/> is a multiple of 4.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows4<TStored>(byte** row, int depth, float* target, int stride)
        where TStored : struct, IStoredFloat
    {
        for (nint k = 0; k < depth; k += 4)
        {
            Vector128<float> r0 = TStored.Load128(row[0] + k * TStored.Bytes), r1 = TStored.Load128(row[1] + k * TStored.Bytes);
            Vector128<float> r2 = TStored.Load128(row[2] + k * TStored.Bytes), r3 = TStored.Load128(row[3] + k * TStored.Bytes);
            Vector128<float> low02 = ZipLow(r0, r2), high02 = ZipHigh(r0, r2), low13 = ZipLow(r1, r3), high13 = ZipHigh(r1, r3);
            float* to = target + k * stride;
            ZipLow(low02, low13).Store(to);
            ZipHigh(low02, low13).Store(to + stride);
            ZipLow(high02, high13).Store(to + 2 * stride);
            ZipHigh(high02, high13).Store(to + 3 * stride);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> ZipLow(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.UnpackLow(a, b) : AdvSimd.Arm64.ZipLow(a, b);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<float> ZipHigh(Vector128<float> a, Vector128<float> b) =>
        Sse.IsSupported ? Sse.UnpackHigh(a, b) : AdvSimd.Arm64.ZipHigh(a, b);
}
