using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// Activations rounded to 8 bits, x = scale q with |q| at most 127, a scale per block of 32 or 256. Laid out [slab of 64
/// tokens][block][token], so that a kernel which holds a block of weights in registers finds the tokens it multiplies one after the other.
/// </summary>
/// <remarks>
/// Every block ends with its scale (float), blocks of 256 with unused bytes behind it. Before the scale
/// <see cref="ActivationLayout.FineBy32"/> has 32 shorts of magnitude up to 8191;
/// <see cref="ActivationLayout.Int8By32"/> has 32 bytes q and -8 times their sum (int), what weights stored with 8 added give too much;
/// <see cref="ActivationLayout.Int8By32ForBytes"/> has the same with -128 times the sum; <see cref="ActivationLayout.Int8By32InHalves"/>
/// has for each half two shorts instead, -12 times the sum of those q whose column modulo 4 is 0 or 1 and of the others;
/// <see cref="ActivationLayout.Int16By32"/> has q as 32 shorts; <see cref="ActivationLayout.Int8By256"/> has 256 bytes q, then for each of
/// the sixteen groups of 16 two shorts, -32 times the sum of those q whose column modulo 4 is 0 or 1 and of the others, then the sums of
/// the eight groups of 32 (short).
/// </remarks>
internal static unsafe class Int8Activations
{
    /// <summary>Tokens of a slab.</summary>
    public const int SlabTokens = 64;

    /// <summary>
    /// Bytes of a block of <see cref="ActivationLayout.Int8By32"/> and of <see cref="ActivationLayout.Int8By32ForBytes"/>.
    /// </summary>
    public const int BlockBytes32 = 32 + sizeof(int) + sizeof(float);

    /// <summary>Bytes of a block of <see cref="ActivationLayout.Int8By32InHalves"/>.</summary>
    public const int BlockBytes32InHalves = 32 + 2 * 2 * sizeof(short) + sizeof(float);

    /// <summary>Bytes of a block of <see cref="ActivationLayout.Int16By32"/> and of <see cref="ActivationLayout.FineBy32"/>.</summary>
    public const int WideBlockBytes32 = 64 + sizeof(float);

    /// <summary>Where the sums of 32 begin in a block of <see cref="ActivationLayout.Int8By256"/>.</summary>
    public const int SumOffset256 = PairSumOffset256 + 16 * 2 * sizeof(short);

    /// <summary>Where the sums of every other pair begin in a block of <see cref="ActivationLayout.Int8By256"/>.</summary>
    public const int PairSumOffset256 = 256;

    /// <summary>Where the scale is in a block of <see cref="ActivationLayout.Int8By256"/>.</summary>
    public const int ScaleOffset256 = SumOffset256 + 8 * sizeof(short);

    /// <summary>
    /// Bytes of a block of <see cref="ActivationLayout.Int8By256"/>, whole cache lines: tiles are loaded in rows of 64 bytes of one token
    /// each, which takes four times as long where those lie across lines.
    /// </summary>
    public const int BlockBytes256 = (ScaleOffset256 + sizeof(float) + 63) / 64 * 64;

    /// <summary>Activations of a block.</summary>
    public static int BlockSize(ActivationLayout layout) => layout == ActivationLayout.Int8By256 ? 256 : 32;

    /// <summary>Bytes of a block.</summary>
    public static int BlockBytes(ActivationLayout layout) => layout switch
    {
        ActivationLayout.Int8By32 or ActivationLayout.Int8By32ForBytes => BlockBytes32,
        ActivationLayout.Int8By32InHalves => BlockBytes32InHalves,
        ActivationLayout.Int16By32 or ActivationLayout.FineBy32 => WideBlockBytes32,
        _ => BlockBytes256,
    };

