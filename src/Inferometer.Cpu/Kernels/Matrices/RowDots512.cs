using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// Dot products of a few consecutive rows of stored weights with a few tokens, 16 columns at a time: each vector of weights is converted in
/// registers and serves all tokens. The weights' next rows are asked for in the order they lie in memory while this tile is computed, which
/// keeps one linear stream from memory however many rows a tile has.
/// </summary>
/// <remarks>
/// All methods: <c>weights</c> is the first row, others follow <c>rowBytes</c> apart; <c>x</c> is [tokens][columns]; whole vectors of
/// columns are summed, what is left over is the caller's; <c>next</c> is where to prefetch; <c>sums</c> is
/// [tokens][<see cref="RowDots.MaxTileRows"/>], without the format's scale.
/// </remarks>
internal static unsafe class RowDots512
{
    /// <summary>Eight rows, one token.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Times1<TStored>(byte* weights, long rowBytes, float* x, int columns, byte* next, float* sums)
        where TStored : struct, IStoredFloat
    {
        byte* w0 = weights, w1 = w0 + rowBytes, w2 = w1 + rowBytes, w3 = w2 + rowBytes, w4 = w3 + rowBytes, w5 = w4 + rowBytes,
            w6 = w5 + rowBytes, w7 = w6 + rowBytes;
        Vector512<float> s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default, s6 = default, s7 = default;
        for (nint k = 0; k <= columns - 16; k += 16)
        {
            next = Prefetch<TStored>(next, 4);
            next = Prefetch<TStored>(next, 4);
            Vector512<float> y = Vector512.Load(x + k);
            s0 = Vector512.FusedMultiplyAdd(TStored.Load512(w0 + k * TStored.Bytes), y, s0);
            s1 = Vector512.FusedMultiplyAdd(TStored.Load512(w1 + k * TStored.Bytes), y, s1);
            s2 = Vector512.FusedMultiplyAdd(TStored.Load512(w2 + k * TStored.Bytes), y, s2);
            s3 = Vector512.FusedMultiplyAdd(TStored.Load512(w3 + k * TStored.Bytes), y, s3);
            s4 = Vector512.FusedMultiplyAdd(TStored.Load512(w4 + k * TStored.Bytes), y, s4);
            s5 = Vector512.FusedMultiplyAdd(TStored.Load512(w5 + k * TStored.Bytes), y, s5);
            s6 = Vector512.FusedMultiplyAdd(TStored.Load512(w6 + k * TStored.Bytes), y, s6);
            s7 = Vector512.FusedMultiplyAdd(TStored.Load512(w7 + k * TStored.Bytes), y, s7);
        }

        Store(sums, s0, s1, s2, s3);
        Store(sums + 4, s4, s5, s6, s7);
    }

    /// <summary>
    /// Two rows that lie apart, one token: two streams, each asked for a fixed distance ahead, also across the ends of rows. The token's
    /// activations, which take twice as many loads as the weights, are loaded once for both.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Times1Apart<TStored>(byte* first, byte* second, float* x, int columns, float* firstSum, float* secondSum)
        where TStored : struct, IStoredFloat
    {
        Vector512<float> s0 = default, s1 = default, s2 = default, s3 = default;
        Vector512<float> t0 = default, t1 = default, t2 = default, t3 = default;
        nint k = 0;
        for (; k <= columns - 64; k += 64)
        {
            byte* v = first + k * TStored.Bytes, w = second + k * TStored.Bytes;
            Ahead<TStored>(v);
            Ahead<TStored>(w);
            float* y = x + k;
            Vector512<float> y0 = Vector512.Load(y), y1 = Vector512.Load(y + 16), y2 = Vector512.Load(y + 32), y3 = Vector512.Load(y + 48);
            s0 = Vector512.FusedMultiplyAdd(TStored.Load512(v), y0, s0);
            s1 = Vector512.FusedMultiplyAdd(TStored.Load512(v + 16 * TStored.Bytes), y1, s1);
            s2 = Vector512.FusedMultiplyAdd(TStored.Load512(v + 32 * TStored.Bytes), y2, s2);
            s3 = Vector512.FusedMultiplyAdd(TStored.Load512(v + 48 * TStored.Bytes), y3, s3);
            t0 = Vector512.FusedMultiplyAdd(TStored.Load512(w), y0, t0);
            t1 = Vector512.FusedMultiplyAdd(TStored.Load512(w + 16 * TStored.Bytes), y1, t1);
            t2 = Vector512.FusedMultiplyAdd(TStored.Load512(w + 32 * TStored.Bytes), y2, t2);
            t3 = Vector512.FusedMultiplyAdd(TStored.Load512(w + 48 * TStored.Bytes), y3, t3);
        }

        for (; k <= columns - 16; k += 16)
        {
            Vector512<float> y = Vector512.Load(x + k);
            s0 = Vector512.FusedMultiplyAdd(TStored.Load512(first + k * TStored.Bytes), y, s0);
            t0 = Vector512.FusedMultiplyAdd(TStored.Load512(second + k * TStored.Bytes), y, t0);
        }

        *firstSum = Vector512.Sum(s0 + s1 + (s2 + s3));
        *secondSum = Vector512.Sum(t0 + t1 + (t2 + t3));
    }

