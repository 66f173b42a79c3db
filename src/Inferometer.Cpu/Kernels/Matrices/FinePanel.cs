using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Inferometer.Core.Gguf;
using Inferometer.Cpu.Kernels.Emitted;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// F16 and BF16 weights for long prompts: 16 rows rounded on the way to integers of 13 bits, a scale per row and 32 columns, and multiplied
/// with activations rounded alike. One instruction then does twice the products of a multiply-add of floats, and sums of 32 products of 13
/// bits by 13 bits just fit 32 bits: 32 * 8191^2 &lt; 2^31.
/// </summary>
/// <remarks>
/// Rounding moves a number by at most 1/16382 of the largest of its 32. That is as fine as f16 activations and eight times finer than bf16
/// ones, which other engines multiply these weights with. Needs vectors of 256 bits (AVX2); elsewhere prompts take
/// <see cref="FloatTile"/>. A panel: [block of 32 columns], each [16 pairs of columns][16 rows][2] shorts and then [16 rows] f32 scales.
/// </remarks>
internal static unsafe class FinePanel
{
    /// <summary>Largest magnitude of a rounded number.</summary>
    public const int Limit = 8191;

    private const int BlockShorts = 32 * PanelRows.Count;

    private const int BlockBytes = (BlockShorts * sizeof(short)) + (PanelRows.Count * sizeof(float));

    // Below this a block of weights counts as zero: its scale's inverse would not be finite.
    private const float LeastMaximum = 1e-30f;

    private static readonly delegate* unmanaged<byte*, nint, byte*, nint, float*, void> s_emitted =
        (delegate* unmanaged<byte*, nint, byte*, nint, float*, void>)EmittedKernels.Place(() => FinePanelCode.Write(BlockBytes));

    /// <summary>Whether products are in emitted code, where an instruction multiplies and adds.</summary>
    public static bool IsEmitted => s_emitted is not null;

    /// <summary>Whether matrices of these formats can be multiplied so here.</summary>
    public static bool IsSupported(GgmlType type, int columns) =>
        (Avx512BW.IsSupported || Avx2.IsSupported) && columns % 32 == 0 && type is GgmlType.F16 or GgmlType.BF16;

    /// <summary>Bytes of a panel.</summary>
    public static int PanelBytes(int columns) => columns / 32 * BlockBytes;

    /// <summary>Rounds up to 16 rows; the last stands in for missing ones.</summary>
    /// <param name="type">F16 or BF16.</param>
    /// <param name="source">First byte of the first row.</param>
    /// <param name="rowBytes">Bytes from row to row.</param>
    /// <param name="rows">1 to 16.</param>
    /// <param name="columns">A multiple of 32.</param>
    /// <param name="panel">Written: <see cref="PanelBytes"/>, aligned to 64 bytes.</param>
    public static void Round(GgmlType type, byte* source, long rowBytes, int rows, int columns, byte* panel)
    {
        if (type == GgmlType.F16)
        {
            Round<StoredHalf>(source, rowBytes, rows, columns, panel);
        }
        else
        {
            Round<StoredBrain>(source, rowBytes, rows, columns, panel);
        }
    }

    /// <summary>sums[token][16] += panel times activations of <see cref="ActivationLayout.FineBy32"/>.</summary>
    public static void Multiply(byte* panel, int blocks, byte* x, int tokens, float* sums)
    {
        if (IsEmitted)
        {
            s_emitted(panel, blocks, x, tokens, sums);
        }
        else if (Avx512BW.IsSupported)
        {
            Multiply512(panel, blocks, x, tokens, sums);
        }
        else
        {
            for (int block = 0; block < blocks; block++)
            {
                WordTile256.Add(panel, x, tokens, sums);
                x += (long)tokens * Int8Activations.WideBlockBytes32;
                panel += BlockBytes;
            }
        }
    }

