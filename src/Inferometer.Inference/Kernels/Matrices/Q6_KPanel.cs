using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Inferometer.Core.Gguf;

namespace Inferometer.Inference.Kernels.Matrices;

/// <summary>
/// Q6_K: 16 f16 scales, [16 groups][16] signed scales, then 32 vectors of 64 bytes with the low four bits and 16 with the high two. As in the stored format the
/// two halves of 128 columns follow each other; in a half, the low bits of columns 0-31 and 32-63 lie in the low nibbles, of 64-95 and 96-127 in the high ones,
/// and a byte of high bits serves four columns 32 apart.
/// </summary>
internal readonly unsafe struct Q6_KPanel : IPanelKernel
{
    private const int ScaleOffset = 32;
    private const int LowOffset = ScaleOffset + 16 * 16;
    private const int HighOffset = LowOffset + 32 * 64;
    private const int BlockBytes = HighOffset + 16 * 64;

    public static GgmlType Type => GgmlType.Q6_K;

    public static int PanelBlockBytes => BlockBytes;

    public static ActivationLayout Layout => ActivationLayout.Int8By256;

    public static void Insert(ReadOnlySpan<byte> block, byte* panelBlock, int row)
    {
        PanelRows.Spread(block[..128], panelBlock + LowOffset, row);
        PanelRows.Spread(block.Slice(128, 64), panelBlock + HighOffset, row);
        for (int group = 0; group < 16; group++)
        {
            panelBlock[ScaleOffset + group * 16 + row] = block[192 + group];
        }

        PanelHeader.Write(block[208..], panelBlock, row);
    }

    public static void Extract(byte* panelBlock, int row, Span<byte> block)
    {
        PanelRows.Collect(panelBlock + LowOffset, row, block[..128]);
        PanelRows.Collect(panelBlock + HighOffset, row, block.Slice(128, 64));
        for (int group = 0; group < 16; group++)
        {
            block[192 + group] = panelBlock[ScaleOffset + group * 16 + row];
        }

        PanelHeader.Read(panelBlock, row, block[208..]);
    }

    public static void Multiply(byte* panel, int blocks, byte* x, int tokens, float* sums)
    {
        int* products = stackalloc int[Int8Activations.SlabTokens * PanelRows.Count];
        for (int block = 0; block < blocks; block++)
        {
            if (Avx512BW.IsSupported)
            {
                Products512(panel, x, tokens, products);
                AddSums512(panel, x, tokens, products, sums);
            }
            else if (Avx2.IsSupported)
            {
                for (int half = 0; half < 2; half++)
                {
                    Products256(panel, x, tokens, products, half);
                    AddSums256(panel, x, tokens, products, sums, half);
                }
            }
            else
            {
                MultiplyScalar(panel, x, tokens, sums);
            }

            panel += BlockBytes;
            x += (long)tokens * Int8Activations.BlockBytes256;
        }
    }

    /// <summary>Where the quants of a group of 16 columns begin: vectors of low and of high bits, and how far to shift them.</summary>
    private static (int LowVector, int LowShift, int HighVector, int HighShift) Place(int group)
    {
        int half = group / 8;
        int quarter = group % 8 / 2; // 32 columns
        int start = group % 2 * 4; // in vectors of four columns
        return (half * 16 + quarter % 2 * 8 + start, quarter / 2 * 4, half * 8 + start, quarter * 2);
    }

    /// <summary>
    /// products[token][16] = sum over groups of 16 of scale times the products of quants (0 to 63, less 32) and activations. Four groups at a time, which is what the
    /// registers hold. A group's 16-bit sums begin at -32 times the activations they add up, so that four of them fit: 32 * 127 * 8 = 32512.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Products512(byte* panel, byte* x, int tokens, int* products)
    {
        for (int part = 0; part < 4; part++)
        {
            PanelPrefetch.Ahead(panel + part * (BlockBytes / 4), BlockBytes / 4);
            PanelPrefetch.Ahead(panel + part * (BlockBytes / 4) + 768, BlockBytes / 4 - 768);
            byte* low = panel + LowOffset + part / 2 * 1024, high = panel + HighOffset + part / 2 * 512;
            int lowShift = part % 2 * 4, firstHigh = part % 2 * 4, secondHigh = firstHigh + 2;
            Vector512<byte> w0 = Quants512(low, lowShift, high, firstHigh), w1 = Quants512(low + 64, lowShift, high + 64, firstHigh);
            Vector512<byte> w2 = Quants512(low + 128, lowShift, high + 128, firstHigh), w3 = Quants512(low + 192, lowShift, high + 192, firstHigh);
            Vector512<byte> w4 = Quants512(low + 256, lowShift, high + 256, firstHigh), w5 = Quants512(low + 320, lowShift, high + 320, firstHigh);
            Vector512<byte> w6 = Quants512(low + 384, lowShift, high + 384, firstHigh), w7 = Quants512(low + 448, lowShift, high + 448, firstHigh);
            low += 512;
            Vector512<byte> w8 = Quants512(low, lowShift, high, secondHigh), w9 = Quants512(low + 64, lowShift, high + 64, secondHigh);
            Vector512<byte> w10 = Quants512(low + 128, lowShift, high + 128, secondHigh), w11 = Quants512(low + 192, lowShift, high + 192, secondHigh);
            Vector512<byte> w12 = Quants512(low + 256, lowShift, high + 256, secondHigh), w13 = Quants512(low + 320, lowShift, high + 320, secondHigh);
            Vector512<byte> w14 = Quants512(low + 384, lowShift, high + 384, secondHigh), w15 = Quants512(low + 448, lowShift, high + 448, secondHigh);
            byte* scales = panel + ScaleOffset + 64 * part;
            Vector512<short> s0 = Pair512(scales), s1 = Pair512(scales + 16), s2 = Pair512(scales + 32), s3 = Pair512(scales + 48);
            int* target = products;
            byte* activations = x;
            for (int token = 0; token < tokens; token++)
            {
                int* q = (int*)activations + 16 * part, start = (int*)(activations + Int8Activations.PairSumOffset256) + 4 * part;
                Vector512<short> a = Pairs512(w0, q[0]) + Vector512.Create(start[0]).AsInt16(), b = Pairs512(w4, q[4]) + Vector512.Create(start[1]).AsInt16();
                Vector512<short> c = Pairs512(w8, q[8]) + Vector512.Create(start[2]).AsInt16(), d = Pairs512(w12, q[12]) + Vector512.Create(start[3]).AsInt16();
                a += Pairs512(w1, q[1]);
                b += Pairs512(w5, q[5]);
                c += Pairs512(w9, q[9]);
                d += Pairs512(w13, q[13]);
                a += Pairs512(w2, q[2]);
                b += Pairs512(w6, q[6]);
                c += Pairs512(w10, q[10]);
                d += Pairs512(w14, q[14]);
                a += Pairs512(w3, q[3]);
                b += Pairs512(w7, q[7]);
                c += Pairs512(w11, q[11]);
                d += Pairs512(w15, q[15]);
                Vector512<int> sum = Avx512BW.MultiplyAddAdjacent(a, s0) + Avx512BW.MultiplyAddAdjacent(b, s1);
                sum += Avx512BW.MultiplyAddAdjacent(c, s2) + Avx512BW.MultiplyAddAdjacent(d, s3);
                (part == 0 ? sum : sum + Vector512.Load(target)).Store(target);
                activations += Int8Activations.BlockBytes256;
                target += PanelRows.Count;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Pairs512(Vector512<byte> weights, int four) => Avx512BW.MultiplyAddAdjacent(weights, Vector512.Create(four).AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<byte> Quants512(byte* low, int lowShift, byte* high, int highShift)
        => ((Vector512.Load(low).AsUInt16() >> lowShift).AsByte() & Vector512.Create((byte)0x0F)) | (((Vector512.Load(high).AsUInt16() >> highShift) << 4).AsByte() & Vector512.Create((byte)0x30));

    /// <summary>sums += d products times the activations' scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddSums512(byte* panel, byte* x, int tokens, int* products, float* sums)
    {
        Vector512<float> d = HalfBits.Load512((ushort*)panel);
        x += Int8Activations.ScaleOffset256;
        for (int token = 0; token < tokens; token++)
        {
            PanelScale.Add(Vector512.Load(products), d * Vector512.Create(*(float*)x), sums);
            x += Int8Activations.BlockBytes256;
            products += PanelRows.Count;
            sums += PanelRows.Count;
        }
    }

    /// <summary>As <see cref="Products512"/>, for rows 0 to 7 or 8 to 15 and a group at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Products256(byte* panel, byte* x, int tokens, int* products, int half)
    {
        Vector256<byte> nibble = Vector256.Create((byte)15), twoBits = Vector256.Create((byte)0x30);
        for (int group = 0; group < 16; group++)
        {
            (int lowVector, int lowShift, int highVector, int highShift) = Place(group);
            byte* low = panel + LowOffset + lowVector * 64 + 32 * half;
            byte* high = panel + HighOffset + highVector * 64 + 32 * half;
            Vector256<byte> w0 = ((Vector256.Load(low).AsUInt16() >> lowShift).AsByte() & nibble) | (((Vector256.Load(high).AsUInt16() >> highShift) << 4).AsByte() & twoBits);
            Vector256<byte> w1 = ((Vector256.Load(low + 64).AsUInt16() >> lowShift).AsByte() & nibble) | (((Vector256.Load(high + 64).AsUInt16() >> highShift) << 4).AsByte() & twoBits);
            Vector256<byte> w2 = ((Vector256.Load(low + 128).AsUInt16() >> lowShift).AsByte() & nibble) | (((Vector256.Load(high + 128).AsUInt16() >> highShift) << 4).AsByte() & twoBits);
            Vector256<byte> w3 = ((Vector256.Load(low + 192).AsUInt16() >> lowShift).AsByte() & nibble) | (((Vector256.Load(high + 192).AsUInt16() >> highShift) << 4).AsByte() & twoBits);
            Vector256<short> scales = Pair256(panel + ScaleOffset + 16 * group + 8 * half);
            int* target = products + 8 * half;
            byte* activations = x;
            for (int token = 0; token < tokens; token++)
            {
                int* q = (int*)activations + 4 * group;
                Vector256<short> a = Avx2.MultiplyAddAdjacent(w0, Vector256.Create(q[0]).AsSByte()) + Vector256.Create(((int*)(activations + Int8Activations.PairSumOffset256))[group]).AsInt16();
                a += Avx2.MultiplyAddAdjacent(w1, Vector256.Create(q[1]).AsSByte());
                a += Avx2.MultiplyAddAdjacent(w2, Vector256.Create(q[2]).AsSByte());
                a += Avx2.MultiplyAddAdjacent(w3, Vector256.Create(q[3]).AsSByte());
                Vector256<int> sum = Avx2.MultiplyAddAdjacent(a, scales);
                (group == 0 ? sum : sum + Vector256.Load(target)).Store(target);
                activations += Int8Activations.BlockBytes256;
                target += PanelRows.Count;
            }
        }
    }

    /// <summary>sums += d products times the activations' scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddSums256(byte* panel, byte* x, int tokens, int* products, float* sums, int half)
    {
        Vector256<float> d = HalfBits.Load256((ushort*)panel + 8 * half);
        products += 8 * half;
        sums += 8 * half;
        x += Int8Activations.ScaleOffset256;
        for (int token = 0; token < tokens; token++)
        {
            PanelScale.Add(Vector256.Load(products), d * Vector256.Create(*(float*)x), sums);
            x += Int8Activations.BlockBytes256;
            products += PanelRows.Count;
            sums += PanelRows.Count;
        }
    }

    /// <summary>Sixteen signed bytes, each as two equal 16-bit numbers in a 32-bit lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Pair512(byte* source)
    {
        Vector512<int> values = Avx512F.ConvertToVector512Int32(Vector128.Load((sbyte*)source));
        return ((values & Vector512.Create(0xFFFF)) | (values << 16)).AsInt16();
    }

    /// <summary>Eight signed bytes, each as two equal 16-bit numbers in a 32-bit lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Pair256(byte* source)
    {
        Vector256<int> values = Avx2.ConvertToVector256Int32((sbyte*)source);
        return ((values & Vector256.Create(0xFFFF)) | (values << 16)).AsInt16();
    }

    private static void MultiplyScalar(byte* panel, byte* x, int tokens, float* sums)
    {
        for (int token = 0; token < tokens; token++, x += Int8Activations.BlockBytes256)
        {
            for (int row = 0; row < PanelRows.Count; row++)
            {
                int products = 0;
                for (int k = 0; k < 256; k++)
                {
                    (int lowVector, int lowShift, int highVector, int highShift) = Place(k / 16);
                    int at = k % 16 / 4 * 64 + row * 4 + k % 4;
                    int low = panel[LowOffset + lowVector * 64 + at] >> lowShift & 15;
                    int high = panel[HighOffset + highVector * 64 + at] >> highShift & 3;
                    products += (sbyte)panel[ScaleOffset + k / 16 * 16 + row] * ((low | high << 4) - 32) * (sbyte)x[k];
                }

                sums[token * PanelRows.Count + row] += products * (PanelScale.Load(panel + 2 * row) * *(float*)(x + Int8Activations.ScaleOffset256));
            }
        }
    }
}
