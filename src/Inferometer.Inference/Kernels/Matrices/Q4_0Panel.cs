using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Inferometer.Core.Gguf;

namespace Inferometer.Inference.Kernels.Matrices;

/// <summary>
/// Q4_0: 16 f16 scales, then four vectors of 64 bytes; vector j holds columns 4j to 4j + 3 in the low nibbles and 16 columns later in the high ones.
/// Products of a nibble and an activation are added in pairs to 16 bits, where a whole block fits: 15 * 127 * 2 * 8 = 30480.
/// </summary>
internal readonly unsafe struct Q4_0Panel : IPanelKernel
{
    private const int QuantOffset = 32;

    public static GgmlType Type => GgmlType.Q4_0;

    public static int PanelBlockBytes => QuantOffset + 4 * 64;

    public static ActivationLayout Layout => ActivationLayout.Int8By32;

    public static void Insert(ReadOnlySpan<byte> block, byte* panelBlock, int row)
    {
        PanelHeader.Write(block, panelBlock, row);
        PanelRows.Spread(block[2..], panelBlock + QuantOffset, row);
    }

    public static void Extract(byte* panelBlock, int row, Span<byte> block)
    {
        PanelHeader.Read(panelBlock, row, block);
        PanelRows.Collect(panelBlock + QuantOffset, row, block[2..]);
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
        Vector512<byte> nibble = Vector512.Create((byte)15);
        Vector512<short> ones = Vector512.Create((short)1);
        for (int block = 0; block < blocks; block++)
        {
            Sse.Prefetch0(panel + PanelScale.PrefetchBytes);
            Sse.Prefetch0(panel + PanelScale.PrefetchBytes + 64);
            Sse.Prefetch0(panel + PanelScale.PrefetchBytes + 128);
            Sse.Prefetch0(panel + PanelScale.PrefetchBytes + 192);
            Sse.Prefetch0(panel + PanelScale.PrefetchBytes + 256);
            Vector512<byte> v0 = Vector512.Load(panel + 32), v1 = Vector512.Load(panel + 96), v2 = Vector512.Load(panel + 160), v3 = Vector512.Load(panel + 224);
            Vector512<byte> w0 = v0 & nibble, w1 = v1 & nibble, w2 = v2 & nibble, w3 = v3 & nibble;
            Vector512<byte> w4 = (v0.AsUInt16() >> 4).AsByte() & nibble, w5 = (v1.AsUInt16() >> 4).AsByte() & nibble;
            Vector512<byte> w6 = (v2.AsUInt16() >> 4).AsByte() & nibble, w7 = (v3.AsUInt16() >> 4).AsByte() & nibble;
            Vector512<float> scale = HalfBits.Load512((ushort*)panel);
            float* target = sums;
            for (int token = 0; token < tokens; token++)
            {
                int* q = (int*)x;
                Vector512<short> a = Avx512BW.MultiplyAddAdjacent(w0, Vector512.Create(q[0]).AsSByte());
                Vector512<short> b = Avx512BW.MultiplyAddAdjacent(w4, Vector512.Create(q[4]).AsSByte());
                a += Avx512BW.MultiplyAddAdjacent(w1, Vector512.Create(q[1]).AsSByte());
                b += Avx512BW.MultiplyAddAdjacent(w5, Vector512.Create(q[5]).AsSByte());
                a += Avx512BW.MultiplyAddAdjacent(w2, Vector512.Create(q[2]).AsSByte());
                b += Avx512BW.MultiplyAddAdjacent(w6, Vector512.Create(q[6]).AsSByte());
                a += Avx512BW.MultiplyAddAdjacent(w3, Vector512.Create(q[3]).AsSByte());
                b += Avx512BW.MultiplyAddAdjacent(w7, Vector512.Create(q[7]).AsSByte());
                Vector512<int> products = Avx512BW.MultiplyAddAdjacent(a + b, ones) + Vector512.Create(q[8]);
                PanelScale.Add(products, scale * Vector512.Create(((float*)q)[9]), target);
                x += Int8Activations.BlockBytes32;
                target += PanelRows.Count;
            }

            panel += 288;
        }
    }

    /// <summary>Rows 0 to 7 or 8 to 15: half of every vector.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply256(byte* panel, int blocks, byte* x, int tokens, float* sums, int half)
    {
        Vector256<byte> nibble = Vector256.Create((byte)15);
        Vector256<short> ones = Vector256.Create((short)1);
        for (int block = 0; block < blocks; block++)
        {
            byte* weights = panel + QuantOffset + 32 * half;
            Vector256<byte> v0 = Vector256.Load(weights), v1 = Vector256.Load(weights + 64), v2 = Vector256.Load(weights + 128), v3 = Vector256.Load(weights + 192);
            Vector256<byte> w0 = v0 & nibble, w1 = v1 & nibble, w2 = v2 & nibble, w3 = v3 & nibble;
            Vector256<byte> w4 = (v0.AsUInt16() >> 4).AsByte() & nibble, w5 = (v1.AsUInt16() >> 4).AsByte() & nibble;
            Vector256<byte> w6 = (v2.AsUInt16() >> 4).AsByte() & nibble, w7 = (v3.AsUInt16() >> 4).AsByte() & nibble;
            Vector256<float> scale = HalfBits.Load256((ushort*)panel + 8 * half);
            float* target = sums + 8 * half;
            for (int token = 0; token < tokens; token++)
            {
                int* q = (int*)x;
                Vector256<short> a = Avx2.MultiplyAddAdjacent(w0, Vector256.Create(q[0]).AsSByte());
                a += Avx2.MultiplyAddAdjacent(w1, Vector256.Create(q[1]).AsSByte());
                a += Avx2.MultiplyAddAdjacent(w2, Vector256.Create(q[2]).AsSByte());
                a += Avx2.MultiplyAddAdjacent(w3, Vector256.Create(q[3]).AsSByte());
                a += Avx2.MultiplyAddAdjacent(w4, Vector256.Create(q[4]).AsSByte());
                a += Avx2.MultiplyAddAdjacent(w5, Vector256.Create(q[5]).AsSByte());
                a += Avx2.MultiplyAddAdjacent(w6, Vector256.Create(q[6]).AsSByte());
                a += Avx2.MultiplyAddAdjacent(w7, Vector256.Create(q[7]).AsSByte());
                Vector256<int> products = Avx2.MultiplyAddAdjacent(a, ones) + Vector256.Create(q[8]);
                PanelScale.Add(products, scale * Vector256.Create(((float*)q)[9]), target);
                x += Int8Activations.BlockBytes32;
                target += PanelRows.Count;
            }

            panel += 288;
        }
    }

    private static void MultiplyScalar(byte* panel, int blocks, byte* x, int tokens, float* sums)
    {
        for (int block = 0; block < blocks; block++, panel += PanelBlockBytes)
        {
            for (int token = 0; token < tokens; token++, x += Int8Activations.BlockBytes32)
            {
                for (int row = 0; row < PanelRows.Count; row++)
                {
                    int sum = *(int*)(x + 32);
                    for (int k = 0; k < 32; k++)
                    {
                        sum += (panel[QuantOffset + k % 16 / 4 * 64 + row * 4 + k % 4] >> (k / 16 * 4) & 15) * (sbyte)x[k];
                    }

                    sums[token * PanelRows.Count + row] += sum * (PanelScale.Load(panel + 2 * row) * *(float*)(x + 36));
                }
            }
        }
    }
}
