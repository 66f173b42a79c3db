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
                PanelPrefetch.Ahead(panel, BlockBytes);
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

    /// <summary>products[token][16] = sum over groups of 16 of scale times the products of quants (0 to 63) and activations.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Products512(byte* panel, byte* x, int tokens, int* products)
    {
        Vector512<byte> nibble = Vector512.Create((byte)15), twoBits = Vector512.Create((byte)3);
        for (int group = 0; group < 16; group++)
        {
            (int lowVector, int lowShift, int highVector, int highShift) = Place(group);
            byte* low = panel + LowOffset + lowVector * 64;
            byte* high = panel + HighOffset + highVector * 64;
            Vector512<byte> w0 = (((Vector512.Load(low).AsUInt16() >> lowShift).AsByte() & nibble) | (((Vector512.Load(high).AsUInt16() >> highShift).AsByte() & twoBits).AsUInt16() << 4).AsByte());
            Vector512<byte> w1 = (((Vector512.Load(low + 64).AsUInt16() >> lowShift).AsByte() & nibble) | (((Vector512.Load(high + 64).AsUInt16() >> highShift).AsByte() & twoBits).AsUInt16() << 4).AsByte());
            Vector512<byte> w2 = (((Vector512.Load(low + 128).AsUInt16() >> lowShift).AsByte() & nibble) | (((Vector512.Load(high + 128).AsUInt16() >> highShift).AsByte() & twoBits).AsUInt16() << 4).AsByte());
            Vector512<byte> w3 = (((Vector512.Load(low + 192).AsUInt16() >> lowShift).AsByte() & nibble) | (((Vector512.Load(high + 192).AsUInt16() >> highShift).AsByte() & twoBits).AsUInt16() << 4).AsByte());
            Vector512<short> scales = Pair512(panel + ScaleOffset + 16 * group);
            int* target = products;
            byte* activations = x + 16 * group;
            for (int token = 0; token < tokens; token++)
            {
                int* q = (int*)activations;
                Vector512<short> a = Avx512BW.MultiplyAddAdjacent(w0, Vector512.Create(q[0]).AsSByte()) + Avx512BW.MultiplyAddAdjacent(w1, Vector512.Create(q[1]).AsSByte());
                Vector512<short> b = Avx512BW.MultiplyAddAdjacent(w2, Vector512.Create(q[2]).AsSByte()) + Avx512BW.MultiplyAddAdjacent(w3, Vector512.Create(q[3]).AsSByte());
                Vector512<int> sum = Avx512BW.MultiplyAddAdjacent(a, scales) + Avx512BW.MultiplyAddAdjacent(b, scales);
                (group == 0 ? sum : sum + Vector512.Load(target)).Store(target);
                activations += Int8Activations.BlockBytes256;
                target += PanelRows.Count;
            }
        }
    }

    /// <summary>sums += d (products - 32 sum over groups of scale times the activations' sum) times the activations' scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddSums512(byte* panel, byte* x, int tokens, int* products, float* sums)
    {
        Vector512<float> d = HalfBits.Load512((ushort*)panel);
        Vector512<short> s0 = TwoScales512(panel + ScaleOffset + 0);
        Vector512<short> s1 = TwoScales512(panel + ScaleOffset + 32);
        Vector512<short> s2 = TwoScales512(panel + ScaleOffset + 64);
        Vector512<short> s3 = TwoScales512(panel + ScaleOffset + 96);
        Vector512<short> s4 = TwoScales512(panel + ScaleOffset + 128);
        Vector512<short> s5 = TwoScales512(panel + ScaleOffset + 160);
        Vector512<short> s6 = TwoScales512(panel + ScaleOffset + 192);
        Vector512<short> s7 = TwoScales512(panel + ScaleOffset + 224);
        for (int token = 0; token < tokens; token++)
        {
            int* g = (int*)(x + 256);
            Vector512<int> a = Avx512BW.MultiplyAddAdjacent(s0, Vector512.Create(g[0]).AsInt16());
            a += Avx512BW.MultiplyAddAdjacent(s1, Vector512.Create(g[1]).AsInt16());
            a += Avx512BW.MultiplyAddAdjacent(s2, Vector512.Create(g[2]).AsInt16());
            a += Avx512BW.MultiplyAddAdjacent(s3, Vector512.Create(g[3]).AsInt16());
            a += Avx512BW.MultiplyAddAdjacent(s4, Vector512.Create(g[4]).AsInt16());
            a += Avx512BW.MultiplyAddAdjacent(s5, Vector512.Create(g[5]).AsInt16());
            a += Avx512BW.MultiplyAddAdjacent(s6, Vector512.Create(g[6]).AsInt16());
            a += Avx512BW.MultiplyAddAdjacent(s7, Vector512.Create(g[7]).AsInt16());
            PanelScale.Add(Vector512.Load(products) - (a << 5), d * Vector512.Create(((float*)g)[8]), sums);
            x += Int8Activations.BlockBytes256;
            products += PanelRows.Count;
            sums += PanelRows.Count;
        }
    }

    /// <summary>products[token][16] = sum over groups of 16 of scale times the products of quants (0 to 63) and activations.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Products256(byte* panel, byte* x, int tokens, int* products, int half)
    {
        Vector256<byte> nibble = Vector256.Create((byte)15), twoBits = Vector256.Create((byte)3);
        for (int group = 0; group < 16; group++)
        {
            (int lowVector, int lowShift, int highVector, int highShift) = Place(group);
            byte* low = panel + LowOffset + lowVector * 64 + 32 * half;
            byte* high = panel + HighOffset + highVector * 64 + 32 * half;
            Vector256<byte> w0 = (((Vector256.Load(low).AsUInt16() >> lowShift).AsByte() & nibble) | (((Vector256.Load(high).AsUInt16() >> highShift).AsByte() & twoBits).AsUInt16() << 4).AsByte());
            Vector256<byte> w1 = (((Vector256.Load(low + 64).AsUInt16() >> lowShift).AsByte() & nibble) | (((Vector256.Load(high + 64).AsUInt16() >> highShift).AsByte() & twoBits).AsUInt16() << 4).AsByte());
            Vector256<byte> w2 = (((Vector256.Load(low + 128).AsUInt16() >> lowShift).AsByte() & nibble) | (((Vector256.Load(high + 128).AsUInt16() >> highShift).AsByte() & twoBits).AsUInt16() << 4).AsByte());
            Vector256<byte> w3 = (((Vector256.Load(low + 192).AsUInt16() >> lowShift).AsByte() & nibble) | (((Vector256.Load(high + 192).AsUInt16() >> highShift).AsByte() & twoBits).AsUInt16() << 4).AsByte());
            Vector256<short> scales = Pair256(panel + ScaleOffset + 16 * group + 8 * half);
            int* target = products + 8 * half;
            byte* activations = x + 16 * group;
            for (int token = 0; token < tokens; token++)
            {
                int* q = (int*)activations;
                Vector256<short> a = Avx2.MultiplyAddAdjacent(w0, Vector256.Create(q[0]).AsSByte()) + Avx2.MultiplyAddAdjacent(w1, Vector256.Create(q[1]).AsSByte());
                Vector256<short> b = Avx2.MultiplyAddAdjacent(w2, Vector256.Create(q[2]).AsSByte()) + Avx2.MultiplyAddAdjacent(w3, Vector256.Create(q[3]).AsSByte());
                Vector256<int> sum = Avx2.MultiplyAddAdjacent(a, scales) + Avx2.MultiplyAddAdjacent(b, scales);
                (group == 0 ? sum : sum + Vector256.Load(target)).Store(target);
                activations += Int8Activations.BlockBytes256;
                target += PanelRows.Count;
            }
        }
    }

    /// <summary>sums += d (products - 32 sum over groups of scale times the activations' sum) times the activations' scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddSums256(byte* panel, byte* x, int tokens, int* products, float* sums, int half)
    {
        Vector256<float> d = HalfBits.Load256((ushort*)panel + 8 * half);
        products += 8 * half;
        sums += 8 * half;
        Vector256<short> s0 = TwoScales256(panel + ScaleOffset + 0 + 8 * half);
        Vector256<short> s1 = TwoScales256(panel + ScaleOffset + 32 + 8 * half);
        Vector256<short> s2 = TwoScales256(panel + ScaleOffset + 64 + 8 * half);
        Vector256<short> s3 = TwoScales256(panel + ScaleOffset + 96 + 8 * half);
        Vector256<short> s4 = TwoScales256(panel + ScaleOffset + 128 + 8 * half);
        Vector256<short> s5 = TwoScales256(panel + ScaleOffset + 160 + 8 * half);
        Vector256<short> s6 = TwoScales256(panel + ScaleOffset + 192 + 8 * half);
        Vector256<short> s7 = TwoScales256(panel + ScaleOffset + 224 + 8 * half);
        for (int token = 0; token < tokens; token++)
        {
            int* g = (int*)(x + 256);
            Vector256<int> a = Avx2.MultiplyAddAdjacent(s0, Vector256.Create(g[0]).AsInt16());
            a += Avx2.MultiplyAddAdjacent(s1, Vector256.Create(g[1]).AsInt16());
            a += Avx2.MultiplyAddAdjacent(s2, Vector256.Create(g[2]).AsInt16());
            a += Avx2.MultiplyAddAdjacent(s3, Vector256.Create(g[3]).AsInt16());
            a += Avx2.MultiplyAddAdjacent(s4, Vector256.Create(g[4]).AsInt16());
            a += Avx2.MultiplyAddAdjacent(s5, Vector256.Create(g[5]).AsInt16());
            a += Avx2.MultiplyAddAdjacent(s6, Vector256.Create(g[6]).AsInt16());
            a += Avx2.MultiplyAddAdjacent(s7, Vector256.Create(g[7]).AsInt16());
            PanelScale.Add(Vector256.Load(products) - (a << 5), d * Vector256.Create(((float*)g)[8]), sums);
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

    /// <summary>The scales of two groups side by side in a 32-bit lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> TwoScales512(byte* source)
    {
        Vector512<int> first = Avx512F.ConvertToVector512Int32(Vector128.Load((sbyte*)source));
        Vector512<int> second = Avx512F.ConvertToVector512Int32(Vector128.Load((sbyte*)source + 16));
        return ((first & Vector512.Create(0xFFFF)) | (second << 16)).AsInt16();
    }

    /// <summary>Eight signed bytes, each as two equal 16-bit numbers in a 32-bit lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Pair256(byte* source)
    {
        Vector256<int> values = Avx2.ConvertToVector256Int32((sbyte*)source);
        return ((values & Vector256.Create(0xFFFF)) | (values << 16)).AsInt16();
    }

    /// <summary>The scales of two groups side by side in a 32-bit lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> TwoScales256(byte* source)
    {
        Vector256<int> first = Avx2.ConvertToVector256Int32((sbyte*)source);
        Vector256<int> second = Avx2.ConvertToVector256Int32((sbyte*)source + 16);
        return ((first & Vector256.Create(0xFFFF)) | (second << 16)).AsInt16();
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

                sums[token * PanelRows.Count + row] += products * (PanelScale.Load(panel + 2 * row) * *(float*)(x + 288));
            }
        }
    }
}