    /// <summary>Four short rows, one token: the next four fit into the first-level cache beside these and are prefetched there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Times1Short<TStored>(byte* weights, long rowBytes, float* x, int columns, byte* next, float* sums)
        where TStored : struct, IStoredFloat
    {
        byte* w0 = weights, w1 = w0 + rowBytes, w2 = w1 + rowBytes, w3 = w2 + rowBytes;
        Vector512<float> s00 = default, s01 = default;
        Vector512<float> s10 = default, s11 = default;
        Vector512<float> s20 = default, s21 = default;
        Vector512<float> s30 = default, s31 = default;
        nint k = 0;
        for (; k <= columns - 32; k += 32)
        {
            Sse.Prefetch0(next);
            Sse.Prefetch0(next + 64);
            Sse.Prefetch0(next + 128);
            Sse.Prefetch0(next + 192);
            if (TStored.Bytes == sizeof(float))
            {
                Sse.Prefetch0(next + 256);
                Sse.Prefetch0(next + 320);
                Sse.Prefetch0(next + 384);
                Sse.Prefetch0(next + 448);
            }

            next += 128 * TStored.Bytes;

            nint odd = k + 16;
            Vector512<float> y0 = Vector512.Load(x + k);
            s00 = Vector512.FusedMultiplyAdd(TStored.Load512(w0 + k * TStored.Bytes), y0, s00);
            s10 = Vector512.FusedMultiplyAdd(TStored.Load512(w1 + k * TStored.Bytes), y0, s10);
            s20 = Vector512.FusedMultiplyAdd(TStored.Load512(w2 + k * TStored.Bytes), y0, s20);
            s30 = Vector512.FusedMultiplyAdd(TStored.Load512(w3 + k * TStored.Bytes), y0, s30);
            Vector512<float> y1 = Vector512.Load(x + odd);
            s01 = Vector512.FusedMultiplyAdd(TStored.Load512(w0 + odd * TStored.Bytes), y1, s01);
            s11 = Vector512.FusedMultiplyAdd(TStored.Load512(w1 + odd * TStored.Bytes), y1, s11);
            s21 = Vector512.FusedMultiplyAdd(TStored.Load512(w2 + odd * TStored.Bytes), y1, s21);
            s31 = Vector512.FusedMultiplyAdd(TStored.Load512(w3 + odd * TStored.Bytes), y1, s31);
        }

        if (k <= columns - 16)
        {
            Vector512<float> y0 = Vector512.Load(x + k);
            s00 = Vector512.FusedMultiplyAdd(TStored.Load512(w0 + k * TStored.Bytes), y0, s00);
            s10 = Vector512.FusedMultiplyAdd(TStored.Load512(w1 + k * TStored.Bytes), y0, s10);
            s20 = Vector512.FusedMultiplyAdd(TStored.Load512(w2 + k * TStored.Bytes), y0, s20);
            s30 = Vector512.FusedMultiplyAdd(TStored.Load512(w3 + k * TStored.Bytes), y0, s30);
        }

        Store(sums, s00 + s01, s10 + s11, s20 + s21, s30 + s31);
    }

