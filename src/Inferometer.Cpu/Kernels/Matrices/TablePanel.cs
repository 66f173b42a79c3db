using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Inferometer.Core.Gguf;
using Inferometer.Cpu.Kernels.Emitted;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// IQ4_NL, IQ4_XS, MXFP4: what a block has in common for all its groups, then for each group of 32 columns the scales of the 16 rows and
/// four vectors of 64 bytes; vector j holds columns 4j to 4j + 3 in the low nibbles and 16 columns later in the high ones. A nibble is the
/// number of a level, which one shuffle of bytes looks up.
/// </summary>
/// <remarks>
/// Levels have a constant added so that none is negative, since the instructions want one side without signs; what that gives too much is
/// where the sums begin. Small levels (MXFP4) are added up in 16 bits as five bits are in <see cref="SmallBlockPanel{TFormat}"/>: 24 * 127
/// * 2 * 4 = 24384. Pair sums of larger ones do not fit, so without <see cref="VnniProducts"/> a level is multiplied in two parts, half of
/// it and its last bit: 127 * 127 * 2 = 32258 (512 bits), or widened (256 bits).
/// </remarks>
internal readonly unsafe partial struct TablePanel<TFormat> : IPanelKernel
    where TFormat : struct, ITableFormat
{
    private const float LevelScale = 1f / 256;

    private static readonly delegate* unmanaged<byte*, nint, byte*, nint, float*, void> s_emitted =
        (delegate* unmanaged<byte*, nint, byte*, nint, float*, void>)EmittedKernels.Place(() => Block32Code.Table<TFormat>(GroupBytes));

    private static readonly TileKernel s_onTiles = Block32Code.OnTiles(
        () => Block32Code.TableOnTiles<TFormat>(GroupBytes), TFormat.Groups);

    public static GgmlType Type => TFormat.Type;

    public static int PanelBlockBytes => BlockBytes;

    public static ActivationLayout Layout => TFormat.HasSmallLevels ? ActivationLayout.Int8By32
        : WidensLevels ? ActivationLayout.Int16By32
        : ActivationLayout.Int8By32ForBytes;

    /// <summary>
    /// Whether several tokens multiply levels as numbers of 16 bits: where the instruction for bytes of any size is missing and vectors
    /// have 256 bits, that takes half the instructions of levels in two parts.
    /// </summary>
    private static bool WidensLevels
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => !TFormat.HasSmallLevels && Avx2.IsSupported && !Avx512BW.IsSupported && !VnniProducts.IsSupported;
    }

    // Constants of a format; in the kernels a call would also push the vectors held in registers out to memory.
    private static int GroupBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TFormat.ScaleBytes + 4 * 64;
    }

    private static int BlockBytes
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => TFormat.HeadBytes + TFormat.Groups * GroupBytes;
    }

    public static void Insert(ReadOnlySpan<byte> block, byte* panelBlock, int row)
    {
        TFormat.InsertScales(block, panelBlock, GroupBytes, row);
        byte* group = panelBlock + TFormat.HeadBytes;
        for (int i = 0; i < TFormat.Groups; i++, group += GroupBytes)
        {
            PanelRows.Spread(block.Slice(TFormat.QuantsAt + 16 * i, 16), group + TFormat.ScaleBytes, row);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void InsertRows(byte* blocks, long rowBytes, byte* panelBlock)
    {
        int blockBytes = Type.BlockBytes();
        for (int row = 0; row < PanelRows.Count; row++)
        {
            TFormat.InsertScales(new ReadOnlySpan<byte>(blocks + row * rowBytes, blockBytes), panelBlock, GroupBytes, row);
        }

        byte* group = panelBlock + TFormat.HeadBytes;
        for (int i = 0; i < TFormat.Groups; i++, group += GroupBytes)
        {
            RowSpread.Bytes(blocks + TFormat.QuantsAt + 16 * i, rowBytes, 16, group + TFormat.ScaleBytes);
        }
    }

    public static void Extract(byte* panelBlock, int row, Span<byte> block)
    {
        TFormat.ExtractScales(panelBlock, GroupBytes, row, block);
        byte* group = panelBlock + TFormat.HeadBytes;
        for (int i = 0; i < TFormat.Groups; i++, group += GroupBytes)
        {
            PanelRows.Collect(group + TFormat.ScaleBytes, row, block.Slice(TFormat.QuantsAt + 16 * i, 16));
        }
    }

    public static void Multiply(byte* panel, int blocks, byte* x, int tokens, float* sums)
    {
        if (s_onTiles.MultiplyAll(ref panel, BlockBytes, ref x, TFormat.Groups, ref blocks, tokens, sums))
        {
            return;
        }

        if (s_emitted is not null)
        {
            s_emitted(panel, blocks, x, tokens, sums);
        }
        else if (Avx512BW.IsSupported && (TFormat.HasSmallLevels || !VnniProducts.IsSupported))
        {
            Multiply512(panel, blocks, x, tokens, sums);
        }
        else if (WidensLevels && tokens == 1)
        {
            MultiplyOne256(panel, blocks, x, sums);
        }
        else if (WidensLevels)
        {
            MultiplyWide256(panel, blocks, x, tokens, sums);
        }
        else if (Avx2.IsSupported)
        {
            Multiply256(panel, blocks, x, tokens, sums);
        }
        else if (ByteProducts.IsSupported)
        {
            Multiply128(panel, blocks, x, tokens, sums);
        }
        else
        {
            MultiplyScalar(panel, blocks, x, tokens, sums);
        }
    }

    /// <summary>What the sums of a token begin with: minus the constant in the levels times the sum of its activations.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Start(int* q) => TFormat.HasSmallLevels ? q[8] + (q[8] >> 1) : q[8]; // -12 from -8, or -128

    /// <summary>The levels, without signs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Table() =>
        (Vector128.Create(TFormat.Levels) + Vector128.Create((sbyte)(TFormat.HasSmallLevels ? 12 : -128))).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply512(byte* panel, int blocks, byte* x, int tokens, float* sums)
    {
        Vector256<byte> twice = Vector256.Create(Table(), Table());
        Vector512<byte> table = Vector512.Create(twice, twice), nibble = Vector512.Create((byte)15);
        bool ahead = PanelPrefetch.Helps(tokens);
        for (int block = 0; block < blocks; block++, panel += BlockBytes)
        {
            byte* group = panel + TFormat.HeadBytes;
            for (int i = 0; i < TFormat.Groups; i++, group += GroupBytes)
            {
                if (ahead)
                {
                    PanelPrefetch.Ahead(group, GroupBytes);
                }

                byte* w = group + TFormat.ScaleBytes;
                Vector512<byte> v0 = Vector512.Load(w), v1 = Vector512.Load(w + 64), v2 = Vector512.Load(w + 128),
                    v3 = Vector512.Load(w + 192);
                Vector512<byte> w0 = Avx512BW.Shuffle(table, v0 & nibble), w1 = Avx512BW.Shuffle(table, v1 & nibble),
                    w2 = Avx512BW.Shuffle(table, v2 & nibble), w3 = Avx512BW.Shuffle(table, v3 & nibble);
                Vector512<byte> w4 = Avx512BW.Shuffle(table, (v0.AsUInt16() >> 4).AsByte() & nibble),
                    w5 = Avx512BW.Shuffle(table, (v1.AsUInt16() >> 4).AsByte() & nibble),
                    w6 = Avx512BW.Shuffle(table, (v2.AsUInt16() >> 4).AsByte() & nibble),
                    w7 = Avx512BW.Shuffle(table, (v3.AsUInt16() >> 4).AsByte() & nibble);
                Vector512<float> scale = TFormat.Scale512(panel, group);
                float* target = sums;
                for (int token = 0; token < tokens; token++)
                {
                    int* q = (int*)x;
                    Vector512<int> products = TFormat.HasSmallLevels
                        ? SmallProducts512(w0, w1, w2, w3, w4, w5, w6, w7, q)
                        : SplitProducts512(w0, w1, w2, w3, w4, w5, w6, w7, q);
                    PanelScale.Add(products + Vector512.Create(Start(q)), scale * Vector512.Create(((float*)q)[9]), target);
                    x += Int8Activations.BlockBytes32;
                    target += PanelRows.Count;
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> SmallProducts512(
        Vector512<byte> w0, Vector512<byte> w1, Vector512<byte> w2, Vector512<byte> w3, Vector512<byte> w4, Vector512<byte> w5,
            Vector512<byte> w6, Vector512<byte> w7, int* q)
    {
        Vector512<short> ones = Vector512.Create((short)1);
        Vector512<short> a = Pairs512(w0, q[0]), b = Pairs512(w4, q[4]);
        a += Pairs512(w1, q[1]);
        b += Pairs512(w5, q[5]);
        a += Pairs512(w2, q[2]);
        b += Pairs512(w6, q[6]);
        a += Pairs512(w3, q[3]);
        b += Pairs512(w7, q[7]);
        return Avx512BW.MultiplyAddAdjacent(a, ones) + Avx512BW.MultiplyAddAdjacent(b, ones);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> SplitProducts512(
        Vector512<byte> w0, Vector512<byte> w1, Vector512<byte> w2, Vector512<byte> w3, Vector512<byte> w4, Vector512<byte> w5,
            Vector512<byte> w6, Vector512<byte> w7, int* q)
    {
        Vector512<int> a = Halves512(w0, q[0]), b = Halves512(w1, q[1]);
        a += Halves512(w2, q[2]);
        b += Halves512(w3, q[3]);
        a += Halves512(w4, q[4]);
        b += Halves512(w5, q[5]);
        a += Halves512(w6, q[6]);
        b += Halves512(w7, q[7]);
        Vector512<short> last = Bits512(w0, q[0]) + Bits512(w1, q[1]) + Bits512(w2, q[2]) + Bits512(w3, q[3]);
        last += Bits512(w4, q[4]) + Bits512(w5, q[5]) + Bits512(w6, q[6]) + Bits512(w7, q[7]);
        return a + b + Avx512BW.MultiplyAddAdjacent(last, Vector512.Create((short)1));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Pairs512(Vector512<byte> weights, int four) =>
        Avx512BW.MultiplyAddAdjacent(weights, Vector512.Create(four).AsSByte());

    /// <summary>Products of a number less its last bit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Halves512(Vector512<byte> weights, int four) => Avx512BW.MultiplyAddAdjacent(
        Pairs512((weights.AsUInt16() >> 1).AsByte() & Vector512.Create((byte)127), four), Vector512.Create((short)2));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Bits512(Vector512<byte> weights, int four) => Pairs512(weights & Vector512<byte>.One, four);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply256(byte* panel, int blocks, byte* x, int tokens, float* sums)
    {
        Vector256<byte> table = Vector256.Create(Table(), Table());
        bool ahead = PanelPrefetch.Helps(tokens);
        for (int block = 0; block < blocks; block++, panel += BlockBytes)
        {
            byte* group = panel + TFormat.HeadBytes;
            for (int i = 0; i < TFormat.Groups; i++, group += GroupBytes)
            {
                if (ahead)
                {
                    PanelPrefetch.Ahead(group, GroupBytes);
                }

                MultiplyHalf(group + TFormat.ScaleBytes, table, TFormat.Scale256(panel, group, 0), x, tokens, sums);
                MultiplyHalf(group + TFormat.ScaleBytes + 32, table, TFormat.Scale256(panel, group, 1), x, tokens, sums + 8);
                x += (long)tokens * Int8Activations.BlockBytes32;
            }
        }
    }

    /// <summary>Rows 0 to 7 or 8 to 15 of a group, whose weights stay in eight of the sixteen registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MultiplyHalf(byte* weights, Vector256<byte> table, Vector256<float> scale, byte* x, int tokens, float* sums)
    {
        Vector256<byte> nibble = Vector256.Create((byte)15);
        Vector256<byte> v0 = Vector256.Load(weights), v1 = Vector256.Load(weights + 64), v2 = Vector256.Load(weights + 128),
            v3 = Vector256.Load(weights + 192);
        Vector256<byte> w0 = Avx2.Shuffle(table, v0 & nibble), w1 = Avx2.Shuffle(table, v1 & nibble), w2 = Avx2.Shuffle(table, v2 & nibble),
            w3 = Avx2.Shuffle(table, v3 & nibble);
        Vector256<byte> w4 = Avx2.Shuffle(table, (v0.AsUInt16() >> 4).AsByte() & nibble),
            w5 = Avx2.Shuffle(table, (v1.AsUInt16() >> 4).AsByte() & nibble),
            w6 = Avx2.Shuffle(table, (v2.AsUInt16() >> 4).AsByte() & nibble),
            w7 = Avx2.Shuffle(table, (v3.AsUInt16() >> 4).AsByte() & nibble);
        for (int token = 0; token < tokens; token++)
        {
            int* q = (int*)x;
            Vector256<int> start = Vector256.Create(Start(q));
            Vector256<int> products = VnniProducts.IsSupported
                ? VnniProducts.Sum32(start, w0, w1, w2, w3, w4, w5, w6, w7, q)
                : start + SmallProducts256(w0, w1, w2, w3, w4, w5, w6, w7, q);
            PanelScale.Add(products, scale * Vector256.Create(((float*)q)[9]), sums);
            x += Int8Activations.BlockBytes32;
            sums += PanelRows.Count;
        }
    }

    /// <summary>Small levels; large ones take <see cref="MultiplyWide256"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> SmallProducts256(
        Vector256<byte> w0, Vector256<byte> w1, Vector256<byte> w2, Vector256<byte> w3, Vector256<byte> w4, Vector256<byte> w5,
            Vector256<byte> w6, Vector256<byte> w7, int* q)
    {
        Vector256<short> ones = Vector256.Create((short)1);
        Vector256<short> a = Pairs256(w0, q[0]), b = Pairs256(w4, q[4]);
        a += Pairs256(w1, q[1]);
        b += Pairs256(w5, q[5]);
        a += Pairs256(w2, q[2]);
        b += Pairs256(w6, q[6]);
        a += Pairs256(w3, q[3]);
        b += Pairs256(w7, q[7]);
        return Avx2.MultiplyAddAdjacent(a, ones) + Avx2.MultiplyAddAdjacent(b, ones);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Pairs256(Vector256<byte> weights, int four) =>
        Avx2.MultiplyAddAdjacent(weights, Vector256.Create(four).AsSByte());

    /// <summary>Large levels, one token.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyOne256(byte* panel, int blocks, byte* x, float* sums)
    {
        Vector128<byte> levels = Vector128.Create(TFormat.Levels).AsByte();
        Vector256<byte> table = Vector256.Create(levels, levels);
        Vector256<float> low = Vector256.Load(sums), high = Vector256.Load(sums + 8);
        int* bytes = stackalloc int[8];
        bool ahead = PanelPrefetch.Helps(1);
        for (int block = 0; block < blocks; block++, panel += BlockBytes)
        {
            byte* group = panel + TFormat.HeadBytes;
            for (int i = 0; i < TFormat.Groups; i++, group += GroupBytes)
            {
                if (ahead)
                {
                    PanelPrefetch.Ahead(group, GroupBytes);
                }

                // Packing works within 128-bit halves: their middle quarters change places.
                Vector256<sbyte> packed = Avx2.PackSignedSaturate(Vector256.Load((short*)x), Vector256.Load((short*)x + 16));
                Avx2.Permute4x64(packed.AsInt64(), 0b11_01_10_00).AsInt32().Store(bytes);
                byte* weights = group + TFormat.ScaleBytes;
                Vector256<float> scale = Vector256.Create(*(float*)(x + 64));
                low = Vector256.FusedMultiplyAdd(
                    Vector256.ConvertToSingle(Products256(weights, table, bytes)), TFormat.Scale256(panel, group, 0) * scale, low);
                high = Vector256.FusedMultiplyAdd(
                    Vector256.ConvertToSingle(Products256(weights + 32, table, bytes)), TFormat.Scale256(panel, group, 1) * scale, high);
                x += Int8Activations.WideBlockBytes32;
            }
        }

        low.Store(sums);
        high.Store(sums + 8);
    }

    /// <summary>
    /// Large levels, several tokens: 256 times each level as a number of 16 bits, which unpacking beside zeros gives, and a 256th of the
    /// scale. Sums stay exact: 32 * 127 * 127 is less than 2^24, and 256 times it less than 2^31.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyWide256(byte* panel, int blocks, byte* x, int tokens, float* sums)
    {
        Vector128<byte> levels = Vector128.Create(TFormat.Levels).AsByte();
        Vector256<byte> table = Vector256.Create(levels, levels);
        byte* reserved = stackalloc byte[WordTile256.ReservedBytes], wide = WordTile256.Align(reserved);
        for (int block = 0; block < blocks; block++, panel += BlockBytes)
        {
            byte* group = panel + TFormat.HeadBytes;
            for (int i = 0; i < TFormat.Groups; i++, group += GroupBytes)
            {
                PanelPrefetch.Ahead(group, GroupBytes);
                byte* weights = group + TFormat.ScaleBytes;
                Widen(weights, table, wide);
                Widen(weights + 32, table, wide + 32);
                (TFormat.Scale256(panel, group, 0) * LevelScale).Store((float*)(wide + WordTile256.ScalesAt));
                (TFormat.Scale256(panel, group, 1) * LevelScale).Store((float*)(wide + WordTile256.ScalesAt) + 8);
                WordTile256.Add(wide, x, tokens, sums);
                x += (long)tokens * Int8Activations.WideBlockBytes32;
            }
        }
    }

    /// <summary>
    /// The levels of eight rows times one token, for which widening them would take longer than the products: bytes without their signs,
    /// which go to the activations. 127 * 127 * 2 fits 16 bits, and nothing more is added there.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Products256(byte* weights, Vector256<byte> table, int* x)
    {
        Vector256<byte> nibble = Vector256.Create((byte)15);
        Vector256<byte> v0 = Vector256.Load(weights), v1 = Vector256.Load(weights + 64);
        Vector256<int> a = SignedProducts256(Avx2.Shuffle(table, v0 & nibble), x[0]);
        Vector256<int> b = SignedProducts256(Avx2.Shuffle(table, (v0.AsUInt16() >> 4).AsByte() & nibble), x[4]);
        a += SignedProducts256(Avx2.Shuffle(table, v1 & nibble), x[1]);
        b += SignedProducts256(Avx2.Shuffle(table, (v1.AsUInt16() >> 4).AsByte() & nibble), x[5]);
        v0 = Vector256.Load(weights + 128);
        v1 = Vector256.Load(weights + 192);
        a += SignedProducts256(Avx2.Shuffle(table, v0 & nibble), x[2]);
        b += SignedProducts256(Avx2.Shuffle(table, (v0.AsUInt16() >> 4).AsByte() & nibble), x[6]);
        a += SignedProducts256(Avx2.Shuffle(table, v1 & nibble), x[3]);
        b += SignedProducts256(Avx2.Shuffle(table, (v1.AsUInt16() >> 4).AsByte() & nibble), x[7]);
        return a + b;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> SignedProducts256(Vector256<byte> levels, int four) => Avx2.MultiplyAddAdjacent(
        Avx2.MultiplyAddAdjacent(Avx2.Abs(levels.AsSByte()), Avx2.Sign(Vector256.Create(four).AsSByte(), levels.AsSByte())),
        Vector256<short>.One);

    /// <summary>The levels of eight rows to their places in a block of <see cref="WordTile256"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Widen(byte* weights, Vector256<byte> table, byte* target)
    {
        // The first two columns of every row, then the other two.
        Vector256<byte> order = Vector256.Create(0x0D0C090805040100, 0x0F0E0B0A07060302, 0x0D0C090805040100, 0x0F0E0B0A07060302).AsByte();
        Vector256<byte> nibble = Vector256.Create((byte)15);
        for (int i = 0; i < 4; i++)
        {
            Vector256<byte> v = Avx2.Shuffle(Vector256.Load(weights + 64 * i), order);
            Vector256<byte> first = Avx2.Shuffle(table, v & nibble), second = Avx2.Shuffle(table, (v.AsUInt16() >> 4).AsByte() & nibble);
            byte* pair = target + 2 * i * WordTile256.PairBytes;
            Avx2.UnpackLow(Vector256<byte>.Zero, first).Store(pair);
            Avx2.UnpackHigh(Vector256<byte>.Zero, first).Store(pair + WordTile256.PairBytes);
            Avx2.UnpackLow(Vector256<byte>.Zero, second).Store(pair + 8 * WordTile256.PairBytes);
            Avx2.UnpackHigh(Vector256<byte>.Zero, second).Store(pair + 9 * WordTile256.PairBytes);
        }
    }

    private static void MultiplyScalar(byte* panel, int blocks, byte* x, int tokens, float* sums)
    {
        ReadOnlySpan<sbyte> levels = TFormat.Levels;
        for (int block = 0; block < blocks; block++, panel += BlockBytes)
        {
            byte* group = panel + TFormat.HeadBytes;
            for (int i = 0; i < TFormat.Groups; i++, group += GroupBytes)
            {
                byte* quants = group + TFormat.ScaleBytes;
                for (int token = 0; token < tokens; token++, x += Int8Activations.BlockBytes32)
                {
                    for (int row = 0; row < PanelRows.Count; row++)
                    {
                        int products = 0;
                        for (int k = 0; k < 32; k++)
                        {
                            products += levels[quants[k % 16 / 4 * 64 + row * 4 + k % 4] >> (k / 16 * 4) & 15] * (sbyte)x[k];
                        }

                        sums[token * PanelRows.Count + row] += products * (TFormat.Scale(panel, group, row) * *(float*)(x + 36));
                    }
                }
            }
        }
    }
}
