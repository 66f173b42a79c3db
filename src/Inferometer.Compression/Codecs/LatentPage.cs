using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Inferometer.Cpu.Kernels.Attention;

namespace Inferometer.Compression.Codecs;

/// <summary>
/// Sixteen tokens' stored vectors in a page. By channel, [width][16 tokens], a row holds one number of all tokens (keys: scores of 16
/// tokens come out side by side); by token, [16 tokens][width], a row holds one token (values). Per segment: 16 f16 scales where quantised,
/// then the numbers; rows of 4-bit and 2-bit integers are packed as row r with row r + rows / 2, or with the three rows rows / 4 apart, so
/// that a vector unpacks into whole rows. </summary>
internal static unsafe class LatentPage
{
    private const int Tokens = KvPageLayout.PageTokens;

    /// <summary>Stores 16 tokens.</summary>
    /// <param name="format">Segments.</param>
    /// <param name="vectors">[16 tokens][format width].</param>
    /// <param name="page">16 times the format's bytes per token.</param>
    /// <param name="byChannel">Orientation.</param>
    public static void Encode(LatentFormat format, ReadOnlySpan<float> vectors, byte* page, bool byChannel)
    {
        int first = 0;
        for (int i = 0; i < format.Segments.Count; i++)
        {
            LatentSegment segment = format.Segments[i];
            byte* data = page;
            if (segment.IsQuantized)
            {
                data += Tokens * sizeof(ushort);
                new Span<byte>(data, Tokens * segment.Count * segment.Bits / 8).Clear();
            }

            for (int token = 0; token < Tokens; token++)
            {
                ReadOnlySpan<float> numbers = vectors.Slice(token * format.Width + first, segment.Count);
                if (segment.IsQuantized)
                {
                    ((ushort*)page)[token] = EncodeIntegers(segment, numbers, token, data, byChannel);
                }
                else
                {
                    EncodeFloats(segment, numbers, token, data, byChannel);
                }
            }

            first += segment.Count;
            page += Tokens * segment.BytesPerToken;
        }
    }

    /// <summary>Reads 16 tokens back.</summary>
    /// <param name="format">Segments.</param>
    /// <param name="page">What <see cref="Encode"/> wrote.</param>
    /// <param name="target">By channel: [width][16]; by token: rows of <paramref name="stride"/> floats.</param>
    /// <param name="stride">Floats from token to token where by token.</param>
    /// <param name="byChannel">Orientation.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Decode(LatentFormat format, byte* page, float* target, int stride, bool byChannel)
    {
        float* scales = stackalloc float[Tokens];
        for (int i = 0; i < format.Segments.Count; i++)
        {
            LatentSegment segment = format.Segments[i];
            byte* data = page;
            if (segment.IsQuantized)
            {
                WidenHalves(page).Store(scales);
                data += Tokens * sizeof(ushort);
            }

            int rows = byChannel ? segment.Count : Tokens;
            int lanes = byChannel ? Tokens : segment.Count;
            int rowStride = byChannel ? Tokens : stride;
            if (segment.IsQuantized)
            {
                DecodeIntegers(segment.Bits, data, rows, lanes, scales, byChannel, target, rowStride);
            }
            else
            {
                DecodeFloats(segment.Bits, data, rows, lanes, target, rowStride);
            }

            target += byChannel ? segment.Count * Tokens : segment.Count;
            page += Tokens * segment.BytesPerToken;
        }
    }

    private static void EncodeFloats(LatentSegment segment, ReadOnlySpan<float> numbers, int token, byte* data, bool byChannel)
    {
        for (int i = 0; i < numbers.Length; i++)
        {
            int index = byChannel ? i * Tokens + token : token * segment.Count + i;
            if (segment.Bits == 32)
            {
                ((float*)data)[index] = numbers[i];
            }
            else
            {
                ((ushort*)data)[index] = BitConverter.HalfToUInt16Bits((Half)numbers[i]);
            }
        }
    }

    // Returns the scale's bits.
    private static ushort EncodeIntegers(LatentSegment segment, ReadOnlySpan<float> numbers, int token, byte* data, bool byChannel)
    {
        Span<int> codes = stackalloc int[LatentFormat.MaxQuantizedCount];
        Half scale = BlockScale.Choose(numbers, segment.Bits);
        BlockScale.Encode(numbers, scale, segment.Bits, codes);
        int packed = 8 / segment.Bits;
        if (byChannel)
        {
            int packedRows = segment.Count / packed;
            for (int part = 0, i = 0; part < packed; part++)
            {
                int shift = part * segment.Bits;
                for (int row = 0; row < packedRows; row++)
                {
                    data[row * Tokens + token] |= (byte)(codes[i++] << shift);
                }
            }
        }
        else
        {
            int packedRows = Tokens / packed, shift = token / packedRows * segment.Bits;
            byte* row = data + token % packedRows * segment.Count;
            for (int i = 0; i < numbers.Length; i++)
            {
                row[i] |= (byte)(codes[i] << shift);
            }
        }

        return BitConverter.HalfToUInt16Bits(scale);
    }