    /// <summary>Rounds one token's activations.</summary>
    /// <param name="layout">One of the layouts of integers.</param>
    /// <param name="x">The token's activations.</param>
    /// <param name="tokens">Tokens in the step.</param>
    /// <param name="columns">Activations of a token, whole blocks.</param>
    /// <param name="token">Which token.</param>
    /// <param name="destination">Start of the layout.</param>
    public static void PackToken(ActivationLayout layout, float* x, int tokens, int columns, int token, byte* destination)
    {
        int blockSize = BlockSize(layout), blockBytes = BlockBytes(layout);
        int slab = token / SlabTokens * SlabTokens;
        int slabTokens = Math.Min(SlabTokens, tokens - slab);
        int scaleOffset = layout == ActivationLayout.Int8By256 ? ScaleOffset256 : blockBytes - sizeof(float);
        int blocks = columns / blockSize;
        byte* target = destination + (long)slab * blocks * blockBytes + (token - slab) * blockBytes;
        sbyte* narrow = stackalloc sbyte[32];
        int limit = layout == ActivationLayout.FineBy32 ? FinePanel.Limit : 127;
        for (int block = 0; block < blocks; block++)
        {
            float* source = x + block * blockSize;
            float scale = Largest(source, blockSize) / limit;
            float inverse = scale > 0 ? 1 / scale : 0;
            switch (layout)
            {
                case ActivationLayout.Int8By32:
                case ActivationLayout.Int8By32ForBytes:
                    Round32(source, inverse, (sbyte*)target);
                    *(int*)(target + 32) =
                        (layout == ActivationLayout.Int8By32 ? -8 : -128) * (Sum16((sbyte*)target) + Sum16((sbyte*)target + 16));
                    break;
                case ActivationLayout.Int8By32InHalves:
                    Round32(source, inverse, (sbyte*)target);
                    _ = PairSums((sbyte*)target, -12, (short*)(target + 32));
                    _ = PairSums((sbyte*)target + 16, -12, (short*)(target + 36));
                    break;
                case ActivationLayout.Int16By32:
                    Round32(source, inverse, narrow);
                    Widen32(narrow, (short*)target);
                    break;
                case ActivationLayout.FineBy32:
                    RoundFine32(source, inverse, (short*)target);
                    break;
                default:
                    Pack256(source, inverse, target);
                    break;
            }

            *(float*)(target + scaleOffset) = scale;
            target += (long)slabTokens * blockBytes;
        }
    }

    private static void Pack256(float* source, float inverse, byte* target)
    {
        short* pairs = (short*)(target + PairSumOffset256);
        short* sums = (short*)(target + SumOffset256);
        for (int group = 0; group < 8; group++)
        {
            sbyte* q = (sbyte*)target + 32 * group;
            Round32(source + 32 * group, inverse, q);
            sums[group] = (short)(PairSums(q, -32, pairs + 4 * group) + PairSums(q + 16, -32, pairs + 4 * group + 2));
        }
    }