    /// <summary>Four rows, two tokens.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Times2<TStored>(byte* weights, long rowBytes, float* x, int columns, byte* next, float* sums)
        where TStored : struct, IStoredFloat
    {
        byte* w0 = weights, w1 = w0 + rowBytes, w2 = w1 + rowBytes, w3 = w2 + rowBytes;
        float* x0 = x, x1 = x0 + columns;
        Vector512<float> s00 = default, s01 = default;
        Vector512<float> s10 = default, s11 = default;
        Vector512<float> s20 = default, s21 = default;
        Vector512<float> s30 = default, s31 = default;
        for (nint k = 0; k <= columns - 16; k += 16)
        {
            next = Prefetch<TStored>(next, 4);
            Vector512<float> v0 = TStored.Load512(w0 + k * TStored.Bytes);
            Vector512<float> v1 = TStored.Load512(w1 + k * TStored.Bytes);
            Vector512<float> v2 = TStored.Load512(w2 + k * TStored.Bytes);
            Vector512<float> v3 = TStored.Load512(w3 + k * TStored.Bytes);
            Vector512<float> y0 = Vector512.Load(x0 + k);
            s00 = Vector512.FusedMultiplyAdd(v0, y0, s00);
            s10 = Vector512.FusedMultiplyAdd(v1, y0, s10);
            s20 = Vector512.FusedMultiplyAdd(v2, y0, s20);
            s30 = Vector512.FusedMultiplyAdd(v3, y0, s30);
            Vector512<float> y1 = Vector512.Load(x1 + k);
            s01 = Vector512.FusedMultiplyAdd(v0, y1, s01);
            s11 = Vector512.FusedMultiplyAdd(v1, y1, s11);
            s21 = Vector512.FusedMultiplyAdd(v2, y1, s21);
            s31 = Vector512.FusedMultiplyAdd(v3, y1, s31);
        }

        Store(sums, s00, s10, s20, s30);
        Store(sums + 1 * RowDots.MaxTileRows, s01, s11, s21, s31);
    }


    /// <summary>Four rows, four tokens.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Times4<TStored>(byte* weights, long rowBytes, float* x, int columns, byte* next, float* sums)
        where TStored : struct, IStoredFloat
    {
        byte* w0 = weights, w1 = w0 + rowBytes, w2 = w1 + rowBytes, w3 = w2 + rowBytes;
        float* x0 = x, x1 = x0 + columns, x2 = x1 + columns, x3 = x2 + columns;
        Vector512<float> s00 = default, s01 = default, s02 = default, s03 = default;
        Vector512<float> s10 = default, s11 = default, s12 = default, s13 = default;
        Vector512<float> s20 = default, s21 = default, s22 = default, s23 = default;
        Vector512<float> s30 = default, s31 = default, s32 = default, s33 = default;
        for (nint k = 0; k <= columns - 16; k += 16)
        {
            next = Prefetch<TStored>(next, 4);
            Vector512<float> v0 = TStored.Load512(w0 + k * TStored.Bytes);
            Vector512<float> v1 = TStored.Load512(w1 + k * TStored.Bytes);
            Vector512<float> v2 = TStored.Load512(w2 + k * TStored.Bytes);
            Vector512<float> v3 = TStored.Load512(w3 + k * TStored.Bytes);
            Vector512<float> y0 = Vector512.Load(x0 + k);
            s00 = Vector512.FusedMultiplyAdd(v0, y0, s00);
            s10 = Vector512.FusedMultiplyAdd(v1, y0, s10);
            s20 = Vector512.FusedMultiplyAdd(v2, y0, s20);
            s30 = Vector512.FusedMultiplyAdd(v3, y0, s30);
            Vector512<float> y1 = Vector512.Load(x1 + k);
            s01 = Vector512.FusedMultiplyAdd(v0, y1, s01);
            s11 = Vector512.FusedMultiplyAdd(v1, y1, s11);
            s21 = Vector512.FusedMultiplyAdd(v2, y1, s21);
            s31 = Vector512.FusedMultiplyAdd(v3, y1, s31);
            Vector512<float> y2 = Vector512.Load(x2 + k);
            s02 = Vector512.FusedMultiplyAdd(v0, y2, s02);
            s12 = Vector512.FusedMultiplyAdd(v1, y2, s12);
            s22 = Vector512.FusedMultiplyAdd(v2, y2, s22);
            s32 = Vector512.FusedMultiplyAdd(v3, y2, s32);
            Vector512<float> y3 = Vector512.Load(x3 + k);
            s03 = Vector512.FusedMultiplyAdd(v0, y3, s03);
            s13 = Vector512.FusedMultiplyAdd(v1, y3, s13);
            s23 = Vector512.FusedMultiplyAdd(v2, y3, s23);
            s33 = Vector512.FusedMultiplyAdd(v3, y3, s33);
        }

        Store(sums, s00, s10, s20, s30);
        Store(sums + 1 * RowDots.MaxTileRows, s01, s11, s21, s31);
        Store(sums + 2 * RowDots.MaxTileRows, s02, s12, s22, s32);
        Store(sums + 3 * RowDots.MaxTileRows, s03, s13, s23, s33);
    }


