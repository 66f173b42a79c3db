using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Inferometer.Core.Gguf;
using Inferometer.Cpu.Kernels.Emitted;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// Q6_K: 16 f16 scales, [16 groups][16] signed scales, then four parts of 768 bytes in the order in which they are read. Part 2h + s holds,
/// of half h (128 columns), columns 16s to 16s + 15 of each of its four runs of 32: for every four of them a vector with the low bits of
/// runs 0 and 2 (low and high nibbles), one of runs 1 and 3, and one with the high two bits of all four runs.
/// </summary>
internal readonly unsafe partial struct Q6_KPanel : IPanelKernel
{
    private const int ScaleOffset = 32;
    private const int PartOffset = ScaleOffset + 16 * 16;
    private const int PartBytes = 12 * 64;
    private const int BlockBytes = PartOffset + 4 * PartBytes;

    private static readonly delegate* unmanaged[SuppressGCTransition]<byte*, byte*, nint, int*, void> s_emitted =
        (delegate* unmanaged[SuppressGCTransition]<byte*, byte*, nint, int*, void>)EmittedKernels.Place(
            () => Block256Code.SixBits(ScaleOffset, PartOffset));

    private static readonly TileKernel s_onTiles = TwoByteTileCode.SixBits(BlockBytes, ScaleOffset, PartOffset);

    public static GgmlType Type => GgmlType.Q6_K;

    public static int PanelBlockBytes => BlockBytes;

    public static ActivationLayout Layout => ActivationLayout.Int8By256;

    public static void Insert(ReadOnlySpan<byte> block, byte* panelBlock, int row)
    {
        for (int four = 0; four < 32; four++)
        {
            PanelRows.Spread(block.Slice(4 * four, 4), panelBlock + LowOffset(four), row);
        }

        for (int four = 0; four < 16; four++)
        {
            PanelRows.Spread(block.Slice(128 + 4 * four, 4), panelBlock + HighOffset(four), row);
        }

        for (int group = 0; group < 16; group++)
        {
            panelBlock[ScaleOffset + group * 16 + row] = block[192 + group];
        }

        PanelHeader.Write(block[208..], panelBlock, row);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void InsertRows(byte* blocks, long rowBytes, byte* panelBlock)
    {
        byte* vectors = stackalloc byte[208 / 4 * 64];
        RowSpread.Bytes(blocks, rowBytes, 208, vectors);
        for (int four = 0; four < 32; four++)
        {
            Vector512.Load(vectors + 64 * four).Store(panelBlock + LowOffset(four));
        }

        for (int four = 0; four < 16; four++)
        {
            Vector512.Load(vectors + 64 * (32 + four)).Store(panelBlock + HighOffset(four));
        }

        RowSpread.Pairs(blocks + 208, rowBytes, panelBlock);
        uint* scales = (uint*)(vectors + 64 * 48);
        for (int group = 0; group < 16; group++)
        {
            byte* target = panelBlock + ScaleOffset + group * 16;
            if (Avx512F.IsSupported)
            {
                Vector512<uint> fours = Vector512.Load(scales + group / 4 * 16);
                Avx512F.ConvertToVector128Byte(RowSpread.ByteOf(fours, group % 4 * 8)).Store(target);
                continue;
            }

            for (int row = 0; row < PanelRows.Count; row++)
            {
                target[row] = (byte)(scales[group / 4 * 16 + row] >> (group % 4 * 8));
            }
        }
    }

    public static void Extract(byte* panelBlock, int row, Span<byte> block)
    {
        for (int four = 0; four < 32; four++)
        {
            PanelRows.Collect(panelBlock + LowOffset(four), row, block.Slice(4 * four, 4));
        }

        for (int four = 0; four < 16; four++)
        {
            PanelRows.Collect(panelBlock + HighOffset(four), row, block.Slice(128 + 4 * four, 4));
        }

        for (int group = 0; group < 16; group++)
        {
            block[192 + group] = panelBlock[ScaleOffset + group * 16 + row];
        }

        PanelHeader.Read(panelBlock, row, block[208..]);
    }

    public static void Multiply(byte* panel, int blocks, byte* x, int tokens, float* sums)
    {
        if (s_onTiles.Takes(tokens))
        {
            _ = s_onTiles.Multiply(panel, blocks, x, tokens, sums);
            return;
        }

        int* products = stackalloc int[Int8Activations.SlabTokens * PanelRows.Count];
        for (int block = 0; block < blocks; block++)
        {
            if (s_emitted is not null)
            {
                s_emitted(panel, x, tokens, products);
                AddSums512(panel, x, tokens, products, sums);
            }
            else if (Avx512BW.IsSupported)
            {
                Products512(panel, x, tokens, products);
                AddSums512(panel, x, tokens, products, sums);
            }
            else if (Avx2.IsSupported)
            {
                if (tokens == 1)
                {
                    ProductsOfOne256(panel, x, products);
                }

                for (int half = 0; half < 2; half++)
                {
                    if (tokens > 1)
                    {
                        Products256(panel, x, tokens, products, half);
                    }

                    AddSums256(panel, x, tokens, products, sums, half);
                }
            }
            else if (ByteProducts.IsSupported)
            {
                Products128(panel, x, tokens, products);
                AddSums128(panel, x, tokens, products, sums);
            }
            else
            {
                MultiplyScalar(panel, x, tokens, sums);
            }

            panel += BlockBytes;
            x += (long)tokens * Int8Activations.BlockBytes256;
        }
    }

    /// <summary>
    /// Where four columns' low bits begin: <paramref name="four"/> counts the stored dwords, of a half runs 0 and 2 and then runs 1 and 3.
    /// </summary>
    private static int LowOffset(int four) => PartOffset + (four / 16 * 2 + four % 8 / 4) * PartBytes + four % 4 * 192 + four % 16 / 8 * 64;

    /// <summary>Where four columns' high bits begin: <paramref name="four"/> counts the stored dwords.</summary>
    private static int HighOffset(int four) => PartOffset + four / 4 * PartBytes + four % 4 * 192 + 128;

    /// <summary>
    /// Where the quants of a group of 16 columns begin, low and high bits, and how far to shift them; each further four columns lie 192
    /// bytes on.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (int Low, int LowShift, int High, int HighShift) Place(int group)
    {
        int part = PartOffset + (group / 8 * 2 + group % 2) * PartBytes;
        int run = group % 8 / 2;
        return (part + run % 2 * 64, run / 2 * 4, part + 128, run * 2);
    }

    /// <summary>
    /// products[token][16] = sum over groups of 16 of scale times the products of quants (0 to 63, less 32) and activations. Four groups at
    /// a time, which is what the registers hold. A group's 16-bit sums begin at -32 times the activations they add up, so that four of them
    /// fit: 32 * 127 * 8 = 32512.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Products512(byte* panel, byte* x, int tokens, int* products)
    {
        Vector512<byte> nibble = Vector512.Create((byte)15);
        BitField upper = new(4, 4, 0), first = new(0, 2, 4), second = new(2, 2, 4), third = new(4, 2, 4), fourth = new(6, 2, 4);
        bool ahead = PanelPrefetch.Helps(tokens);
        for (int part = 0; part < 4; part++)
        {
            byte* quants = panel + PartOffset + part * PartBytes;
            if (ahead)
            {
                PanelPrefetch.Ahead(quants, PartBytes);
            }

            Vector512<byte> l0 = Vector512.Load(quants + 0), m0 = Vector512.Load(quants + 64), h0 = Vector512.Load(quants + 128);
            Vector512<byte> l1 = Vector512.Load(quants + 192), m1 = Vector512.Load(quants + 256), h1 = Vector512.Load(quants + 320);
            Vector512<byte> l2 = Vector512.Load(quants + 384), m2 = Vector512.Load(quants + 448), h2 = Vector512.Load(quants + 512);
            Vector512<byte> l3 = Vector512.Load(quants + 576), m3 = Vector512.Load(quants + 640), h3 = Vector512.Load(quants + 704);
            Vector512<byte> a0 = (l0 & nibble) | first.Take(h0), a1 = (l1 & nibble) | first.Take(h1), a2 = (l2 & nibble) | first.Take(h2),
                a3 = (l3 & nibble) | first.Take(h3);
            Vector512<byte> b0 = (m0 & nibble) | second.Take(h0), b1 = (m1 & nibble) | second.Take(h1),
                b2 = (m2 & nibble) | second.Take(h2), b3 = (m3 & nibble) | second.Take(h3);
            Vector512<byte> c0 = upper.Take(l0) | third.Take(h0), c1 = upper.Take(l1) | third.Take(h1),
                c2 = upper.Take(l2) | third.Take(h2), c3 = upper.Take(l3) | third.Take(h3);
            Vector512<byte> d0 = upper.Take(m0) | fourth.Take(h0), d1 = upper.Take(m1) | fourth.Take(h1),
                d2 = upper.Take(m2) | fourth.Take(h2), d3 = upper.Take(m3) | fourth.Take(h3);
            int group = part / 2 * 8 + part % 2;
            byte* scales = panel + ScaleOffset + 16 * group;
            Vector512<short> s0 = Pair512(scales), s1 = Pair512(scales + 32), s2 = Pair512(scales + 64), s3 = Pair512(scales + 96);
            int* target = products;
            byte* activations = x + 16 * group;
            long toSums = Int8Activations.PairSumOffset256 - 12 * group;
            for (int token = 0; token < tokens; token++)
            {
                int* q = (int*)activations, start = (int*)(activations + toSums);
                Vector512<short> a = Pairs512(a0, q[0]) + Vector512.Create(start[0]).AsInt16(),
                    b = Pairs512(b0, q[8]) + Vector512.Create(start[2]).AsInt16();
                Vector512<short> c = Pairs512(c0, q[16]) + Vector512.Create(start[4]).AsInt16(),
                    d = Pairs512(d0, q[24]) + Vector512.Create(start[6]).AsInt16();
                a += Pairs512(a1, q[1]);
                b += Pairs512(b1, q[9]);
                c += Pairs512(c1, q[17]);
                d += Pairs512(d1, q[25]);
                a += Pairs512(a2, q[2]);
                b += Pairs512(b2, q[10]);
                c += Pairs512(c2, q[18]);
                d += Pairs512(d2, q[26]);
                a += Pairs512(a3, q[3]);
                b += Pairs512(b3, q[11]);
                c += Pairs512(c3, q[19]);
                d += Pairs512(d3, q[27]);
                Vector512<int> sum = Avx512BW.MultiplyAddAdjacent(a, s0) + Avx512BW.MultiplyAddAdjacent(b, s1);
                sum += Avx512BW.MultiplyAddAdjacent(c, s2) + Avx512BW.MultiplyAddAdjacent(d, s3);
                (part == 0 ? sum : sum + Vector512.Load(target)).Store(target);
                activations += Int8Activations.BlockBytes256;
                target += PanelRows.Count;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Pairs512(Vector512<byte> weights, int four) =>
        Avx512BW.MultiplyAddAdjacent(weights, Vector512.Create(four).AsSByte());

    /// <summary>sums += d products times the activations' scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddSums512(byte* panel, byte* x, int tokens, int* products, float* sums)
    {
        Vector512<float> d = HalfBits.Load512((ushort*)panel);
        x += Int8Activations.ScaleOffset256;
        for (int token = 0; token < tokens; token++)
        {
            Vector512<float> value = Vector512.ConvertToSingle(Vector512.Load(products));
            Vector512.FusedMultiplyAdd(value, d * Vector512.Create(*(float*)x), Vector512.Load(sums)).Store(sums);
            x += Int8Activations.BlockBytes256;
            products += PanelRows.Count;
            sums += PanelRows.Count;
        }
    }

    /// <summary>As <see cref="Products512"/>, for rows 0 to 7 or 8 to 15 and two groups at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Products256(byte* panel, byte* x, int tokens, int* products, int half)
    {
        TwoRuns256<FirstRuns>(panel, x, tokens, products, half);
        TwoRuns256<SecondRuns>(panel, x, tokens, products, half);
    }

    // Not inlined, since the compiler's allowance of inlined calls would not do for both; so shifts are by constants.
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void TwoRuns256<TRuns>(byte* panel, byte* x, int tokens, int* products, int half)
        where TRuns : struct
    {
        bool isSecond = typeof(TRuns) == typeof(SecondRuns);
        for (int part = 0; part < 4; part++)
        {
            byte* quants = panel + PartOffset + part * PartBytes + 32 * half;
            if (half == 0)
            {
                PanelPrefetch.Ahead(panel + (2 * part + (isSecond ? 1 : 0)) * (BlockBytes / 8), BlockBytes / 8);
            }

            Vector256<ushort> h0 = Vector256.Load(quants + 128).AsUInt16(), h1 = Vector256.Load(quants + 320).AsUInt16(),
                h2 = Vector256.Load(quants + 512).AsUInt16(), h3 = Vector256.Load(quants + 704).AsUInt16();
            Vector256<byte> a0 = Low256<TRuns>(quants) | Upper256(isSecond ? h0 : h0 << 4);
            Vector256<byte> a1 = Low256<TRuns>(quants + 192) | Upper256(isSecond ? h1 : h1 << 4);
            Vector256<byte> a2 = Low256<TRuns>(quants + 384) | Upper256(isSecond ? h2 : h2 << 4);
            Vector256<byte> a3 = Low256<TRuns>(quants + 576) | Upper256(isSecond ? h3 : h3 << 4);
            Vector256<byte> b0 = Low256<TRuns>(quants + 64) | Upper256(isSecond ? h0 >> 2 : h0 << 2);
            Vector256<byte> b1 = Low256<TRuns>(quants + 256) | Upper256(isSecond ? h1 >> 2 : h1 << 2);
            Vector256<byte> b2 = Low256<TRuns>(quants + 448) | Upper256(isSecond ? h2 >> 2 : h2 << 2);
            Vector256<byte> b3 = Low256<TRuns>(quants + 640) | Upper256(isSecond ? h3 >> 2 : h3 << 2);
            int group = ((part >> 1) << 3) + (part & 1) + (isSecond ? 4 : 0);
            byte* scales = panel + ScaleOffset + 16 * group + 8 * half;
            Vector256<short> s0 = RowBytes256.TwiceSigned(scales), s1 = RowBytes256.TwiceSigned(scales + 32);
            byte* activations = x + 16 * group;
            long toSums = Int8Activations.PairSumOffset256 - 12 * group;
            bool isFirst = !isSecond && part == 0;
            int* target = products + 8 * half;
            for (int token = 0; token < tokens; token++)
            {
                int* q = (int*)activations, start = (int*)(activations + toSums);
                Vector256<short> a = Pairs256(a0, q[0]) + Vector256.Create(start[0]).AsInt16(),
                    b = Pairs256(b0, q[8]) + Vector256.Create(start[2]).AsInt16();
                a += Pairs256(a1, q[1]);
                b += Pairs256(b1, q[9]);
                a += Pairs256(a2, q[2]);
                b += Pairs256(b2, q[10]);
                a += Pairs256(a3, q[3]);
                b += Pairs256(b3, q[11]);
                Vector256<int> sum = Avx2.MultiplyAddAdjacent(a, s0) + Avx2.MultiplyAddAdjacent(b, s1);
                (isFirst ? sum : sum + Vector256.Load(target)).Store(target);
                activations += Int8Activations.BlockBytes256;
                target += PanelRows.Count;
            }
        }
    }

    /// <summary>products[16 rows] of one token, as in <see cref="SixBitScalePanel{TFormat}"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ProductsOfOne256(byte* panel, byte* x, int* products)
    {
        bool ahead = PanelPrefetch.Helps(1);
        Vector256<int> first = default, second = default;
        for (int part = 0; part < 4; part++)
        {
            if (ahead)
            {
                PanelPrefetch.Ahead(panel + 2 * part * (BlockBytes / 8), BlockBytes / 8);
            }

            first += PartOfOne256(panel, x, part, 0);
            if (ahead)
            {
                PanelPrefetch.Ahead(panel + (2 * part + 1) * (BlockBytes / 8), BlockBytes / 8);
            }

            second += PartOfOne256(panel, x, part, 1);
        }

        first.Store(products);
        second.Store(products + 8);
    }

    /// <summary>Four groups of eight rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static Vector256<int> PartOfOne256(byte* panel, byte* x, int part, int half)
    {
        byte* quants = panel + PartOffset + part * PartBytes + 32 * half;
        int group = ((part >> 1) << 3) + (part & 1);
        byte* scales = panel + ScaleOffset + 16 * group + 8 * half;
        int* q = (int*)(x + 16 * group), start = (int*)(x + Int8Activations.PairSumOffset256) + group;
        Vector256<short> a = Vector256.Create(start[0]).AsInt16(), b = Vector256.Create(start[2]).AsInt16(),
            c = Vector256.Create(start[4]).AsInt16(), d = Vector256.Create(start[6]).AsInt16();
        AddFour256(quants, q, ref a, ref b, ref c, ref d);
        AddFour256(quants + 192, q + 1, ref a, ref b, ref c, ref d);
        AddFour256(quants + 384, q + 2, ref a, ref b, ref c, ref d);
        AddFour256(quants + 576, q + 3, ref a, ref b, ref c, ref d);
        Vector256<int> first = Avx2.MultiplyAddAdjacent(a, RowBytes256.TwiceSigned(scales))
            + Avx2.MultiplyAddAdjacent(b, RowBytes256.TwiceSigned(scales + 32));
        return first + Avx2.MultiplyAddAdjacent(c, RowBytes256.TwiceSigned(scales + 64))
            + Avx2.MultiplyAddAdjacent(d, RowBytes256.TwiceSigned(scales + 96));
    }

    /// <summary>Four columns of each of four groups.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddFour256(
        byte* quants, int* q, ref Vector256<short> a, ref Vector256<short> b, ref Vector256<short> c, ref Vector256<short> d)
    {
        Vector256<ushort> low = Vector256.Load((ushort*)quants), next = Vector256.Load((ushort*)(quants + 64)),
            high = Vector256.Load((ushort*)(quants + 128));
        Vector256<byte> nibble = Vector256.Create((byte)15);
        a += Pairs256((low.AsByte() & nibble) | Upper256(high << 4), q[0]);
        b += Pairs256((next.AsByte() & nibble) | Upper256(high << 2), q[8]);
        c += Pairs256(((low >> 4).AsByte() & nibble) | Upper256(high), q[16]);
        d += Pairs256(((next >> 4).AsByte() & nibble) | Upper256(high >> 2), q[24]);
    }

    /// <summary>The low bits of four columns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Low256<TRuns>(byte* source)
        where TRuns : struct
    {
        Vector256<ushort> bits = Vector256.Load(source).AsUInt16();
        return (typeof(TRuns) == typeof(SecondRuns) ? bits >> 4 : bits).AsByte() & Vector256.Create((byte)15);
    }

    /// <summary>The two high bits, which were moved to their place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Upper256(Vector256<ushort> bits) => bits.AsByte() & Vector256.Create((byte)0x30);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Pairs256(Vector256<byte> weights, int four) =>
        Avx2.MultiplyAddAdjacent(weights, Vector256.Create(four).AsSByte());

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

    private static void MultiplyScalar(byte* panel, byte* x, int tokens, float* sums)
    {
        for (int token = 0; token < tokens; token++, x += Int8Activations.BlockBytes256)
        {
            for (int row = 0; row < PanelRows.Count; row++)
            {
                int products = 0;
                for (int k = 0; k < 256; k++)
                {
                    (int lowOffset, int lowShift, int highOffset, int highShift) = Place(k / 16);
                    int at = k % 16 / 4 * 192 + row * 4 + k % 4;
                    int low = panel[lowOffset + at] >> lowShift & 15;
                    int high = panel[highOffset + at] >> highShift & 3;
                    products += (sbyte)panel[ScaleOffset + k / 16 * 16 + row] * ((low | high << 4) - 32) * (sbyte)x[k];
                }

                sums[token * PanelRows.Count + row] += products
                    * (HalfBits.Load(panel + 2 * row) * *(float*)(x + Int8Activations.ScaleOffset256));
            }
        }
    }
}
