using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Inferometer.Core.Gguf;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// Q8_0: 16 f16 scales, then sixteen groups of 32 bytes; group j holds columns 2j and 2j + 1 of the 16 rows, side by side.
/// </summary>
/// <remarks>
/// Weights are widened to 16 bits and multiplied in pairs to 32 bits. A byte times a byte would do twice as many products per instruction,
/// but their pair sums do not fit 16 bits: with what it takes to split them and to widen the sums, the byte instructions measured 6 %
/// slower for a prompt (Zen 4) and 17 % for one token.
/// </remarks>
internal readonly unsafe struct Q8_0Panel : IPanelKernel
{
    private const int QuantOffset = 32;
    private const int BlockBytes = QuantOffset + 16 * 32;

    public static GgmlType Type => GgmlType.Q8_0;

    public static int PanelBlockBytes => BlockBytes;

    public static ActivationLayout Layout => ActivationLayout.Int16By32;

    public static void Insert(ReadOnlySpan<byte> block, byte* panelBlock, int row)
    {
        PanelHeader.Write(block, panelBlock, row);
        for (int pair = 0; pair < 16; pair++)
        {
            PanelHeader.Write(block[(2 + 2 * pair)..], panelBlock + QuantOffset + 32 * pair, row);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void InsertRows(byte* blocks, long rowBytes, byte* panelBlock)
    {
        RowSpread.Pairs(blocks, rowBytes, panelBlock);
        for (int pair = 0; pair < 16; pair++)
        {
            RowSpread.Pairs(blocks + 2 + 2 * pair, rowBytes, panelBlock + QuantOffset + 32 * pair);
        }
    }

    public static void Extract(byte* panelBlock, int row, Span<byte> block)
    {
        PanelHeader.Read(panelBlock, row, block);
        for (int pair = 0; pair < 16; pair++)
        {
            PanelHeader.Read(panelBlock + QuantOffset + 32 * pair, row, block[(2 + 2 * pair)..]);
        }
    }

    public static void Multiply(byte* panel, int blocks, byte* x, int tokens, float* sums)
    {
        if (Avx512BW.IsSupported)
        {
            Multiply512(panel, blocks, x, tokens, sums);
        }
        else if (Avx2.IsSupported)
        {
            Multiply256(panel, blocks, x, tokens, sums, 0);
            Multiply256(panel, blocks, x, tokens, sums, 1);
        }
        else
        {
            MultiplyScalar(panel, blocks, x, tokens, sums);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply512(byte* panel, int blocks, byte* x, int tokens, float* sums)
    {
        bool ahead = PanelPrefetch.Helps(tokens);
        for (int block = 0; block < blocks; block++)
        {
            if (ahead)
            {
                PanelPrefetch.Ahead(panel, BlockBytes);
            }

            byte* w = panel + QuantOffset;
            Vector512<short> w0 = Load512(w), w1 = Load512(w + 32), w2 = Load512(w + 64), w3 = Load512(w + 96);
            Vector512<short> w4 = Load512(w + 128), w5 = Load512(w + 160), w6 = Load512(w + 192), w7 = Load512(w + 224);
            Vector512<short> w8 = Load512(w + 256), w9 = Load512(w + 288), w10 = Load512(w + 320), w11 = Load512(w + 352);
            Vector512<short> w12 = Load512(w + 384), w13 = Load512(w + 416), w14 = Load512(w + 448), w15 = Load512(w + 480);
            Vector512<float> scale = HalfBits.Load512((ushort*)panel);
            float* target = sums;
            for (int token = 0; token < tokens; token++)
            {
                int* q = (int*)x;
                Vector512<int> a = Products512(w0, q[0]), b = Products512(w1, q[1]);
                a += Products512(w2, q[2]);
                b += Products512(w3, q[3]);
                a += Products512(w4, q[4]);
                b += Products512(w5, q[5]);
                a += Products512(w6, q[6]);
                b += Products512(w7, q[7]);
                a += Products512(w8, q[8]);
                b += Products512(w9, q[9]);
                a += Products512(w10, q[10]);
                b += Products512(w11, q[11]);
                a += Products512(w12, q[12]);
                b += Products512(w13, q[13]);
                a += Products512(w14, q[14]);
                b += Products512(w15, q[15]);
                PanelScale.Add(a + b, scale * Vector512.Create(((float*)q)[16]), target);
                x += Int8Activations.WideBlockBytes32;
                target += PanelRows.Count;
            }

            panel += BlockBytes;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Load512(byte* pair) => Avx512BW.ConvertToVector512Int16(Vector256.Load((sbyte*)pair));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Products512(Vector512<short> weights, int pair) =>
        Avx512BW.MultiplyAddAdjacent(weights, Vector512.Create(pair).AsInt16());

    /// <summary>Rows 0 to 7 or 8 to 15: half of every group, in two halves of the columns, since sixteen registers hold no more.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply256(byte* panel, int blocks, byte* x, int tokens, float* sums, int half)
    {
        int* products = stackalloc int[Int8Activations.SlabTokens * 8];
        for (int block = 0; block < blocks; block++)
        {
            byte* weights = panel + QuantOffset + 16 * half;
            Vector256<float> scale = HalfBits.Load256((ushort*)panel + 8 * half);
            Products256(weights, x, tokens, products, 0);
            Products256(weights + 8 * 32, x, tokens, products, 8);
            for (int token = 0; token < tokens; token++)
            {
                float activationScale = *(float*)(x + (long)token * Int8Activations.WideBlockBytes32 + 64);
                PanelScale.Add(
                    Vector256.Load(products + 8 * token), scale * Vector256.Create(activationScale),
                    sums + PanelRows.Count * token + 8 * half);
            }

            x += (long)tokens * Int8Activations.WideBlockBytes32;
            panel += BlockBytes;
        }
    }

    /// <summary>
    /// products[token][8] of 16 columns, beginning with activation pair <paramref name="first"/>; the second half adds to the first.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Products256(byte* weights, byte* x, int tokens, int* products, int first)
    {
        Vector256<short> w0 = Load256(weights), w1 = Load256(weights + 32), w2 = Load256(weights + 64), w3 = Load256(weights + 96);
        Vector256<short> w4 = Load256(weights + 128), w5 = Load256(weights + 160), w6 = Load256(weights + 192), w7 = Load256(weights + 224);
        for (int token = 0; token < tokens; token++)
        {
            int* q = (int*)x + first;
            Vector256<int> a = Products256(w0, q[0]), b = Products256(w1, q[1]);
            a += Products256(w2, q[2]);
            b += Products256(w3, q[3]);
            a += Products256(w4, q[4]);
            b += Products256(w5, q[5]);
            a += Products256(w6, q[6]);
            b += Products256(w7, q[7]);
            (first == 0 ? a + b : a + b + Vector256.Load(products)).Store(products);
            x += Int8Activations.WideBlockBytes32;
            products += 8;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Load256(byte* pair) => Avx2.ConvertToVector256Int16((sbyte*)pair);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Products256(Vector256<short> weights, int pair) =>
        Avx2.MultiplyAddAdjacent(weights, Vector256.Create(pair).AsInt16());

    private static void MultiplyScalar(byte* panel, int blocks, byte* x, int tokens, float* sums)
    {
        for (int block = 0; block < blocks; block++, panel += BlockBytes)
        {
            for (int token = 0; token < tokens; token++, x += Int8Activations.WideBlockBytes32)
            {
                for (int row = 0; row < PanelRows.Count; row++)
                {
                    int sum = 0;
                    for (int k = 0; k < 32; k++)
                    {
                        sum += (sbyte)panel[QuantOffset + k / 2 * 32 + row * 2 + k % 2] * ((short*)x)[k];
                    }

                    sums[token * PanelRows.Count + row] += sum * (HalfBits.Load(panel + 2 * row) * *(float*)(x + 64));
                }
            }
        }
    }
}
