using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Inferometer.Core.Gguf;
using Inferometer.Cpu.Kernels.Emitted;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// Q2_K and Q3_K: the f16 factors of 16 rows (and those of minima), [16 groups][16] scales, for Q3_K eight vectors of 64 bytes with the
/// third bits, then four parts of four vectors with the low two bits. Part 2h + s holds, of half h (128 columns), columns 16s to 16s + 15
/// of each of its four runs of 32: a vector for every four of them, run k in bits 2k. The third bits of the same columns lie in vectors 4s
/// to 4s + 3, those of run k of half h in bit 4h + k.
/// </summary>
/// <remarks>
/// A group's products are added in pairs to 16 bits (7 * 127 * 2 * 4 = 7112), multiplied by the group's scale to 32. What the 4 in Q3_K's
/// q - 4 and the minima of Q2_K take off is worked out from the activations' sums.
/// </remarks>
internal readonly unsafe partial struct LowBitPanel<TFormat> : IPanelKernel
    where TFormat : struct, ILowBitFormat
{
    private const int MinimumOffset = 32;
    private const int PartBytes = 4 * 64;

    private static readonly delegate* unmanaged<byte*, byte*, nint, int*, float*, void> s_emitted =
        (delegate* unmanaged<byte*, byte*, nint, int*, float*, void>)EmittedKernels.Place(
            () => LowBitCode.Write<TFormat>(MinimumOffset, ScaleOffset, ThirdOffset, PartOffset));

    private static readonly TileKernel s_onTiles =
        LowBitCode.OnTiles<TFormat>(BlockBytes, MinimumOffset, ScaleOffset, ThirdOffset, PartOffset);

    public static GgmlType Type => TFormat.Type;

    public static int PanelBlockBytes => BlockBytes;

    public static ActivationLayout Layout => ActivationLayout.Int8By256;

    // Emitted code multiplies scales into quants once for all tokens, which with third bits takes too long for one or two.
    private static int FewestEmitted => TFormat.HasThirdBits ? 4 : 1;

    // Constants of a format; in the kernels a call would also push the vectors held in registers out to memory.
    private static int ScaleOffset
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TFormat.HasThirdBits ? 32 : 64;
    }

    private static int ThirdOffset
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ScaleOffset + 256;
    }

    private static int PartOffset
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => ThirdOffset + (TFormat.HasThirdBits ? 8 * 64 : 0);
    }

    private static int BlockBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => PartOffset + 4 * PartBytes;
    }

    public static void Insert(ReadOnlySpan<byte> block, byte* panelBlock, int row)
    {
        PanelHeader.Write(block[TFormat.FactorAt..], panelBlock, row);
        InsertScales(block, panelBlock, row);
        PanelRows.Spread(block.Slice(TFormat.QuantsAt, 64), panelBlock + PartOffset, row);
        if (TFormat.HasThirdBits)
        {
            PanelRows.Spread(block[..32], panelBlock + ThirdOffset, row);
        }
        else
        {
            PanelHeader.Write(block[(TFormat.FactorAt + 2)..], panelBlock + MinimumOffset, row);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void InsertRows(byte* blocks, long rowBytes, byte* panelBlock)
    {
        RowSpread.Bytes(blocks + TFormat.QuantsAt, rowBytes, 64, panelBlock + PartOffset);
        RowSpread.Pairs(blocks + TFormat.FactorAt, rowBytes, panelBlock);
        if (TFormat.HasThirdBits)
        {
            RowSpread.Bytes(blocks, rowBytes, 32, panelBlock + ThirdOffset);
        }
        else
        {
            RowSpread.Pairs(blocks + TFormat.FactorAt + 2, rowBytes, panelBlock + MinimumOffset);
        }

        for (int row = 0; row < PanelRows.Count; row++)
        {
            InsertScales(new ReadOnlySpan<byte>(blocks + row * rowBytes, Type.BlockBytes()), panelBlock, row);
        }
    }

    // Optimised at once, as everything that loading a model runs millions of times.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void InsertScales(ReadOnlySpan<byte> block, byte* panelBlock, int row)
    {
        Span<byte> scales = stackalloc byte[16];
        TFormat.ReadScales(block, scales);
        for (int group = 0; group < 16; group++)
        {
            panelBlock[ScaleOffset + group * 16 + row] = scales[group];
        }
    }

    public static void Extract(byte* panelBlock, int row, Span<byte> block)
    {
        PanelHeader.Read(panelBlock, row, block[TFormat.FactorAt..]);
        Span<byte> scales = stackalloc byte[16];
        for (int group = 0; group < 16; group++)
        {
            scales[group] = panelBlock[ScaleOffset + group * 16 + row];
        }

        TFormat.WriteScales(scales, block);
        PanelRows.Collect(panelBlock + PartOffset, row, block.Slice(TFormat.QuantsAt, 64));
        if (TFormat.HasThirdBits)
        {
            PanelRows.Collect(panelBlock + ThirdOffset, row, block[..32]);
        }
        else
        {
            PanelHeader.Read(panelBlock + MinimumOffset, row, block[(TFormat.FactorAt + 2)..]);
        }
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
            if (tokens >= FewestEmitted && s_emitted is not null)
            {
                s_emitted(panel, x, tokens, products, sums);
            }
            else if (Avx512BW.IsSupported)
            {
                if (tokens == 1)
                {
                    ProductsOfOne512(panel, x, products);
                }
                else
                {
                    Products512(panel, x, tokens, products);
                }

                AddSums512(panel, x, tokens, products, sums);
            }
            else if (Avx2.IsSupported)
            {
                if (tokens == 1)
                {
                    MultiplyOne256(panel, x, products, sums);
                }
                else
                {
                    for (int half = 0; half < 2; half++)
                    {
                        Products256(panel, x, tokens, products, half);
                        AddSums256(panel, x, tokens, products, sums, half);
                    }
                }
            }
            else if (ByteProducts.IsSupported)
            {
                Products128(panel, x, tokens, products);
                for (int quarter = 0; quarter < 4; quarter++)
                {
                    AddSums128(panel, x, tokens, products, sums, quarter);
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

    /// <summary>products[token][16] = sum over groups of 16 of scale times products, four groups at a time.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Products512(byte* panel, byte* x, int tokens, int* products)
    {
        BitField first = new(0, 2, 0), second = new(2, 2, 0), third = new(4, 2, 0), fourth = new(6, 2, 0);
        bool ahead = PanelPrefetch.Helps(tokens);
        if (ahead)
        {
            PanelPrefetch.Ahead(panel, ThirdOffset);
        }

        for (int part = 0; part < 4; part++)
        {
            byte* quants = panel + PartOffset + part * PartBytes;
            if (ahead)
            {
                PanelPrefetch.Ahead(quants, PartBytes);
            }

            Vector512<byte> v0 = Vector512.Load(quants), v1 = Vector512.Load(quants + 64), v2 = Vector512.Load(quants + 128),
                v3 = Vector512.Load(quants + 192);
            Vector512<byte> a0 = first.Take(v0), a1 = first.Take(v1), a2 = first.Take(v2), a3 = first.Take(v3);
            Vector512<byte> b0 = second.Take(v0), b1 = second.Take(v1), b2 = second.Take(v2), b3 = second.Take(v3);
            Vector512<byte> c0 = third.Take(v0), c1 = third.Take(v1), c2 = third.Take(v2), c3 = third.Take(v3);
            Vector512<byte> d0 = fourth.Take(v0), d1 = fourth.Take(v1), d2 = fourth.Take(v2), d3 = fourth.Take(v3);
            if (TFormat.HasThirdBits)
            {
                byte* bits = panel + ThirdOffset + part % 2 * PartBytes;
                if (ahead && part < 2)
                {
                    PanelPrefetch.Ahead(bits, PartBytes);
                }

                int shift = part / 2 * 4; // the bits of this half are shifted down to the first four
                Vector512<byte> t0 = (Vector512.Load(bits).AsUInt16() >> shift).AsByte(),
                    t1 = (Vector512.Load(bits + 64).AsUInt16() >> shift).AsByte(),
                    t2 = (Vector512.Load(bits + 128).AsUInt16() >> shift).AsByte(),
                    t3 = (Vector512.Load(bits + 192).AsUInt16() >> shift).AsByte();
                BitField bitA = new(0, 1, 2), bitB = new(1, 1, 2), bitC = new(2, 1, 2), bitD = new(3, 1, 2);
                a0 |= bitA.Take(t0);
                a1 |= bitA.Take(t1);
                a2 |= bitA.Take(t2);
                a3 |= bitA.Take(t3);
                b0 |= bitB.Take(t0);
                b1 |= bitB.Take(t1);
                b2 |= bitB.Take(t2);
                b3 |= bitB.Take(t3);
                c0 |= bitC.Take(t0);
                c1 |= bitC.Take(t1);
                c2 |= bitC.Take(t2);
                c3 |= bitC.Take(t3);
                d0 |= bitD.Take(t0);
                d1 |= bitD.Take(t1);
                d2 |= bitD.Take(t2);
                d3 |= bitD.Take(t3);
            }

            int group = part / 2 * 8 + part % 2;
            byte* scales = panel + ScaleOffset + 16 * group;
            Vector512<short> s0 = Scales512(scales), s1 = Scales512(scales + 32), s2 = Scales512(scales + 64), s3 = Scales512(scales + 96);
            int* target = products;
            byte* activations = x + 16 * group;
            long toSums = Int8Activations.PairSumOffset256 - 12 * group;
            for (int token = 0; token < tokens; token++)
            {
                int* q = (int*)activations, start = (int*)(activations + toSums);
                Vector512<short> a = Pairs512(a0, q[0]), b = Pairs512(b0, q[8]), c = Pairs512(c0, q[16]), d = Pairs512(d0, q[24]);
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
                if (TFormat.HasThirdBits)
                {
                    // -4 times the activations' sums, of which -32 times are there.
                    a += Vector512.Create(start[0]).AsInt16() >> 3;
                    b += Vector512.Create(start[2]).AsInt16() >> 3;
                    c += Vector512.Create(start[4]).AsInt16() >> 3;
                    d += Vector512.Create(start[6]).AsInt16() >> 3;
                }

                Vector512<int> sum = Avx512BW.MultiplyAddAdjacent(a, s0) + Avx512BW.MultiplyAddAdjacent(b, s1);
                sum += Avx512BW.MultiplyAddAdjacent(c, s2) + Avx512BW.MultiplyAddAdjacent(d, s3);
                (part == 0 ? sum : sum + Vector512.Load(target)).Store(target);
                activations += Int8Activations.BlockBytes256;
                target += PanelRows.Count;
            }
        }
    }

    /// <summary>
    /// As <see cref="Products512"/> for one token, which uses a vector of weights once: each run is unpacked and multiplied before
    /// the next, so that all of it stays in registers. Unpacking first takes more vectors than there are.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ProductsOfOne512(byte* panel, byte* x, int* products)
    {
        BitField first = new(0, 2, 0), second = new(2, 2, 0), third = new(4, 2, 0), fourth = new(6, 2, 0);
        BitField bitA = new(0, 1, 2), bitB = new(1, 1, 2), bitC = new(2, 1, 2), bitD = new(3, 1, 2);
        bool ahead = PanelPrefetch.Helps(1);
        if (ahead)
        {
            PanelPrefetch.Ahead(panel, ThirdOffset);
        }

        Vector512<int> sum = default;
        for (int part = 0; part < 4; part++)
        {
            byte* quants = panel + PartOffset + part * PartBytes;
            if (ahead)
            {
                PanelPrefetch.Ahead(quants, PartBytes);
            }

            Vector512<byte> v0 = Vector512.Load(quants), v1 = Vector512.Load(quants + 64), v2 = Vector512.Load(quants + 128),
                v3 = Vector512.Load(quants + 192), t0 = default, t1 = default, t2 = default, t3 = default;
            if (TFormat.HasThirdBits)
            {
                byte* bits = panel + ThirdOffset + part % 2 * PartBytes;
                if (ahead && part < 2)
                {
                    PanelPrefetch.Ahead(bits, PartBytes);
                }

                int shift = part / 2 * 4; // the bits of this half are shifted down to the first four
                t0 = (Vector512.Load(bits).AsUInt16() >> shift).AsByte();
                t1 = (Vector512.Load(bits + 64).AsUInt16() >> shift).AsByte();
                t2 = (Vector512.Load(bits + 128).AsUInt16() >> shift).AsByte();
                t3 = (Vector512.Load(bits + 192).AsUInt16() >> shift).AsByte();
            }

            int group = part / 2 * 8 + part % 2;
            byte* scales = panel + ScaleOffset + 16 * group;
            int* q = (int*)(x + 16 * group), start = (int*)(x + Int8Activations.PairSumOffset256) + group;
            Vector512<short> a = Run512(v0, v1, v2, v3, t0, t1, t2, t3, first, bitA, q, start);
            Vector512<short> b = Run512(v0, v1, v2, v3, t0, t1, t2, t3, second, bitB, q + 8, start + 2);
            sum += Avx512BW.MultiplyAddAdjacent(a, Scales512(scales)) + Avx512BW.MultiplyAddAdjacent(b, Scales512(scales + 32));
            a = Run512(v0, v1, v2, v3, t0, t1, t2, t3, third, bitC, q + 16, start + 4);
            b = Run512(v0, v1, v2, v3, t0, t1, t2, t3, fourth, bitD, q + 24, start + 6);
            sum += Avx512BW.MultiplyAddAdjacent(a, Scales512(scales + 64)) + Avx512BW.MultiplyAddAdjacent(b, Scales512(scales + 96));
        }

        sum.Store(products);
    }

    /// <summary>The pairs of one group of 16 columns, unpacked from <paramref name="low"/> bits and the third.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Run512(
        Vector512<byte> v0, Vector512<byte> v1, Vector512<byte> v2, Vector512<byte> v3, Vector512<byte> t0, Vector512<byte> t1,
        Vector512<byte> t2, Vector512<byte> t3, BitField low, BitField bit, int* q, int* start)
    {
        if (!TFormat.HasThirdBits)
        {
            return Pairs512(low.Take(v0), q[0]) + Pairs512(low.Take(v1), q[1])
                + (Pairs512(low.Take(v2), q[2]) + Pairs512(low.Take(v3), q[3]));
        }

        Vector512<short> pairs = Vector512.Create(start[0]).AsInt16() >> 3; // -4 times the activations' sums, of which -32 times are there
        pairs += Pairs512(low.Take(v0) | bit.Take(t0), q[0]) + Pairs512(low.Take(v1) | bit.Take(t1), q[1]);
        return pairs + (Pairs512(low.Take(v2) | bit.Take(t2), q[2]) + Pairs512(low.Take(v3) | bit.Take(t3), q[3]));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Pairs512(Vector512<byte> weights, int four) =>
        Avx512BW.MultiplyAddAdjacent(weights, Vector512.Create(four).AsSByte());

    /// <summary>sums += d products times the activations' scale, less what the minima take off.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddSums512(byte* panel, byte* x, int tokens, int* products, float* sums)
    {
        Vector512<float> d = HalfBits.Load512((ushort*)panel), e = default;
        Vector512<short>* minima = stackalloc Vector512<short>[16];
        if (!TFormat.HasThirdBits)
        {
            e = HalfBits.Load512((ushort*)(panel + MinimumOffset)) * 0.03125f; // sums are there -32 times
            for (int group = 0; group < 16; group++)
            {
                minima[group] = Twice512(Avx512F.ConvertToVector512Int32(Vector128.Load(panel + ScaleOffset + 16 * group) >>> 4));
            }
        }

        for (int token = 0; token < tokens; token++)
        {
            Vector512<float> scale = Vector512.Create(*(float*)(x + Int8Activations.ScaleOffset256));
            if (!TFormat.HasThirdBits)
            {
                int* pairs = (int*)(x + Int8Activations.PairSumOffset256);
                Vector512<int> a = Vector512<int>.Zero, b = a;
                for (int group = 0; group < 16; group += 2)
                {
                    a += Avx512BW.MultiplyAddAdjacent(minima[group], Vector512.Create(pairs[group]).AsInt16());
                    b += Avx512BW.MultiplyAddAdjacent(minima[group + 1], Vector512.Create(pairs[group + 1]).AsInt16());
                }

                PanelScale.Add(a + b, e * scale, sums);
            }

            PanelScale.Add(Vector512.Load(products), d * scale, sums);
            x += Int8Activations.BlockBytes256;
            products += PanelRows.Count;
            sums += PanelRows.Count;
        }
    }

    /// <summary>The scales of 16 rows, each as two equal 16-bit numbers in a 32-bit lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Scales512(byte* source) => Twice512(TFormat.HasThirdBits
        ? Avx512F.ConvertToVector512Int32(Vector128.Load((sbyte*)source))
        : Avx512F.ConvertToVector512Int32(Vector128.Load(source) & Vector128.Create((byte)15)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Twice512(Vector512<int> values) => ((values & Vector512.Create(0xFFFF)) | (values << 16)).AsInt16();

    private static void MultiplyScalar(byte* panel, byte* x, int tokens, float* sums)
    {
        for (int token = 0; token < tokens; token++, x += Int8Activations.BlockBytes256)
        {
            float scale = *(float*)(x + Int8Activations.ScaleOffset256);
            for (int row = 0; row < PanelRows.Count; row++)
            {
                int products = 0, minima = 0;
                for (int group = 0; group < 16; group++)
                {
                    int code = panel[ScaleOffset + group * 16 + row], groupProducts = 0, sum = 0;
                    for (int i = 0; i < 16; i++)
                    {
                        int activation = (sbyte)x[16 * group + i];
                        groupProducts += Quant(panel, group, i, row) * activation;
                        sum += activation;
                    }

                    products += (TFormat.HasThirdBits ? (sbyte)code : code & 15) * groupProducts;
                    minima += (code >> 4) * sum;
                }

                float value = products * HalfBits.Load(panel + 2 * row);
                if (!TFormat.HasThirdBits)
                {
                    value -= minima * HalfBits.Load(panel + MinimumOffset + 2 * row);
                }

                sums[token * PanelRows.Count + row] += value * scale;
            }
        }
    }

    private static int Quant(byte* panel, int group, int i, int row)
    {
        int part = group / 8 * 2 + group % 2, run = group % 8 / 2, at = i / 4 * 64 + row * 4 + i % 4;
        int low = panel[PartOffset + part * PartBytes + at] >> (2 * run) & 3;
        return TFormat.HasThirdBits
            ? (low | (panel[ThirdOffset + part % 2 * PartBytes + at] >> (part / 2 * 4 + run) & 1) << 2) - 4
            : low;
    }
}
