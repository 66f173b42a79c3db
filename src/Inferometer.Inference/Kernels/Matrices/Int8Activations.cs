using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Inferometer.Inference.Kernels.Matrices;

/// <summary>
/// Activations rounded to 8 bits, x = scale q with |q| at most 127, a scale per block of 32 or 256. Laid out [slab of 64 tokens][block][token], so that a kernel
/// which holds a block of weights in registers finds the tokens it multiplies one after the other.
/// </summary>
/// <remarks>
/// A block of 32: 32 bytes q, then -8 times their sum (int), then the scale times 2^112 (float): 40 bytes.
/// A block of 256: 256 bytes q, then the sums of the sixteen groups of 16 (short), then the scale times 2^112: 292 bytes.
/// The factor 2^112 belongs to the f16 scales of the weights (see <see cref="HalfBits"/>).
/// </remarks>
internal static unsafe class Int8Activations
{
    /// <summary>Tokens of a slab.</summary>
    public const int SlabTokens = 64;

    /// <summary>Bytes of a block of 32.</summary>
    public const int BlockBytes32 = 40;

    /// <summary>Bytes of a block of 256.</summary>
    public const int BlockBytes256 = 292;

    /// <summary>Rounds one token's activations.</summary>
    /// <param name="blockSize">32 or 256.</param>
    /// <param name="x">The token's activations.</param>
    /// <param name="tokens">Tokens in the step.</param>
    /// <param name="columns">Activations of a token, whole blocks.</param>
    /// <param name="token">Which token.</param>
    /// <param name="destination">Start of the layout.</param>
    public static void PackToken(int blockSize, float* x, int tokens, int columns, int token, byte* destination)
    {
        int blockBytes = blockSize == 32 ? BlockBytes32 : BlockBytes256;
        int slab = token / SlabTokens * SlabTokens;
        int slabTokens = Math.Min(SlabTokens, tokens - slab);
        int blocks = columns / blockSize;
        byte* target = destination + (long)slab * blocks * blockBytes + (token - slab) * blockBytes;
        for (int block = 0; block < blocks; block++)
        {
            float* source = x + block * blockSize;
            float scale = Largest(source, blockSize) / 127;
            float inverse = scale > 0 ? 1 / scale : 0;
            for (int i = 0; i < blockSize; i += 32)
            {
                Round32(source + i, inverse, (sbyte*)target + i);
            }

            byte* tail = target + blockSize;
            if (blockSize == 32)
            {
                *(int*)tail = -8 * (Sum16((sbyte*)target) + Sum16((sbyte*)target + 16));
                tail += sizeof(int);
            }
            else
            {
                for (int group = 0; group < 16; group++)
                {
                    ((short*)tail)[group] = (short)Sum16((sbyte*)target + 16 * group);
                }

                tail += 16 * sizeof(short);
            }

            *(float*)tail = scale * HalfBits.Scale;
            target += (long)slabTokens * blockBytes;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Largest(float* x, int count)
    {
        if (!Vector256.IsHardwareAccelerated)
        {
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

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Round32(float* x, float inverse, sbyte* target)
    {
        if (!Avx2.IsSupported)
        {
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
    private static int Sum16(sbyte* q)
    {
        if (!Sse2.IsSupported)
        {
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