    // (code - offset) x scale as one multiplication and addition: code x scale + bias.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void DecodeIntegers(
        int bits, byte* data, int rows, int lanes, float* scales, bool scaleByLane, float* target, int stride)
    {
        float* biases = stackalloc float[Tokens];
        (Vector512.Load(scales) * Vector512.Create(-BlockScale.Offset(bits))).Store(biases);
        if (scaleByLane)
        {
            DecodeByLane(bits, data, rows, Vector512.Load(scales), Vector512.Load(biases), target);
            return;
        }

        int packed = 8 / bits;
        int packedRows = rows / packed;
        Vector512<int> mask = Vector512.Create((1 << bits) - 1);
        for (int row = 0; row < packedRows; row++)
        {
            for (int lane = 0; lane < lanes; lane += 16, data += 16)
            {
                Vector512<int> codes = Widen(data);
                for (int part = 0, place = row; part < packed; part++, place += packedRows)
                {
                    Vector512<float> numbers = Vector512.ConvertToSingle(codes & mask);
                    Vector512.FusedMultiplyAdd(
                        numbers, Vector512.Create(scales[place]), Vector512.Create(biases[place])).Store(target + place * stride + lane);
                    codes >>= bits;
                }
            }
        }
    }

    // Rows of 16 lanes with a scale each: keys. Written out per number format, because attention over compressed keys spends its time here.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void DecodeByLane(int bits, byte* data, int rows, Vector512<float> scale, Vector512<float> bias, float* target)
    {
        if (bits == 8)
        {
            for (int row = 0; row < rows; row++)
            {
                Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(Widen(data + row * Tokens)), scale, bias).Store(target + row * Tokens);
            }

            return;
        }

        int packed = 8 / bits, packedRows = rows / packed;
        Vector512<int> mask = Vector512.Create((1 << bits) - 1);
        for (int row = 0; row < packedRows; row++)
        {
            Vector512<int> codes = Widen(data + row * Tokens);
            for (int place = row; place < rows; place += packedRows)
            {
                Vector512.FusedMultiplyAdd(Vector512.ConvertToSingle(codes & mask), scale, bias).Store(target + place * Tokens);
                codes >>= bits;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void DecodeFloats(int bits, byte* data, int rows, int lanes, float* target, int stride)
    {
        for (int row = 0; row < rows; row++)
        {
            for (int lane = 0; lane < lanes; lane += 16, data += 16 * bits / 8)
            {
                (bits == 32 ? Vector512.Load((float*)data) : WidenHalves(data)).Store(target + row * stride + lane);
            }
        }
    }

    // Sixteen bytes as integers. The processor's own widening is one instruction; composed of halves it is eight.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Widen(byte* bytes)
    {
        if (Avx512F.IsSupported)
        {
            return Avx512F.ConvertToVector512Int32(Vector128.Load(bytes));
        }

        if (Avx2.IsSupported)
        {
            return Vector512.Create(Avx2.ConvertToVector256Int32(bytes), Avx2.ConvertToVector256Int32(bytes + 8));
        }

        (Vector128<ushort> low, Vector128<ushort> high) = Vector128.Widen(Vector128.Load(bytes));
        (Vector256<uint> first, Vector256<uint> second) = Vector256.Widen(Vector256.Create(low, high));
        return Vector512.Create(first, second).AsInt32();
    }

    // Sign-extended and moved to the place of an f32's exponent and mantissa, with the difference of the biases. That is right unless the
    // f16 exponent was zero: then m 2^-24 has become a = 2^-15 + m 2^-25, and 2 a - 2^-14 is right. (Multiplying by 2^112 would do as well,
    // but slowly where processors dislike such small numbers.)
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> WidenHalves(byte* halves)
    {
        Vector512<int> wide = Avx512F.IsSupported ? Avx512F.ConvertToVector512Int32(Vector256.Load((short*)halves)) : WidenSigned(halves);
        Vector512<int> bits = (wide << 13) & Vector512.Create(unchecked((int)0x8FFFE000));
        Vector512<int> isSmall = Vector512.Equals(bits & Vector512.Create(0x0F800000), Vector512<int>.Zero);
        Vector512<float> raised = (bits + Vector512.Create(112 << 23)).AsSingle();
        Vector512<float> smallest = ((bits & Vector512.Create(int.MinValue)) | Vector512.Create(113 << 23)).AsSingle();
        return Vector512.ConditionalSelect(isSmall.AsSingle(), raised + raised - smallest, raised);
    }

    private static Vector512<int> WidenSigned(byte* halves)
    {
        (Vector256<int> low, Vector256<int> high) = Vector256.Widen(Vector256.Load((short*)halves));
        return Vector512.Create(low, high);
    }
}
