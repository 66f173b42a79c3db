using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// The tiles of <see cref="RowDots512"/> with 128-bit vectors, 4 columns at a time, in the 16 registers of x86, and
/// without asking for rows ahead, which .NET cannot do on Arm. Parameters are the same but for that.
/// </summary>
internal static unsafe class RowDots128
{
    /// <summary>Four rows, one token.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Times1<TStored>(byte* weights, long rowBytes, float* x, int columns, float* sums)
        where TStored : struct, IStoredFloat
    {
        byte* w0 = weights, w1 = w0 + rowBytes, w2 = w1 + rowBytes, w3 = w2 + rowBytes;
        Vector128<float> s00 = default, s01 = default;
        Vector128<float> s10 = default, s11 = default;
        Vector128<float> s20 = default, s21 = default;
        Vector128<float> s30 = default, s31 = default;
        nint k = 0;
        for (; k <= columns - 8; k += 8)
        {
            nint odd = k + 4;
            Vector128<float> y0 = Vector128.Load(x + k);
            s00 = Vector128.MultiplyAddEstimate(TStored.Load128(w0 + k * TStored.Bytes), y0, s00);
            s10 = Vector128.MultiplyAddEstimate(TStored.Load128(w1 + k * TStored.Bytes), y0, s10);
            s20 = Vector128.MultiplyAddEstimate(TStored.Load128(w2 + k * TStored.Bytes), y0, s20);
            s30 = Vector128.MultiplyAddEstimate(TStored.Load128(w3 + k * TStored.Bytes), y0, s30);
            Vector128<float> y1 = Vector128.Load(x + odd);
            s01 = Vector128.MultiplyAddEstimate(TStored.Load128(w0 + odd * TStored.Bytes), y1, s01);
            s11 = Vector128.MultiplyAddEstimate(TStored.Load128(w1 + odd * TStored.Bytes), y1, s11);
            s21 = Vector128.MultiplyAddEstimate(TStored.Load128(w2 + odd * TStored.Bytes), y1, s21);
            s31 = Vector128.MultiplyAddEstimate(TStored.Load128(w3 + odd * TStored.Bytes), y1, s31);
        }

        if (k <= columns - 4)
        {
            Vector128<float> y0 = Vector128.Load(x + k);
            s00 = Vector128.MultiplyAddEstimate(TStored.Load128(w0 + k * TStored.Bytes), y0, s00);
            s10 = Vector128.MultiplyAddEstimate(TStored.Load128(w1 + k * TStored.Bytes), y0, s10);
            s20 = Vector128.MultiplyAddEstimate(TStored.Load128(w2 + k * TStored.Bytes), y0, s20);
            s30 = Vector128.MultiplyAddEstimate(TStored.Load128(w3 + k * TStored.Bytes), y0, s30);
        }

        Store(sums, s00 + s01, s10 + s11);
        Store(sums + 2, s20 + s21, s30 + s31);
    }

    /// <summary>Two rows, four tokens.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Times4<TStored>(byte* weights, long rowBytes, float* x, int columns, float* sums)
        where TStored : struct, IStoredFloat
    {
        byte* w0 = weights, w1 = w0 + rowBytes;
        float* x0 = x, x1 = x0 + columns, x2 = x1 + columns, x3 = x2 + columns;
        Vector128<float> s00 = default, s01 = default, s02 = default, s03 = default;
        Vector128<float> s10 = default, s11 = default, s12 = default, s13 = default;
        for (nint k = 0; k <= columns - 4; k += 4)
        {
            Vector128<float> v0 = TStored.Load128(w0 + k * TStored.Bytes);
            Vector128<float> v1 = TStored.Load128(w1 + k * TStored.Bytes);
            Vector128<float> y0 = Vector128.Load(x0 + k);
            s00 = Vector128.MultiplyAddEstimate(v0, y0, s00);
            s10 = Vector128.MultiplyAddEstimate(v1, y0, s10);
            Vector128<float> y1 = Vector128.Load(x1 + k);
            s01 = Vector128.MultiplyAddEstimate(v0, y1, s01);
            s11 = Vector128.MultiplyAddEstimate(v1, y1, s11);
            Vector128<float> y2 = Vector128.Load(x2 + k);
            s02 = Vector128.MultiplyAddEstimate(v0, y2, s02);
            s12 = Vector128.MultiplyAddEstimate(v1, y2, s12);
            Vector128<float> y3 = Vector128.Load(x3 + k);
            s03 = Vector128.MultiplyAddEstimate(v0, y3, s03);
            s13 = Vector128.MultiplyAddEstimate(v1, y3, s13);
        }

        Store(sums, s00, s10);
        Store(sums + 1 * RowDots.MaxTileRows, s01, s11);
        Store(sums + 2 * RowDots.MaxTileRows, s02, s12);
        Store(sums + 3 * RowDots.MaxTileRows, s03, s13);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* sums, Vector128<float> s0, Vector128<float> s1)
    {
        sums[0] = Vector128.Sum(s0);
        sums[1] = Vector128.Sum(s1);
    }
}
