using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Inferometer.Core.Gguf;

namespace Inferometer.Inference.Kernels.Matrices;

/// <summary>
/// Q8_0: 16 f16 scales, then eight vectors of 64 bytes; vector j holds columns 4j to 4j + 3, plus 128. A byte times a byte does not fit the 16-bit pair sums, so
/// each weight is taken as two nibbles: 16 (sum of high nibbles) + (sum of low nibbles) - 128 (sum of activations).
/// </summary>
internal readonly unsafe struct Q8_0Panel : IPanelKernel
{
    private const int QuantOffset = 32;
    private const int BlockBytes = QuantOffset + 8 * 64;

    public static GgmlType Type => GgmlType.Q8_0;

    public static int PanelBlockBytes => BlockBytes;

    public static ActivationLayout Layout => ActivationLayout.Int8By32;

    public static void Insert(ReadOnlySpan<byte> block, byte* panelBlock, int row)
    {
        PanelHeader.Write(block, panelBlock, row);
        PanelRows.Spread(block[2..], panelBlock + QuantOffset, row, 0x80);
    }

    public static void Extract(byte* panelBlock, int row, Span<byte> block)
    {
        PanelHeader.Read(panelBlock, row, block);
        PanelRows.Collect(panelBlock + QuantOffset, row, block[2..], 0x80);
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
            Sse.Prefetch0(panel + PanelScale.PrefetchBytes + 320);
            Sse.Prefetch0(panel + PanelScale.PrefetchBytes + 384);
            Sse.Prefetch0(panel + PanelScale.PrefetchBytes + 448);
            Sse.Prefetch0(panel + PanelScale.PrefetchBytes + 512);
            Vector512<byte> v0 = Vector512.Load(panel + 32);
            Vector512<byte> v1 = Vector512.Load(panel + 96);
            Vector512<byte> v2 = Vector512.Load(panel + 160);
            Vector512<byte> v3 = Vector512.Load(panel + 224);
            Vector512<byte> v4 = Vector512.Load(panel + 288);
            Vector512<byte> v5 = Vector512.Load(panel + 352);
            Vector512<byte> v6 = Vector512.Load(panel + 416);
            Vector512<byte> v7 = Vector512.Load(panel + 480);
            Vector512<byte> l0 = v0 & nibble, l1 = v1 & nibble, l2 = v2 & nibble, l3 = v3 & nibble, l4 = v4 & nibble, l5 = v5 & nibble, l6 = v6 & nibble, l7 = v7 & nibble;
            Vector512<byte> h0 = (v0.AsUInt16() >> 4).AsByte() & nibble, h1 = (v1.AsUInt16() >> 4).AsByte() & nibble;
            Vector512<byte> h2 = (v2.AsUInt16() >> 4).AsByte() & nibble, h3 = (v3.AsUInt16() >> 4).AsByte() & nibble;
            Vector512<byte> h4 = (v4.AsUInt16() >> 4).AsByte() & nibble, h5 = (v5.AsUInt16() >> 4).AsByte() & nibble;
            Vector512<byte> h6 = (v6.AsUInt16() >> 4).AsByte() & nibble, h7 = (v7.AsUInt16() >> 4).AsByte() & nibble;
            Vector512<float> scale = HalfBits.Load512((ushort*)panel);
            float* target = sums;
            for (int token = 0; token < tokens; token++)
            {
                int* a = (int*)x;
                Vector512<sbyte> q = Vector512.Create(a[0]).AsSByte();
                Vector512<short> low = Avx512BW.MultiplyAddAdjacent(l0, q), high = Avx512BW.MultiplyAddAdjacent(h0, q);
                q = Vector512.Create(a[1]).AsSByte();
                low += Avx512BW.MultiplyAddAdjacent(l1, q);
                high += Avx512BW.MultiplyAddAdjacent(h1, q);
                q = Vector512.Create(a[2]).AsSByte();
                low += Avx512BW.MultiplyAddAdjacent(l2, q);
                high += Avx512BW.MultiplyAddAdjacent(h2, q);
                q = Vector512.Create(a[3]).AsSByte();
                low += Avx512BW.MultiplyAddAdjacent(l3, q);
                high += Avx512BW.MultiplyAddAdjacent(h3, q);
                q = Vector512.Create(a[4]).AsSByte();
                low += Avx512BW.MultiplyAddAdjacent(l4, q);
                high += Avx512BW.MultiplyAddAdjacent(h4, q);
                q = Vector512.Create(a[5]).AsSByte();
                low += Avx512BW.MultiplyAddAdjacent(l5, q);
                high += Avx512BW.MultiplyAddAdjacent(h5, q);
                q = Vector512.Create(a[6]).AsSByte();
                low += Avx512BW.MultiplyAddAdjacent(l6, q);
                high += Avx512BW.MultiplyAddAdjacent(h6, q);
                q = Vector512.Create(a[7]).AsSByte();
                low += Avx512BW.MultiplyAddAdjacent(l7, q);
                high += Avx512BW.MultiplyAddAdjacent(h7, q);
                Vector512<int> products = ((Avx512BW.MultiplyAddAdjacent(high, ones) + Vector512.Create(a[8])) << 4) + Avx512BW.MultiplyAddAdjacent(low, ones);
                PanelScale.Add(products, scale * Vector512.Create(((float*)a)[9]), target);
                x += Int8Activations.BlockBytes32;
                target += PanelRows.Count;
            }

            panel += BlockBytes;
        }
    }

    /// <summary>Rows 0 to 7 or 8 to 15: half of every vector, in two halves of the columns, since sixteen registers hold no more.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply256(byte* panel, int blocks, byte* x, int tokens, float* sums, int half)
    {
        int* products = stackalloc int[Int8Activations.SlabTokens * 8];
        for (int block = 0; block < blocks; block++)
        {
            byte* weights = panel + QuantOffset + 32 * half;
            Vector256<float> scale = HalfBits.Load256((ushort*)panel + 8 * half);
            Products256(weights, x, tokens, products, 0);
            Products256(weights + 4 * 64, x, tokens, products, 4);
            for (int token = 0; token < tokens; token++)
            {
                float activationScale = *(float*)(x + (long)token * Int8Activations.BlockBytes32 + 36);
                PanelScale.Add(Vector256.Load(products + 8 * token), scale * Vector256.Create(activationScale), sums + PanelRows.Count * token + 8 * half);
            }

            x += (long)tokens * Int8Activations.BlockBytes32;
            panel += BlockBytes;
        }
    }

    /// <summary>products[token][8] of 16 columns, beginning with activation group <paramref name="first"/>; the second half adds to the first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Products256(byte* weights, byte* x, int tokens, int* products, int first)
    {
        Vector256<byte> nibble = Vector256.Create((byte)15);
        Vector256<short> ones = Vector256.Create((short)1);
        Vector256<byte> v0 = Vector256.Load(weights), v1 = Vector256.Load(weights + 64), v2 = Vector256.Load(weights + 128), v3 = Vector256.Load(weights + 192);
        Vector256<byte> l0 = v0 & nibble, l1 = v1 & nibble, l2 = v2 & nibble, l3 = v3 & nibble;
        Vector256<byte> h0 = (v0.AsUInt16() >> 4).AsByte() & nibble, h1 = (v1.AsUInt16() >> 4).AsByte() & nibble;
        Vector256<byte> h2 = (v2.AsUInt16() >> 4).AsByte() & nibble, h3 = (v3.AsUInt16() >> 4).AsByte() & nibble;
        for (int token = 0; token < tokens; token++)
        {
            int* a = (int*)x;
            Vector256<sbyte> q = Vector256.Create(a[first]).AsSByte();
            Vector256<short> low = Avx2.MultiplyAddAdjacent(l0, q), high = Avx2.MultiplyAddAdjacent(h0, q);
            q = Vector256.Create(a[first + 1]).AsSByte();
            low += Avx2.MultiplyAddAdjacent(l1, q);
            high += Avx2.MultiplyAddAdjacent(h1, q);
            q = Vector256.Create(a[first + 2]).AsSByte();
            low += Avx2.MultiplyAddAdjacent(l2, q);
            high += Avx2.MultiplyAddAdjacent(h2, q);
            q = Vector256.Create(a[first + 3]).AsSByte();
            low += Avx2.MultiplyAddAdjacent(l3, q);
            high += Avx2.MultiplyAddAdjacent(h3, q);

            Vector256<int> before = first == 0 ? Vector256.Create(a[8] << 4) : Vector256.Load(products);
            (before + (Avx2.MultiplyAddAdjacent(high, ones) << 4) + Avx2.MultiplyAddAdjacent(low, ones)).Store(products);
            x += Int8Activations.BlockBytes32;
            products += 8;
        }
    }

    private static void MultiplyScalar(byte* panel, int blocks, byte* x, int tokens, float* sums)
    {
        for (int block = 0; block < blocks; block++, panel += BlockBytes)
        {
            for (int token = 0; token < tokens; token++, x += Int8Activations.BlockBytes32)
            {
                for (int row = 0; row < PanelRows.Count; row++)
                {
                    int sum = 0;
                    for (int k = 0; k < 32; k++)
                    {
                        sum += (panel[QuantOffset + k / 4 * 64 + row * 4 + k % 4] - 128) * (sbyte)x[k];
                    }

                    sums[token * PanelRows.Count + row] += sum * (PanelScale.Load(panel + 2 * row) * *(float*)(x + 36));
                }
            }
        }
    }
}