    /// <summary><see cref="Multiply"/> without emitted code; the same to the bit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    internal static void Multiply512(byte* panel, int blocks, byte* x, int tokens, float* sums)
    {
        for (int block = 0; block < blocks; block++)
        {
            short* w = (short*)panel;
            Vector512<short> w0 = Vector512.Load(w), w1 = Vector512.Load(w + 32), w2 = Vector512.Load(w + 64), w3 = Vector512.Load(w + 96);
            Vector512<short> w4 = Vector512.Load(w + 128), w5 = Vector512.Load(w + 160), w6 = Vector512.Load(w + 192),
                w7 = Vector512.Load(w + 224);
            Vector512<short> w8 = Vector512.Load(w + 256), w9 = Vector512.Load(w + 288), w10 = Vector512.Load(w + 320),
                w11 = Vector512.Load(w + 352);
            Vector512<short> w12 = Vector512.Load(w + 384), w13 = Vector512.Load(w + 416), w14 = Vector512.Load(w + 448),
                w15 = Vector512.Load(w + 480);
            Vector512<float> scale = Vector512.Load((float*)(w + BlockShorts));
            float* target = sums;
            for (int token = 0; token < tokens; token++)
            {
                int* q = (int*)x;
                Vector512<int> a = Products(w0, q[0]), b = Products(w1, q[1]);
                a += Products(w2, q[2]);
                b += Products(w3, q[3]);
                a += Products(w4, q[4]);
                b += Products(w5, q[5]);
                a += Products(w6, q[6]);
                b += Products(w7, q[7]);
                a += Products(w8, q[8]);
                b += Products(w9, q[9]);
                a += Products(w10, q[10]);
                b += Products(w11, q[11]);
                a += Products(w12, q[12]);
                b += Products(w13, q[13]);
                a += Products(w14, q[14]);
                b += Products(w15, q[15]);
                PanelScale.Add(a + b, scale * Vector512.Create(((float*)q)[16]), target);
                x += Int8Activations.WideBlockBytes32;
                target += PanelRows.Count;
            }

            panel += BlockBytes;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Products(Vector512<short> weights, int pair) =>
        Avx512BW.MultiplyAddAdjacent(weights, Vector512.Create(pair).AsInt16());

    private static void Round<TStored>(byte* source, long rowBytes, int rows, int columns, byte* panel)
        where TStored : struct, IStoredFloat
    {
        if (Avx512BW.IsSupported)
        {
            Round512<TStored>(source, rowBytes, rows, columns, panel);
        }
        else
        {
            Round256<TStored>(source, rowBytes, rows, columns, panel);
        }
    }

    /// <summary>As <see cref="Round512"/>, eight rows at a time; the same to the bit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Round256<TStored>(byte* source, long rowBytes, int rows, int columns, byte* panel)
        where TStored : struct, IStoredFloat
    {
        const int HalfRows = PanelRows.Count / 2;
        byte** row = stackalloc byte*[HalfRows];
        float* values = stackalloc float[32 * HalfRows];
        Vector256<int> lowHalf = Vector256.Create(0xFFFF);
        for (int block = 0; block < columns / 32; block++)
        {
            for (int half = 0; half < PanelRows.Count; half += HalfRows)
            {
                for (int i = 0; i < HalfRows; i++)
                {
                    row[i] = source + Math.Min(half + i, rows - 1) * rowBytes + block * 32 * TStored.Bytes;
                }

                Transposition.Rows8<TStored>(row, 32, values, HalfRows);
                Vector256<float> largest = Vector256.Create(LeastMaximum);
                for (int k = 0; k < 32; k++)
                {
                    largest = Vector256.Max(largest, Vector256.Abs(Vector256.Load(values + k * HalfRows)));
                }

                Vector256<float> inverse = Vector256.Create((float)Limit) / largest;
                short* target = (short*)panel + 2 * half;
                for (int k = 0; k < 32; k += 2)
                {
                    Vector256<int> even = Avx.ConvertToVector256Int32(Vector256.Load(values + k * HalfRows) * inverse);
                    Vector256<int> odd = Avx.ConvertToVector256Int32(Vector256.Load(values + (k + 1) * HalfRows) * inverse);
                    ((even & lowHalf) | (odd << 16)).AsInt16().Store(target);
                    target += 2 * PanelRows.Count;
                }

                (largest / Limit).Store((float*)(panel + BlockShorts * sizeof(short)) + half);
            }

            panel += BlockBytes;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Round512<TStored>(byte* source, long rowBytes, int rows, int columns, byte* panel)
        where TStored : struct, IStoredFloat
    {
        byte** row = stackalloc byte*[PanelRows.Count];
        float* values = stackalloc float[32 * PanelRows.Count];
        int blocks = columns / 32;
        Vector512<int> lowHalf = Vector512.Create(0xFFFF);
        for (int block = 0; block < blocks; block++)
        {
            for (int i = 0; i < PanelRows.Count; i++)
            {
                row[i] = source + Math.Min(i, rows - 1) * rowBytes + block * 32 * TStored.Bytes;
            }

            Transposition.Rows16<TStored>(row, 32, values, PanelRows.Count);
            Vector512<float> largest = Vector512.Create(LeastMaximum);
            for (int k = 0; k < 32; k++)
            {
                largest = Vector512.Max(largest, Vector512.Abs(Vector512.Load(values + k * PanelRows.Count)));
            }

            Vector512<float> inverse = Vector512.Create((float)Limit) / largest;
            short* target = (short*)panel;
            for (int k = 0; k < 32; k += 2)
            {
                Vector512<int> even = Avx512F.ConvertToVector512Int32(Vector512.Load(values + k * PanelRows.Count) * inverse);
                Vector512<int> odd = Avx512F.ConvertToVector512Int32(Vector512.Load(values + (k + 1) * PanelRows.Count) * inverse);
                ((even & lowHalf) | (odd << 16)).AsInt16().Store(target);
                target += 2 * PanelRows.Count;
            }

            (largest / Limit).Store((float*)target);
            panel += BlockBytes;
        }
    }
}