    /// <summary>
    /// Writes <paramref name="factor"/> times the sums of q[4i] + q[4i + 1] and of q[4i + 2] + q[4i + 3], i from 0 to 3; returns the sum of
    /// all sixteen.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int PairSums(sbyte* q, int factor, short* target)
    {
        int first = 0, second = 0;
        if (ByteProducts.IsSupported)
        {
            Vector128<short> pairs = Ssse3.IsSupported
                ? Ssse3.MultiplyAddAdjacent(Vector128<byte>.One, Vector128.Load(q))
                : AdvSimd.AddPairwiseWidening(Vector128.Load(q));
            Vector128<short> halves = pairs + Vector128.Shuffle(pairs.AsInt32(), Vector128.Create(2, 3, 0, 1)).AsInt16();
            Vector128<short> sums = halves + Vector128.Shuffle(halves.AsInt32(), Vector128.Create(1, 0, 3, 2)).AsInt16();
            first = sums[0];
            second = sums[1];
        }
        else
        {
            for (int i = 0; i < 16; i += 4)
            {
                first += q[i] + q[i + 1];
                second += q[i + 2] + q[i + 3];
            }
        }

        target[0] = (short)(factor * first);
        target[1] = (short)(factor * second);
        return first + second;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void RoundFine32(float* x, float inverse, short* target)
    {
        if (Avx512F.IsSupported)
        {
            Avx512F.ConvertToVector256Int16(Avx512F.ConvertToVector512Int32(Vector512.Load(x) * inverse)).Store(target);
            Avx512F.ConvertToVector256Int16(Avx512F.ConvertToVector512Int32(Vector512.Load(x + 16) * inverse)).Store(target + 16);
            return;
        }

        if (Avx2.IsSupported)
        {
            for (int i = 0; i < 32; i += 16)
            {
                // Packing works within 128-bit halves: their middle quarters change places.
                Vector256<short> packed = Avx2.PackSignedSaturate(
                    Avx.ConvertToVector256Int32(Vector256.Load(x + i) * inverse),
                    Avx.ConvertToVector256Int32(Vector256.Load(x + i + 8) * inverse));
                Avx2.Permute4x64(packed.AsInt64(), 0b11_01_10_00).AsInt16().Store(target + i);
            }

            return;
        }

        for (int i = 0; i < 32; i++)
        {
            target[i] = (short)MathF.Round(x[i] * inverse);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Widen32(sbyte* source, short* target)
    {
        if (Avx2.IsSupported)
        {
            Avx2.ConvertToVector256Int16(source).Store(target);
            Avx2.ConvertToVector256Int16(source + 16).Store(target + 16);
            return;
        }

        for (int i = 0; i < 32; i++)
        {
            target[i] = source[i];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Largest(float* x, int count)
    {
        if (!Vector256.IsHardwareAccelerated)
        {
            if (Vector128.IsHardwareAccelerated)
            {
                return Largest128(x, count);
            }

            float largest = 0;
            for (int i = 0; i < count; i++)
            {
                largest = MathF.Max(largest, MathF.Abs(x[i]));
            }

            return largest;
        }

        Vector256<float> a = Vector256<float>.Zero, b = a, c = a, d = a;
        for (int i = 0; i < count; i += 32)
        {
            a = Vector256.Max(a, Vector256.Abs(Vector256.Load(x + i)));
            b = Vector256.Max(b, Vector256.Abs(Vector256.Load(x + i + 8)));
            c = Vector256.Max(c, Vector256.Abs(Vector256.Load(x + i + 16)));
            d = Vector256.Max(d, Vector256.Abs(Vector256.Load(x + i + 24)));
        }

        Vector256<float> eight = Vector256.Max(Vector256.Max(a, b), Vector256.Max(c, d));
        Vector128<float> four = Vector128.Max(eight.GetLower(), eight.GetUpper());
        return MathF.Max(MathF.Max(four[0], four[1]), MathF.Max(four[2], four[3]));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Largest128(float* x, int count)
    {
        Vector128<float> a = Vector128<float>.Zero, b = a;
        for (int i = 0; i < count; i += 8)
        {
            a = Vector128.Max(a, Vector128.Abs(Vector128.Load(x + i)));
            b = Vector128.Max(b, Vector128.Abs(Vector128.Load(x + i + 4)));
        }

        Vector128<float> four = Vector128.Max(a, b);
        return MathF.Max(MathF.Max(four[0], four[1]), MathF.Max(four[2], four[3]));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Round32(float* x, float inverse, sbyte* target)
    {
        if (!Avx2.IsSupported)
        {
            if (ByteProducts.IsSupported)
            {
                Round16(x, inverse).Store(target);
                Round16(x + 16, inverse).Store(target + 16);
                return;
            }

            for (int i = 0; i < 32; i++)
            {
                target[i] = (sbyte)MathF.Round(x[i] * inverse);
            }

            return;
        }

        // The conversion rounds to nearest even, as MathF.Round does.
        Vector256<int> a = Avx.ConvertToVector256Int32(Vector256.Load(x) * inverse);
        Vector256<int> b = Avx.ConvertToVector256Int32(Vector256.Load(x + 8) * inverse);
        Vector256<int> c = Avx.ConvertToVector256Int32(Vector256.Load(x + 16) * inverse);
        Vector256<int> d = Avx.ConvertToVector256Int32(Vector256.Load(x + 24) * inverse);

        // Packing works within 128-bit halves, so the eight groups of four come out interleaved and are put in order at the end.
        Vector256<sbyte> packed = Avx2.PackSignedSaturate(Avx2.PackSignedSaturate(a, b), Avx2.PackSignedSaturate(c, d));
        Avx2.PermuteVar8x32(packed.AsInt32(), Vector256.Create(0, 4, 1, 5, 2, 6, 3, 7)).AsSByte().Store(target);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<sbyte> Round16(float* x, float inverse) => Vector128.NarrowWithSaturation(
        Vector128.NarrowWithSaturation(Round4(x, inverse), Round4(x + 4, inverse)),
        Vector128.NarrowWithSaturation(Round4(x + 8, inverse), Round4(x + 12, inverse)));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Round4(float* x, float inverse) => Sse2.IsSupported
        ? Sse2.ConvertToVector128Int32(Vector128.Load(x) * inverse)
        : AdvSimd.ConvertToInt32RoundToEven(Vector128.Load(x) * inverse);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int Sum16(sbyte* q)
    {
        if (!Sse2.IsSupported)
        {
            if (AdvSimd.Arm64.IsSupported)
            {
                return AdvSimd.Arm64.AddAcrossWidening(Vector128.Load(q)).ToScalar();
            }

            int sum = 0;
            for (int i = 0; i < 16; i++)
            {
                sum += q[i];
            }

            return sum;
        }

        // Sums of absolute differences are for unsigned bytes: shift by 128 and take 16 * 128 off again.
        Vector128<ushort> sums = Sse2.SumAbsoluteDifferences(Vector128.Load((byte*)q) ^ Vector128.Create((byte)0x80), Vector128<byte>.Zero);
        return sums[0] + sums[4] - 2048;
    }
}
