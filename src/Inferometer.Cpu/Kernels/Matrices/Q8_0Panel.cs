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
        else if (Avx2.IsSupported && tokens == 1)
        {
            MultiplyOne256(panel, blocks, x, sums);
        }
        else if (Avx2.IsSupported)
        {
            Multiply256(panel, blocks, x, tokens, sums);
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

    /// <summary>Several tokens: weights are widened once for all of them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply256(byte* panel, int blocks, byte* x, int tokens, float* sums)
    {
        byte* reserved = stackalloc byte[WordTile256.ReservedBytes], wide = WordTile256.Align(reserved);
        for (int block = 0; block < blocks; block++)
        {
            PanelPrefetch.Ahead(panel, BlockBytes);
            for (int i = 0; i < BlockBytes - QuantOffset; i += 32)
            {
                Load256(panel + QuantOffset + i).Store((short*)(wide + 2 * i));
                Load256(panel + QuantOffset + i + 16).Store((short*)(wide + 2 * i + 32));
            }

            HalfBits.Load256((ushort*)panel).Store((float*)(wide + WordTile256.ScalesAt));
            HalfBits.Load256((ushort*)panel + 8).Store((float*)(wide + WordTile256.ScalesAt) + 8);
            WordTile256.Add(wide, x, tokens, sums);
            x += (long)tokens * Int8Activations.WideBlockBytes32;
            panel += BlockBytes;
        }
    }

    /// <summary>One token: weights are widened on their way into the products.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyOne256(byte* panel, int blocks, byte* x, float* sums)
    {
        Vector256<float> low = Vector256.Load(sums), high = Vector256.Load(sums + 8);
        bool ahead = PanelPrefetch.Helps(1);
        for (int block = 0; block < blocks; block++)
        {
            if (ahead)
            {
                PanelPrefetch.Ahead(panel, BlockBytes);
            }

            int* q = (int*)x;
            Vector256<int> a0 = default, a1 = default, b0 = default, b1 = default;
            for (byte* w = panel + QuantOffset; w < panel + BlockBytes; w += 4 * 32, q += 4)
            {
                Vector256<short> y = Vector256.Create(q[0]).AsInt16(), z = Vector256.Create(q[1]).AsInt16();
                a0 += Avx2.MultiplyAddAdjacent(Load256(w), y);
                b0 += Avx2.MultiplyAddAdjacent(Load256(w + 16), y);
                a1 += Avx2.MultiplyAddAdjacent(Load256(w + 32), z);
                b1 += Avx2.MultiplyAddAdjacent(Load256(w + 48), z);
                y = Vector256.Create(q[2]).AsInt16();
                z = Vector256.Create(q[3]).AsInt16();
                a0 += Avx2.MultiplyAddAdjacent(Load256(w + 64), y);
                b0 += Avx2.MultiplyAddAdjacent(Load256(w + 80), y);
                a1 += Avx2.MultiplyAddAdjacent(Load256(w + 96), z);
                b1 += Avx2.MultiplyAddAdjacent(Load256(w + 112), z);
            }

            Vector256<float> scale = Vector256.Create(*(float*)(x + 64));
            low = Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(a0 + a1), HalfBits.Load256((ushort*)panel) * scale, low);
            high = Vector256.FusedMultiplyAdd(Vector256.ConvertToSingle(b0 + b1), HalfBits.Load256((ushort*)panel + 8) * scale, high);
            x += Int8Activations.WideBlockBytes32;
            panel += BlockBytes;
        }

        low.Store(sums);
        high.Store(sums + 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Load256(byte* pair) => Avx2.ConvertToVector256Int16((sbyte*)pair);

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