    /// <summary>Three rows, eight tokens: 24 sums in 32 registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Times8<TStored>(byte* weights, long rowBytes, float* x, int columns, byte* next, float* sums)
        where TStored : struct, IStoredFloat
    {
        byte* w0 = weights, w1 = w0 + rowBytes, w2 = w1 + rowBytes;
        float* x0 = x, x1 = x0 + columns, x2 = x1 + columns, x3 = x2 + columns, x4 = x3 + columns, x5 = x4 + columns, x6 = x5 + columns,
            x7 = x6 + columns;
        Vector512<float> s00 = default, s01 = default, s02 = default, s03 = default, s04 = default, s05 = default, s06 = default,
            s07 = default;
        Vector512<float> s10 = default, s11 = default, s12 = default, s13 = default, s14 = default, s15 = default, s16 = default,
            s17 = default;
        Vector512<float> s20 = default, s21 = default, s22 = default, s23 = default, s24 = default, s25 = default, s26 = default,
            s27 = default;
        for (nint k = 0; k <= columns - 16; k += 16)
        {
            next = Prefetch<TStored>(next, 3);
            Vector512<float> v0 = TStored.Load512(w0 + k * TStored.Bytes);
            Vector512<float> v1 = TStored.Load512(w1 + k * TStored.Bytes);
            Vector512<float> v2 = TStored.Load512(w2 + k * TStored.Bytes);
            Vector512<float> y0 = Vector512.Load(x0 + k);
            s00 = Vector512.FusedMultiplyAdd(v0, y0, s00);
            s10 = Vector512.FusedMultiplyAdd(v1, y0, s10);
            s20 = Vector512.FusedMultiplyAdd(v2, y0, s20);
            Vector512<float> y1 = Vector512.Load(x1 + k);
            s01 = Vector512.FusedMultiplyAdd(v0, y1, s01);
            s11 = Vector512.FusedMultiplyAdd(v1, y1, s11);
            s21 = Vector512.FusedMultiplyAdd(v2, y1, s21);
            Vector512<float> y2 = Vector512.Load(x2 + k);
            s02 = Vector512.FusedMultiplyAdd(v0, y2, s02);
            s12 = Vector512.FusedMultiplyAdd(v1, y2, s12);
            s22 = Vector512.FusedMultiplyAdd(v2, y2, s22);
            Vector512<float> y3 = Vector512.Load(x3 + k);
            s03 = Vector512.FusedMultiplyAdd(v0, y3, s03);
            s13 = Vector512.FusedMultiplyAdd(v1, y3, s13);
            s23 = Vector512.FusedMultiplyAdd(v2, y3, s23);
            Vector512<float> y4 = Vector512.Load(x4 + k);
            s04 = Vector512.FusedMultiplyAdd(v0, y4, s04);
            s14 = Vector512.FusedMultiplyAdd(v1, y4, s14);
            s24 = Vector512.FusedMultiplyAdd(v2, y4, s24);
            Vector512<float> y5 = Vector512.Load(x5 + k);
            s05 = Vector512.FusedMultiplyAdd(v0, y5, s05);
            s15 = Vector512.FusedMultiplyAdd(v1, y5, s15);
            s25 = Vector512.FusedMultiplyAdd(v2, y5, s25);
            Vector512<float> y6 = Vector512.Load(x6 + k);
            s06 = Vector512.FusedMultiplyAdd(v0, y6, s06);
            s16 = Vector512.FusedMultiplyAdd(v1, y6, s16);
            s26 = Vector512.FusedMultiplyAdd(v2, y6, s26);
            Vector512<float> y7 = Vector512.Load(x7 + k);
            s07 = Vector512.FusedMultiplyAdd(v0, y7, s07);
            s17 = Vector512.FusedMultiplyAdd(v1, y7, s17);
            s27 = Vector512.FusedMultiplyAdd(v2, y7, s27);
        }

        Store(sums, s00, s10, s20, s20);
        Store(sums + 1 * RowDots.MaxTileRows, s01, s11, s21, s21);
        Store(sums + 2 * RowDots.MaxTileRows, s02, s12, s22, s22);
        Store(sums + 3 * RowDots.MaxTileRows, s03, s13, s23, s23);
        Store(sums + 4 * RowDots.MaxTileRows, s04, s14, s24, s24);
        Store(sums + 5 * RowDots.MaxTileRows, s05, s15, s25, s25);
        Store(sums + 6 * RowDots.MaxTileRows, s06, s16, s26, s26);
        Store(sums + 7 * RowDots.MaxTileRows, s07, s17, s27, s27);
    }


