using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Inferometer.Core.Gguf;
using Inferometer.Cpu.Kernels.Emitted;
using Inferometer.ModelFiles.Quantization;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// Q4_K and Q5_K: 16 f16 factors of the scales, 16 of the minima, [8 groups][16] scales, [8][16] minima (a byte each, unpacked from 6
/// bits); for Q5_K eight vectors of 64 bytes, bit g of a byte of vector j being the fifth bit of group g's column; then four times eight
/// vectors, of which vector j of pair p holds columns 4j to 4j + 3 of group 2p in the low nibbles and of group 2p + 1 in the high ones.
/// </summary>
/// <remarks>
/// Per group the 16-bit pair sums are multiplied by the integer scale; all 256 columns share one activation scale, so floats appear once
/// per block.
/// </remarks>
internal readonly unsafe partial struct SixBitScalePanel<TFormat> : IPanelKernel
    where TFormat : struct, ISixBitScaleFormat
{
    private const int MinimumOffset = 32;
    private const int ScaleOffset = 64;
    private const int GroupMinimumOffset = ScaleOffset + 8 * 16;
    private const int FifthOffset = GroupMinimumOffset + 8 * 16;

    private static readonly delegate* unmanaged[SuppressGCTransition]<byte*, byte*, nint, int*, void> s_emitted =
        (delegate* unmanaged[SuppressGCTransition]<byte*, byte*, nint, int*, void>)EmittedKernels.Place(
            () => Block256Code.SixBitScales(BlockBytes, ScaleOffset, FifthOffset, QuantOffset));

    private static readonly TileKernel s_onTiles =
        TwoByteTileCode.SixBitScales(BlockBytes, ScaleOffset, GroupMinimumOffset, FifthOffset, QuantOffset);

    public static GgmlType Type => TFormat.Type;

    public static int PanelBlockBytes => BlockBytes;

    public static ActivationLayout Layout => ActivationLayout.Int8By256;

    private static int BlockBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => QuantOffset + 32 * 64;
    }

    private static int QuantOffset
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => FifthOffset + (TFormat.HasFifthBits ? 8 * 64 : 0);
    }

    public static void Insert(ReadOnlySpan<byte> block, byte* panelBlock, int row)
    {
        PanelHeader.Write(block, panelBlock, row);
        PanelHeader.Write(block[2..], panelBlock + MinimumOffset, row);
        InsertScales(block.Slice(4, 12), panelBlock, row);
        PanelRows.Spread(block[^128..], panelBlock + QuantOffset, row);
        if (TFormat.HasFifthBits)
        {
            PanelRows.Spread(block.Slice(16, 32), panelBlock + FifthOffset, row);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void InsertRows(byte* blocks, long rowBytes, byte* panelBlock)
    {
        int quantsAt = TFormat.HasFifthBits ? 48 : 16;
        RowSpread.Bytes(blocks + quantsAt, rowBytes, 128, panelBlock + QuantOffset);
        if (TFormat.HasFifthBits)
        {
            RowSpread.Bytes(blocks + 16, rowBytes, 32, panelBlock + FifthOffset);
        }

        RowSpread.Pairs(blocks, rowBytes, panelBlock);
        RowSpread.Pairs(blocks + 2, rowBytes, panelBlock + MinimumOffset);
        if (Avx512F.IsSupported)
        {
            InsertScales512(blocks, rowBytes, panelBlock);
            return;
        }

        for (int row = 0; row < PanelRows.Count; row++)
        {
            InsertScales(new ReadOnlySpan<byte>(blocks + row * rowBytes + 4, 12), panelBlock, row);
        }
    }

    public static void Extract(byte* panelBlock, int row, Span<byte> block)
    {
        PanelHeader.Read(panelBlock, row, block);
        PanelHeader.Read(panelBlock + MinimumOffset, row, block[2..]);
        Span<byte> scales = stackalloc byte[8], minima = stackalloc byte[8];
        for (int group = 0; group < 8; group++)
        {
            scales[group] = panelBlock[ScaleOffset + group * 16 + row];
            minima[group] = panelBlock[GroupMinimumOffset + group * 16 + row];
        }

        SixBitScales.Write(block.Slice(4, 12), scales, minima);
        PanelRows.Collect(panelBlock + QuantOffset, row, block[^128..]);
        if (TFormat.HasFifthBits)
        {
            PanelRows.Collect(panelBlock + FifthOffset, row, block.Slice(16, 32));
        }
    }

    private static void InsertScales(ReadOnlySpan<byte> packed, byte* panelBlock, int row)
    {
        for (int group = 0; group < 8; group++)
        {
            (int scale, int minimum) = SixBitScales.Read(packed, group);
            panelBlock[ScaleOffset + group * 16 + row] = (byte)scale;
            panelBlock[GroupMinimumOffset + group * 16 + row] = (byte)minimum;
        }
    }

    /// <summary>The scales of all rows, four bytes of each in a vector: see <see cref="SixBitScales"/> for what lies where.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void InsertScales512(byte* blocks, long rowBytes, byte* panelBlock)
    {
        byte* vectors = stackalloc byte[256];
        RowSpread.Bytes(blocks, rowBytes, 16, vectors);
        Vector512<uint> low = Vector512.Load((uint*)vectors + 16), next = Vector512.Load((uint*)vectors + 32),
            rest = Vector512.Load((uint*)vectors + 48);
        Vector512<uint> six = Vector512.Create(63u), four = Vector512.Create(15u);
        for (int i = 0; i < 4; i++)
        {
            Vector512<uint> a = RowSpread.ByteOf(low, 8 * i), b = RowSpread.ByteOf(next, 8 * i), c = RowSpread.ByteOf(rest, 8 * i);
            byte* scale = panelBlock + ScaleOffset + 16 * i, minimum = panelBlock + GroupMinimumOffset + 16 * i;
            Avx512F.ConvertToVector128Byte(a & six).Store(scale);
            Avx512F.ConvertToVector128Byte(b & six).Store(minimum);
            Avx512F.ConvertToVector128Byte(c & four | a >> 6 << 4).Store(scale + 64);
            Avx512F.ConvertToVector128Byte(c >> 4 | b >> 6 << 4).Store(minimum + 64);
        }
    }

    public static void Multiply(byte* panel, int blocks, byte* x, int tokens, float* sums)
    {
        if (s_onTiles.Takes(tokens))
        {
            _ = s_onTiles.Multiply(panel, blocks, x, tokens, sums);
            return;
        }

        // And as much for what emitted code adds up in f32.
        int* products = stackalloc int[2 * Int8Activations.SlabTokens * PanelRows.Count];
        for (int block = 0; block < blocks; block++)
        {
            if (s_emitted is not null)
            {
                s_emitted(panel, x, tokens, products);
                AddMinima512(panel, x, tokens, products, sums);
            }
            else if (Avx512BW.IsSupported)
            {
                Products512(panel, x, tokens, products);
                AddMinima512(panel, x, tokens, products, sums);
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

                    AddMinima256(panel, x, tokens, products, sums, half);
                }
            }
            else if (ByteProducts.IsSupported)
            {
                Products128(panel, x, tokens, products);
                for (int quarter = 0; quarter < 4; quarter++)
                {
                    AddMinima128(panel, x, tokens, products, sums, quarter);
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

    /// <summary>
    /// products[token][16] = sum over groups of scale times the products of quants and activations. Two groups at a time, which is what the
    /// registers hold.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Products512(byte* panel, byte* x, int tokens, int* products)
    {
        Vector512<byte> nibble = Vector512.Create((byte)15);
        BitField upper = new(4, 4, 0);
        // With the fifth bits a pair is read from two places, which no processor foresees.
        bool ahead = TFormat.HasFifthBits || PanelPrefetch.Helps(tokens);
        for (int pair = 0; pair < 4; pair++)
        {
            byte* quants = panel + QuantOffset + pair * 512;
            if (ahead)
            {
                PanelPrefetch.Ahead(panel + pair * (BlockBytes / 4), BlockBytes / 4);
            }

            Vector512<byte> v0 = Vector512.Load(quants), v1 = Vector512.Load(quants + 64), v2 = Vector512.Load(quants + 128),
                v3 = Vector512.Load(quants + 192);
            Vector512<byte> v4 = Vector512.Load(quants + 256), v5 = Vector512.Load(quants + 320), v6 = Vector512.Load(quants + 384),
                v7 = Vector512.Load(quants + 448);
            Vector512<byte> h0 = upper.Take(v0), h1 = upper.Take(v1), h2 = upper.Take(v2), h3 = upper.Take(v3);
            Vector512<byte> h4 = upper.Take(v4), h5 = upper.Take(v5), h6 = upper.Take(v6), h7 = upper.Take(v7);
            v0 &= nibble;
            v1 &= nibble;
            v2 &= nibble;
            v3 &= nibble;
            v4 &= nibble;
            v5 &= nibble;
            v6 &= nibble;
            v7 &= nibble;
            if (TFormat.HasFifthBits)
            {
                byte* bits = panel + FifthOffset;
                BitField first = new(2 * pair, 1, 4), second = new(2 * pair + 1, 1, 4);
                AddFifthBits512(bits, first, second, ref v0, ref h0);
                AddFifthBits512(bits + 64, first, second, ref v1, ref h1);
                AddFifthBits512(bits + 128, first, second, ref v2, ref h2);
                AddFifthBits512(bits + 192, first, second, ref v3, ref h3);
                AddFifthBits512(bits + 256, first, second, ref v4, ref h4);
                AddFifthBits512(bits + 320, first, second, ref v5, ref h5);
                AddFifthBits512(bits + 384, first, second, ref v6, ref h6);
                AddFifthBits512(bits + 448, first, second, ref v7, ref h7);
            }

            Vector512<short> scaleLow = Pair512(panel + ScaleOffset + 32 * pair), scaleHigh = Pair512(panel + ScaleOffset + 32 * pair + 16);
            int* target = products;
            byte* activations = x + 64 * pair;
            for (int token = 0; token < tokens; token++)
            {
                int* q = (int*)activations;
                Vector512<short> a = Pairs512(v0, q[0]), b = Pairs512(v4, q[4]), c = Pairs512(h0, q[8]), d = Pairs512(h4, q[12]);
                a += Pairs512(v1, q[1]);
                b += Pairs512(v5, q[5]);
                c += Pairs512(h1, q[9]);
                d += Pairs512(h5, q[13]);
                a += Pairs512(v2, q[2]);
                b += Pairs512(v6, q[6]);
                c += Pairs512(h2, q[10]);
                d += Pairs512(h6, q[14]);
                a += Pairs512(v3, q[3]);
                b += Pairs512(v7, q[7]);
                c += Pairs512(h3, q[11]);
                d += Pairs512(h7, q[15]);
                Vector512<int> sum = TFormat.HasFifthBits
                    ? Avx512BW.MultiplyAddAdjacent(a, scaleLow) + Avx512BW.MultiplyAddAdjacent(b, scaleLow) + Avx512BW
                        .MultiplyAddAdjacent(c, scaleHigh) + Avx512BW.MultiplyAddAdjacent(d, scaleHigh)
                    : Avx512BW.MultiplyAddAdjacent(a + b, scaleLow) + Avx512BW.MultiplyAddAdjacent(c + d, scaleHigh);
                (pair == 0 ? sum : sum + Vector512.Load(target)).Store(target);
                activations += Int8Activations.BlockBytes256;
                target += PanelRows.Count;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Pairs512(Vector512<byte> weights, int four) =>
        Avx512BW.MultiplyAddAdjacent(weights, Vector512.Create(four).AsSByte());

    /// <summary>The fifth bits of two groups, which lie beside each other in every byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddFifthBits512(byte* source, BitField first, BitField second, ref Vector512<byte> low, ref Vector512<byte> high)
    {
        Vector512<byte> bits = Vector512.Load(source);
        low |= first.Take(bits);
        high |= second.Take(bits);
    }

    /// <summary>
    /// sums += (d products - dmin sum over groups of minimum times the activations' sum) times the activations' scale.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddMinima512(byte* panel, byte* x, int tokens, int* products, float* sums)
    {
        Vector512<float> d = HalfBits.Load512((ushort*)panel), m = HalfBits.Load512((ushort*)(panel + MinimumOffset));
        Vector512<short> m0 = Two512(panel + GroupMinimumOffset + 0);
        Vector512<short> m1 = Two512(panel + GroupMinimumOffset + 32);
        Vector512<short> m2 = Two512(panel + GroupMinimumOffset + 64);
        Vector512<short> m3 = Two512(panel + GroupMinimumOffset + 96);
        x += Int8Activations.SumOffset256;
        for (int token = 0; token < tokens; token++)
        {
            int* s = (int*)x;
            Vector512<int> a = Avx512BW.MultiplyAddAdjacent(m0, Vector512.Create(s[0]).AsInt16());
            a += Avx512BW.MultiplyAddAdjacent(m1, Vector512.Create(s[1]).AsInt16());
            a += Avx512BW.MultiplyAddAdjacent(m2, Vector512.Create(s[2]).AsInt16());
            a += Avx512BW.MultiplyAddAdjacent(m3, Vector512.Create(s[3]).AsInt16());
            Vector512<float> value = Vector512.ConvertToSingle(Vector512.Load(products));
            value = value * d - Vector512.ConvertToSingle(a) * m;
            Vector512.FusedMultiplyAdd(value, Vector512.Create(((float*)s)[4]), Vector512.Load(sums)).Store(sums);
            x += Int8Activations.BlockBytes256;
            products += PanelRows.Count;
            sums += PanelRows.Count;
        }
    }

    /// <summary>The bytes of two groups side by side, each as a 16-bit number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Two512(byte* source)
        => (Avx512F.ConvertToVector512Int32(Vector128.Load(source)) | (Avx512F.ConvertToVector512Int32(Vector128.Load(source + 16)) << 16))
            .AsInt16();

    /// <summary>The bytes of two groups side by side, each as a 16-bit number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Two256(byte* source)
        => (Avx2.ConvertToVector256Int32(source) | (Avx2.ConvertToVector256Int32(source + 16) << 16)).AsInt16();

    /// <summary>Sixteen bytes, each as two equal 16-bit numbers in a 32-bit lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Pair512(byte* source)
    {
        Vector512<int> values = Avx512F.ConvertToVector512Int32(Vector128.Load(source));
        return (values | (values << 16)).AsInt16();
    }

    /// <summary>products[token][8 rows], a group at a time, of which two lie in the same bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Products256(byte* panel, byte* x, int tokens, int* products, int half)
    {
        Groups256<FirstRuns>(panel, x, tokens, products, half);
        Groups256<SecondRuns>(panel, x, tokens, products, half);
    }

    /// <summary>The groups in the low nibbles (<see cref="FirstRuns"/>) or in the high ones (<see cref="SecondRuns"/>).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void Groups256<TRuns>(byte* panel, byte* x, int tokens, int* products, int half)
        where TRuns : struct
    {
        for (int pair = 0; pair < 4; pair++)
        {
            int group = 2 * pair + (typeof(TRuns) == typeof(SecondRuns) ? 1 : 0);
            if (half == 0)
            {
                PanelPrefetch.Ahead(panel + group * (BlockBytes / 8), BlockBytes / 8);
            }

            byte* quants = panel + QuantOffset + pair * 512 + 32 * half;
            Vector256<byte> w0 = Nibbles256<TRuns>(quants), w1 = Nibbles256<TRuns>(quants + 64), w2 = Nibbles256<TRuns>(quants + 128),
                w3 = Nibbles256<TRuns>(quants + 192);
            Vector256<byte> w4 = Nibbles256<TRuns>(quants + 256), w5 = Nibbles256<TRuns>(quants + 320),
                w6 = Nibbles256<TRuns>(quants + 384), w7 = Nibbles256<TRuns>(quants + 448);
            if (TFormat.HasFifthBits)
            {
                byte* bits = panel + FifthOffset + 32 * half;
                Vector128<ushort> shift = Vector128.CreateScalar((ulong)group).AsUInt16();
                w0 |= FifthBits256(bits, shift);
                w1 |= FifthBits256(bits + 64, shift);
                w2 |= FifthBits256(bits + 128, shift);
                w3 |= FifthBits256(bits + 192, shift);
                w4 |= FifthBits256(bits + 256, shift);
                w5 |= FifthBits256(bits + 320, shift);
                w6 |= FifthBits256(bits + 384, shift);
                w7 |= FifthBits256(bits + 448, shift);
            }

            byte* groupScales = panel + ScaleOffset + 16 * group + 8 * half;
            Vector256<short> scales = RowBytes256.Twice(groupScales);
            Vector256<int> wideScales = VnniProducts.IsSupported ? Avx2.ConvertToVector256Int32(groupScales) : default;
            int* target = products + 8 * half;
            byte* activations = x + 32 * group;
            bool isFirst = group == 0;
            for (int token = 0; token < tokens; token++)
            {
                int* q = (int*)activations;
                Vector256<int> sum;
                if (VnniProducts.IsSupported)
                {
                    sum = VnniProducts.Sum32(Vector256<int>.Zero, w0, w1, w2, w3, w4, w5, w6, w7, q) * wideScales;
                }
                else
                {
                    Vector256<short> a = Pairs256(w0, q[0]), b = Pairs256(w4, q[4]);
                    a += Pairs256(w1, q[1]);
                    b += Pairs256(w5, q[5]);
                    a += Pairs256(w2, q[2]);
                    b += Pairs256(w6, q[6]);
                    a += Pairs256(w3, q[3]);
                    b += Pairs256(w7, q[7]);
                    sum = TFormat.HasFifthBits
                        ? Avx2.MultiplyAddAdjacent(a, scales) + Avx2.MultiplyAddAdjacent(b, scales)
                        : Avx2.MultiplyAddAdjacent(a + b, scales);
                }

                (isFirst ? sum : sum + Vector256.Load(target)).Store(target);
                activations += Int8Activations.BlockBytes256;
                target += PanelRows.Count;
            }
        }
    }

    /// <summary>
    /// products[16 rows] of one token, which uses a vector of weights once: both groups of its nibbles, and both halves of the rows, one
    /// after the other, so that every line is read once and the next block is asked for bit by bit. Going over the block four times, and
    /// asking for all of it at once, a thread of Zen 3 got 10 GB/s where this gets 14 (docs/benchmarks.md).
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ProductsOfOne256(byte* panel, byte* x, int* products)
    {
        bool ahead = PanelPrefetch.Helps(1);
        Vector256<int> first = default, second = default;
        for (int pair = 0; pair < 4; pair++)
        {
            if (ahead)
            {
                PanelPrefetch.Ahead(panel + 2 * pair * (BlockBytes / 8), BlockBytes / 8);
            }

            first += PairOfOne256(panel, x, pair, 0);
            if (ahead)
            {
                PanelPrefetch.Ahead(panel + (2 * pair + 1) * (BlockBytes / 8), BlockBytes / 8);
            }

            second += PairOfOne256(panel, x, pair, 1);
        }

        first.Store(products);
        second.Store(products + 8);
    }

    /// <summary>Two groups of eight rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static Vector256<int> PairOfOne256(byte* panel, byte* x, int pair, int half)
    {
        byte* quants = panel + QuantOffset + pair * 512 + 32 * half;
        Vector256<ushort> v0 = Vector256.Load((ushort*)quants), v1 = Vector256.Load((ushort*)(quants + 64)),
            v2 = Vector256.Load((ushort*)(quants + 128)), v3 = Vector256.Load((ushort*)(quants + 192));
        Vector256<ushort> v4 = Vector256.Load((ushort*)(quants + 256)), v5 = Vector256.Load((ushort*)(quants + 320)),
            v6 = Vector256.Load((ushort*)(quants + 384)), v7 = Vector256.Load((ushort*)(quants + 448));
        Vector256<byte> l0 = Nibbles256(v0), l1 = Nibbles256(v1), l2 = Nibbles256(v2), l3 = Nibbles256(v3);
        Vector256<byte> l4 = Nibbles256(v4), l5 = Nibbles256(v5), l6 = Nibbles256(v6), l7 = Nibbles256(v7);
        Vector256<byte> h0 = Nibbles256(v0 >> 4), h1 = Nibbles256(v1 >> 4), h2 = Nibbles256(v2 >> 4), h3 = Nibbles256(v3 >> 4);
        Vector256<byte> h4 = Nibbles256(v4 >> 4), h5 = Nibbles256(v5 >> 4), h6 = Nibbles256(v6 >> 4), h7 = Nibbles256(v7 >> 4);
        if (TFormat.HasFifthBits)
        {
            byte* bits = panel + FifthOffset + 32 * half;
            Vector128<ushort> shift = Vector128.CreateScalar((ulong)(2 * pair)).AsUInt16();
            AddFifthBits256(bits, shift, ref l0, ref h0);
            AddFifthBits256(bits + 64, shift, ref l1, ref h1);
            AddFifthBits256(bits + 128, shift, ref l2, ref h2);
            AddFifthBits256(bits + 192, shift, ref l3, ref h3);
            AddFifthBits256(bits + 256, shift, ref l4, ref h4);
            AddFifthBits256(bits + 320, shift, ref l5, ref h5);
            AddFifthBits256(bits + 384, shift, ref l6, ref h6);
            AddFifthBits256(bits + 448, shift, ref l7, ref h7);
        }

        int* q = (int*)(x + 64 * pair);
        byte* scales = panel + ScaleOffset + 32 * pair + 8 * half;
        return GroupOfOne256(l0, l1, l2, l3, l4, l5, l6, l7, q, scales) + GroupOfOne256(h0, h1, h2, h3, h4, h5, h6, h7, q + 8, scales + 16);
    }

    /// <summary>A group of 32 columns times its scale.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> GroupOfOne256(
        Vector256<byte> w0, Vector256<byte> w1, Vector256<byte> w2, Vector256<byte> w3, Vector256<byte> w4, Vector256<byte> w5,
        Vector256<byte> w6, Vector256<byte> w7, int* q, byte* scales)
    {
        if (VnniProducts.IsSupported)
        {
            return VnniProducts.Sum32(Vector256<int>.Zero, w0, w1, w2, w3, w4, w5, w6, w7, q) * Avx2.ConvertToVector256Int32(scales);
        }

        Vector256<short> a = Pairs256(w0, q[0]) + Pairs256(w1, q[1]) + (Pairs256(w2, q[2]) + Pairs256(w3, q[3]));
        Vector256<short> b = Pairs256(w4, q[4]) + Pairs256(w5, q[5]) + (Pairs256(w6, q[6]) + Pairs256(w7, q[7]));
        Vector256<short> twice = RowBytes256.Twice(scales);
        return TFormat.HasFifthBits
            ? Avx2.MultiplyAddAdjacent(a, twice) + Avx2.MultiplyAddAdjacent(b, twice)
            : Avx2.MultiplyAddAdjacent(a + b, twice);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Nibbles256(Vector256<ushort> bits) => bits.AsByte() & Vector256.Create((byte)15);

    /// <summary>The fifth bits of two groups, which lie beside each other from the bit that the shift says.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddFifthBits256(byte* source, Vector128<ushort> shift, ref Vector256<byte> low, ref Vector256<byte> high)
    {
        Vector256<ushort> bits = Avx2.ShiftRightLogical(Vector256.Load((ushort*)source), shift);
        low |= (bits << 4).AsByte() & Vector256.Create((byte)16);
        high |= (bits << 3).AsByte() & Vector256.Create((byte)16);
    }

    /// <summary>Four columns of a group, a nibble of each byte.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Nibbles256<TRuns>(byte* source)
        where TRuns : struct
    {
        Vector256<ushort> bits = Vector256.Load(source).AsUInt16();
        return Nibbles256(typeof(TRuns) == typeof(SecondRuns) ? bits >> 4 : bits);
    }

    /// <summary>The fifth bits of a group, in place; the shift is its number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> FifthBits256(byte* source, Vector128<ushort> shift) =>
        (Avx2.ShiftRightLogical(Vector256.Load(source).AsUInt16(), shift) << 4).AsByte() & Vector256.Create((byte)16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Pairs256(Vector256<byte> weights, int four) =>
        Avx2.MultiplyAddAdjacent(weights, Vector256.Create(four).AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddMinima256(byte* panel, byte* x, int tokens, int* products, float* sums, int half)
    {
        Vector256<float> d = HalfBits.Load256((ushort*)panel + 8 * half), m = HalfBits.Load256((ushort*)(panel + MinimumOffset) + 8 * half);
        products += 8 * half;
        sums += 8 * half;
        Vector256<short> m0 = Two256(panel + GroupMinimumOffset + 0 + 8 * half);
        Vector256<short> m1 = Two256(panel + GroupMinimumOffset + 32 + 8 * half);
        Vector256<short> m2 = Two256(panel + GroupMinimumOffset + 64 + 8 * half);
        Vector256<short> m3 = Two256(panel + GroupMinimumOffset + 96 + 8 * half);
        x += Int8Activations.SumOffset256;
        for (int token = 0; token < tokens; token++)
        {
            int* s = (int*)x;
            Vector256<int> a = Avx2.MultiplyAddAdjacent(m0, Vector256.Create(s[0]).AsInt16());
            a += Avx2.MultiplyAddAdjacent(m1, Vector256.Create(s[1]).AsInt16());
            a += Avx2.MultiplyAddAdjacent(m2, Vector256.Create(s[2]).AsInt16());
            a += Avx2.MultiplyAddAdjacent(m3, Vector256.Create(s[3]).AsInt16());
            Vector256<float> value = Vector256.ConvertToSingle(Vector256.Load(products)) * d - Vector256.ConvertToSingle(a) * m;
            Vector256.FusedMultiplyAdd(value, Vector256.Create(((float*)s)[4]), Vector256.Load(sums)).Store(sums);
            x += Int8Activations.BlockBytes256;
            products += PanelRows.Count;
            sums += PanelRows.Count;
        }
    }

    private static void MultiplyScalar(byte* panel, byte* x, int tokens, float* sums)
    {
        for (int token = 0; token < tokens; token++, x += Int8Activations.BlockBytes256)
        {
            short* groupSums = (short*)(x + Int8Activations.SumOffset256);
            for (int row = 0; row < PanelRows.Count; row++)
            {
                int products = 0, minima = 0;
                for (int k = 0; k < 256; k++)
                {
                    int group = k / 32;
                    int quant = panel[QuantOffset + group / 2 * 512 + k % 32 / 4 * 64 + row * 4 + k % 4] >> (group % 2 * 4) & 15;
                    if (TFormat.HasFifthBits)
                    {
                        quant |= (panel[FifthOffset + k % 32 / 4 * 64 + row * 4 + k % 4] >> group & 1) << 4;
                    }

                    products += panel[ScaleOffset + group * 16 + row] * quant * (sbyte)x[k];
                }

                for (int group = 0; group < 8; group++)
                {
                    minima += panel[GroupMinimumOffset + group * 16 + row] * groupSums[group];
                }

                float value = products * HalfBits.Load(panel + 2 * row) - minima * HalfBits.Load(panel + MinimumOffset + 2 * row);
                sums[token * PanelRows.Count + row] += value * *(float*)(x + Int8Activations.ScaleOffset256);
            }
        }
    }
}
