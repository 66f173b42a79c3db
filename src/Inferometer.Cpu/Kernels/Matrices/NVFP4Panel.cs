using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Inferometer.Core.Gguf;
using Inferometer.Cpu.Kernels.Emitted;
using Inferometer.ModelFiles.Quantization;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// NVFP4: the scales of the 16 rows for each of the four groups of 16 columns, then for each group two vectors of 64 bytes; vector j holds
/// columns 4j to 4j + 3 in the low nibbles and 8 columns later in the high ones. A nibble is the number of a 4-bit float, which one shuffle
/// of bytes looks up.
/// </summary>
/// <remarks>
/// As in <see cref="TablePanel{TFormat}"/> 12 is added to the levels, which are twice the values. What that gives too much is taken off in
/// 16 bits, of which only the difference has to fit: 12 * 127 * 2 * 4 = 12192. Scales are floats of eight bits, so a group's sum becomes a
/// float where MXFP4 does that once for twice as many columns.
/// </remarks>
internal readonly unsafe partial struct NVFP4Panel : IPanelKernel
{
    private const int Groups = 4;
    private const int GroupBytes = 2 * 64;
    private const int QuantOffset = Groups * PanelRows.Count;
    private const int BlockBytes = QuantOffset + Groups * GroupBytes;
    private const int Added = 12;

    // A scale's bits, moved to where a float has its lowest bits of exponent and its highest of mantissa, are right but for the bias:
    // 7 there and 127 here, and one less for the half.
    private const int Rebias = (127 - 7 - 1) << 23;
    private const float TwiceSmallest = 1 / 128f;

    private static readonly delegate* unmanaged<byte*, nint, byte*, nint, float*, void> s_emitted =
        (delegate* unmanaged<byte*, nint, byte*, nint, float*, void>)EmittedKernels.Place(
            () => NVFP4Code.Write(BlockBytes, QuantOffset, Added));

    public static GgmlType Type => GgmlType.NVFP4;

    public static int PanelBlockBytes => BlockBytes;

    public static ActivationLayout Layout => ActivationLayout.Int8By32InHalves;

    public static void Insert(ReadOnlySpan<byte> block, byte* panelBlock, int row)
    {
        for (int group = 0; group < Groups; group++)
        {
            panelBlock[group * PanelRows.Count + row] = block[group];
        }

        PanelRows.Spread(block[Groups..], panelBlock + QuantOffset, row);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void InsertRows(byte* blocks, long rowBytes, byte* panelBlock)
    {
        for (int row = 0; row < PanelRows.Count; row++)
        {
            byte* scales = blocks + row * rowBytes;
            for (int group = 0; group < Groups; group++)
            {
                panelBlock[group * PanelRows.Count + row] = scales[group];
            }
        }

        RowSpread.Bytes(blocks + Groups, rowBytes, 8 * Groups, panelBlock + QuantOffset);
    }

    public static void Extract(byte* panelBlock, int row, Span<byte> block)
    {
        for (int group = 0; group < Groups; group++)
        {
            block[group] = panelBlock[group * PanelRows.Count + row];
        }

        PanelRows.Collect(panelBlock + QuantOffset, row, block[Groups..]);
    }

    public static void Multiply(byte* panel, int blocks, byte* x, int tokens, float* sums)
    {
        if (s_emitted is not null)
        {
            s_emitted(panel, blocks, x, tokens, sums);
        }
        else if (Avx512BW.IsSupported)
        {
            Multiply512(panel, blocks, x, tokens, sums);
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

    /// <summary>The levels, without signs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<byte> Table() => (Vector128.Create(FourBitLevels.Float4) + Vector128.Create((sbyte)Added)).AsByte();

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply512(byte* panel, int blocks, byte* x, int tokens, float* sums)
    {
        Vector256<byte> twice = Vector256.Create(Table(), Table());
        Vector512<byte> table = Vector512.Create(twice, twice), nibble = Vector512.Create((byte)15);
        bool ahead = PanelPrefetch.Helps(tokens);
        for (int block = 0; block < blocks; block++, panel += BlockBytes)
        {
            if (ahead)
            {
                PanelPrefetch.Ahead(panel, BlockBytes);
            }

            for (int group = 0; group < Groups; group += 2)
            {
                byte* w = panel + QuantOffset + group * GroupBytes;
                Vector512<byte> v0 = Vector512.Load(w), v1 = Vector512.Load(w + 64), v2 = Vector512.Load(w + 128),
                    v3 = Vector512.Load(w + 192);
                Vector512<byte> w0 = Avx512BW.Shuffle(table, v0 & nibble), w1 = Avx512BW.Shuffle(table, v1 & nibble),
                    w2 = Avx512BW.Shuffle(table, (v0.AsUInt16() >> 4).AsByte() & nibble),
                    w3 = Avx512BW.Shuffle(table, (v1.AsUInt16() >> 4).AsByte() & nibble);
                Vector512<byte> w4 = Avx512BW.Shuffle(table, v2 & nibble), w5 = Avx512BW.Shuffle(table, v3 & nibble),
                    w6 = Avx512BW.Shuffle(table, (v2.AsUInt16() >> 4).AsByte() & nibble),
                    w7 = Avx512BW.Shuffle(table, (v3.AsUInt16() >> 4).AsByte() & nibble);
                byte* scales = panel + group * PanelRows.Count;
                Vector512<float> s0 = Scale512(scales), s1 = Scale512(scales + PanelRows.Count);
                float* target = sums;
                for (int token = 0; token < tokens; token++)
                {
                    int* q = (int*)x;
                    Vector512<float> first = Products512(w0, w1, w2, w3, q, q + 8), second = Products512(w4, w5, w6, w7, q + 4, q + 9);
                    Vector512.FusedMultiplyAdd(
                        Vector512.FusedMultiplyAdd(second, s1, first * s0), Vector512.Create(((float*)q)[10]), Vector512.Load(target))
                        .Store(target);
                    x += Int8Activations.BlockBytes32InHalves;
                    target += PanelRows.Count;
                }
            }
        }
    }

    /// <summary>Products of 16 columns, from <paramref name="start"/>: what the 12 in the levels gives too much, taken off.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Products512(
        Vector512<byte> w0, Vector512<byte> w1, Vector512<byte> w2, Vector512<byte> w3, int* q, int* start)
    {
        Vector512<short> a = Pairs512(w0, q[0]) + Vector512.Create(start[0]).AsInt16(), b = Pairs512(w1, q[1]);
        a += Pairs512(w2, q[2]);
        b += Pairs512(w3, q[3]);
        return Vector512.ConvertToSingle(Avx512BW.MultiplyAddAdjacent(a + b, Vector512<short>.One));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Pairs512(Vector512<byte> weights, int four) =>
        Avx512BW.MultiplyAddAdjacent(weights, Vector512.Create(four).AsSByte());

    // See PowerScale: without an exponent the number is m / 8 instead of 1 + m / 8, of the smallest power of two, twice.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Scale512(byte* scales)
    {
        Vector512<int> bits = Avx512F.ConvertToVector512Int32(Vector128.Load(scales));
        Vector512<float> number = (((bits & Vector512.Create(0x7F)) << 20) + Vector512.Create(Rebias)).AsSingle();
        Vector512<float> small = Vector512.FusedMultiplyAdd(number, Vector512.Create(2f), Vector512.Create(-TwiceSmallest));
        Vector512<int> isSmall = Vector512.Equals(bits & Vector512.Create(0x78), Vector512<int>.Zero);
        Vector512<int> isNone = Vector512.Equals(bits, Vector512.Create(0x7F));
        return Vector512.AndNot(Vector512.ConditionalSelect(isSmall.AsSingle(), small, number), isNone.AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply256(byte* panel, int blocks, byte* x, int tokens, float* sums)
    {
        Vector256<byte> table = Vector256.Create(Table(), Table());
        bool ahead = PanelPrefetch.Helps(tokens);
        for (int block = 0; block < blocks; block++, panel += BlockBytes)
        {
            if (ahead)
            {
                PanelPrefetch.Ahead(panel, BlockBytes);
            }

            for (int group = 0; group < Groups; group += 2)
            {
                byte* w = panel + QuantOffset + group * GroupBytes;
                byte* scales = panel + group * PanelRows.Count;
                MultiplyHalf(w, table, Scale256(scales), Scale256(scales + PanelRows.Count), x, tokens, sums);
                MultiplyHalf(w + 32, table, Scale256(scales + 8), Scale256(scales + PanelRows.Count + 8), x, tokens, sums + 8);
                x += (long)tokens * Int8Activations.BlockBytes32InHalves;
            }
        }
    }

    /// <summary>Rows 0 to 7 or 8 to 15 of two groups, whose weights stay in eight of the sixteen registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void MultiplyHalf(
        byte* weights, Vector256<byte> table, Vector256<float> s0, Vector256<float> s1, byte* x, int tokens, float* sums)
    {
        Vector256<byte> nibble = Vector256.Create((byte)15);
        Vector256<byte> v0 = Vector256.Load(weights), v1 = Vector256.Load(weights + 64), v2 = Vector256.Load(weights + 128),
            v3 = Vector256.Load(weights + 192);
        Vector256<byte> w0 = Avx2.Shuffle(table, v0 & nibble), w1 = Avx2.Shuffle(table, v1 & nibble),
            w2 = Avx2.Shuffle(table, (v0.AsUInt16() >> 4).AsByte() & nibble),
            w3 = Avx2.Shuffle(table, (v1.AsUInt16() >> 4).AsByte() & nibble);
        Vector256<byte> w4 = Avx2.Shuffle(table, v2 & nibble), w5 = Avx2.Shuffle(table, v3 & nibble),
            w6 = Avx2.Shuffle(table, (v2.AsUInt16() >> 4).AsByte() & nibble),
            w7 = Avx2.Shuffle(table, (v3.AsUInt16() >> 4).AsByte() & nibble);
        for (int token = 0; token < tokens; token++)
        {
            int* q = (int*)x;
            Vector256<float> first = Products256(w0, w1, w2, w3, q, q + 8), second = Products256(w4, w5, w6, w7, q + 4, q + 9);
            Vector256.FusedMultiplyAdd(
                Vector256.FusedMultiplyAdd(second, s1, first * s0), Vector256.Create(((float*)q)[10]), Vector256.Load(sums)).Store(sums);
            x += Int8Activations.BlockBytes32InHalves;
            sums += PanelRows.Count;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Products256(
        Vector256<byte> w0, Vector256<byte> w1, Vector256<byte> w2, Vector256<byte> w3, int* q, int* start)
    {
        Vector256<short> a = Pairs256(w0, q[0]) + Vector256.Create(start[0]).AsInt16(), b = Pairs256(w1, q[1]);
        a += Pairs256(w2, q[2]);
        b += Pairs256(w3, q[3]);
        return Vector256.ConvertToSingle(Avx2.MultiplyAddAdjacent(a + b, Vector256<short>.One));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<short> Pairs256(Vector256<byte> weights, int four) =>
        Avx2.MultiplyAddAdjacent(weights, Vector256.Create(four).AsSByte());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Scale256(byte* scales)
    {
        Vector256<int> bits = Avx2.ConvertToVector256Int32(scales);
        Vector256<float> number = (((bits & Vector256.Create(0x7F)) << 20) + Vector256.Create(Rebias)).AsSingle();
        Vector256<float> small = number + number - Vector256.Create(TwiceSmallest);
        Vector256<int> isSmall = Vector256.Equals(bits & Vector256.Create(0x78), Vector256<int>.Zero);
        Vector256<int> isNone = Vector256.Equals(bits, Vector256.Create(0x7F));
        return Vector256.AndNot(Vector256.ConditionalSelect(isSmall.AsSingle(), small, number), isNone.AsSingle());
    }

    private static void MultiplyScalar(byte* panel, int blocks, byte* x, int tokens, float* sums)
    {
        ReadOnlySpan<sbyte> levels = FourBitLevels.Float4;
        for (int block = 0; block < blocks; block++, panel += BlockBytes)
        {
            for (int group = 0; group < Groups; group += 2)
            {
                for (int token = 0; token < tokens; token++, x += Int8Activations.BlockBytes32InHalves)
                {
                    for (int row = 0; row < PanelRows.Count; row++)
                    {
                        float sum = 0;
                        for (int half = 0; half < 2; half++)
                        {
                            byte* quants = panel + QuantOffset + (group + half) * GroupBytes + row * 4;
                            int products = 0;
                            for (int k = 0; k < 16; k++)
                            {
                                products += levels[quants[k % 8 / 4 * 64 + k % 4] >> (k / 8 * 4) & 15] * (sbyte)x[16 * half + k];
                            }

                            sum += products * PowerScale.HalfOfUnsigned(panel[(group + half) * PanelRows.Count + row]);
                        }

                        sums[token * PanelRows.Count + row] += sum * *(float*)(x + 40);
                    }
                }
            }
        }
    }
}