    /// <summary>Asks for what 64 columns take, a fixed distance ahead.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Ahead<TStored>(byte* position)
        where TStored : struct, IStoredFloat
    {
        position += PanelScale.PrefetchBytes;
        Sse.Prefetch0(position);
        Sse.Prefetch0(position + 64);
        if (TStored.Bytes == sizeof(float))
        {
            Sse.Prefetch0(position + 128);
            Sse.Prefetch0(position + 192);
        }
    }

    /// <summary>
    /// Asks for the bytes that <paramref name="rows"/> rows take in one step of 16 columns; returns where the next step goes on.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* Prefetch<TStored>(byte* next, int rows)
        where TStored : struct, IStoredFloat
    {
        Sse.Prefetch1(next);
        if (rows * 16 * TStored.Bytes > 64)
        {
            Sse.Prefetch1(next + 64);
        }

        if (rows * 16 * TStored.Bytes > 128)
        {
            Sse.Prefetch1(next + 128);
        }

        if (rows * 16 * TStored.Bytes > 192)
        {
            Sse.Prefetch1(next + 192);
        }

        return next + rows * 16 * TStored.Bytes;
    }

    /// <summary>Adds up each of four vectors; the sums end up side by side, which costs a third of adding each across on its own.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* sums, Vector512<float> s0, Vector512<float> s1, Vector512<float> s2, Vector512<float> s3)
    {
        Vector512<float> s01 = Avx512F.UnpackLow(s0, s1) + Avx512F.UnpackHigh(s0, s1);
        Vector512<float> s23 = Avx512F.UnpackLow(s2, s3) + Avx512F.UnpackHigh(s2, s3);
        Vector512<float> quarters = Avx512F.Shuffle(s01, s23, 0x44) + Avx512F.Shuffle(s01, s23, 0xEE);
        Vector256<float> halves = quarters.GetLower() + quarters.GetUpper();
        (halves.GetLower() + halves.GetUpper()).Store(sums);
    }
}
