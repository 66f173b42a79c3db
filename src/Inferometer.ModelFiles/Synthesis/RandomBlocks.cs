using System.Buffers.Binary;
using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Quantization;

namespace Inferometer.ModelFiles.Synthesis;

/// <summary>
/// Makes encoded weights directly: uniform noise with a given standard deviation and mean zero. Block formats get random integers under
/// fixed scales, which is many times faster than encoding floats and gives blocks a real encoder could have made.
/// </summary>
internal static class RandomBlocks
{
    private const int LargestFloatScale = 0x7E;
    private const float SignedScaleRootMeanSquare = 23.9f; // of the integers 16 to 31

    private static readonly float s_levelRootMeanSquare = MathF.Sqrt(FourBitLevels.Curved.ToArray().Average(level => (float)level * level));

    // The levels are twice the values.
    private static readonly float s_floatRootMeanSquare =
        MathF.Sqrt(FourBitLevels.Float4.ToArray().Average(level => (float)level * level)) / 2;

    /// <summary>Fills whole blocks.</summary>
    public static void Fill(GgmlType type, float deviation, ref NoiseSource noise, Span<byte> blocks)
    {
        if (!type.IsQuantized())
        {
            FillFloats(type, deviation, ref noise, blocks);
            return;
        }

        noise.Fill(blocks);
        for (int at = 0; at < blocks.Length; at += type.BlockBytes())
        {
            Span<byte> block = blocks.Slice(at, type.BlockBytes());
            float sign = (noise.Next() & 1) == 0 ? 1 : -1;
            SetScales(type, block, deviation, sign);
        }
    }

    private static void FillFloats(GgmlType type, float deviation, ref NoiseSource noise, Span<byte> blocks)
    {
        Span<float> values = stackalloc float[256];
        float width = deviation * MathF.Sqrt(3); // uniform in [-w, w) has standard deviation w / sqrt 3
        for (int at = 0; at < blocks.Length;)
        {
            Span<float> part = values[..Math.Min(values.Length, (blocks.Length - at) / type.BlockBytes())];
            for (int i = 0; i < part.Length; i++)
            {
                part[i] = width * noise.NextSigned();
            }

            int bytes = part.Length * type.BlockBytes();
            BlockCodec.Encode(type, part, blocks.Slice(at, bytes));
            at += bytes;
        }
    }

    private static void SetScales(GgmlType type, Span<byte> block, float deviation, float sign)
    {
        float fourBits = deviation / Spread(16), fiveBits = deviation / Spread(32);
        switch (type)
        {
            case GgmlType.Q8_0:
                HalfFloats.WriteF16(block, deviation / Spread(255));
                block[2..].Replace((byte)0x80, (byte)0); // encoders use -127 to 127
                break;
            case GgmlType.Q4_0:
                HalfFloats.WriteF16(block, fourBits * sign); // levels -8 to 7: the changing sign takes the mean to zero
                break;
            case GgmlType.Q5_0:
                HalfFloats.WriteF16(block, fiveBits * sign);
                break;
            case GgmlType.Q4_1:
                HalfFloats.WriteF16(block, fourBits);
                HalfFloats.WriteF16(block[2..], -7.5f * fourBits);
                break;
            case GgmlType.Q5_1:
                HalfFloats.WriteF16(block, fiveBits);
                HalfFloats.WriteF16(block[2..], -15.5f * fiveBits);
                break;
            case GgmlType.Q4_K:
                SetAffineScales(block, fourBits, 7.5f);
                break;
            case GgmlType.Q5_K:
                SetAffineScales(block, fiveBits, 15.5f);
                break;
            case GgmlType.Q2_K:
                SetTwoBitScales(block, deviation / Spread(4));
                break;
            case GgmlType.Q3_K:
                SetThreeBitScales(block, deviation / Spread(8), sign);
                break;
            case GgmlType.IQ4_NL:
                HalfFloats.WriteF16(block, sign * deviation / s_levelRootMeanSquare);
                break;
            case GgmlType.IQ4_XS:
                SetLevelScales(block, deviation / s_levelRootMeanSquare, sign);
                break;
            case GgmlType.MXFP4:
                SetPowerScale(block, deviation / s_floatRootMeanSquare);
                break;
            case GgmlType.NVFP4:
                SetSmallFloatScales(block, deviation / s_floatRootMeanSquare);
                break;
            default:
                SetSixBitScales(block, deviation / Spread(64), sign);
                break;
        }
    }

    /// <summary>One of the two powers of two around the scale, as often as gives values of the right mean square.</summary>
    private static void SetPowerScale(Span<byte> block, float scale)
    {
        int exponent = MathF.ILogB(scale);
        float over = scale / MathF.ScaleB(1, exponent), larger = (over * over - 1) / 3; // share of the larger one: its square is 4
        block[0] = (byte)Math.Clamp(127 + exponent + (block[0] < 256 * larger ? 1 : 0), 0, PowerScale.LargestExponent);
    }

    /// <summary>
    /// For each of four groups one of the two floats of eight bits around the scale, as often as gives values of the right mean square.
    /// </summary>
    private static void SetSmallFloatScales(Span<byte> block, float scale)
    {
        int below = 0;
        while (below < LargestFloatScale - 1 && 2 * PowerScale.HalfOfUnsigned((byte)(below + 1)) <= scale)
        {
            below++;
        }

        float less = 2 * PowerScale.HalfOfUnsigned((byte)below), more = 2 * PowerScale.HalfOfUnsigned((byte)(below + 1));
        float larger = ((scale * scale) - (less * less)) / ((more * more) - (less * less)); // share of the larger one
        foreach (ref byte group in block[..4])
        {
            group = (byte)(below + (group < 256 * larger ? 1 : 0));
        }
    }

    /// <summary>Scales from 32 to 63, each group's minimum equal to its scale, so that e m = centre d s.</summary>
    private static void SetAffineScales(Span<byte> block, float unit, float centre)
    {
        const float RootMeanSquare = 48.4f; // of the integers 32 to 63
        Span<byte> scales = stackalloc byte[8];
        for (int group = 0; group < 8; group++)
        {
            scales[group] = (byte)(32 + (block[4 + group] & 31));
        }

        HalfFloats.WriteF16(block, unit / RootMeanSquare);
        HalfFloats.WriteF16(block[2..], centre * unit / RootMeanSquare);
        SixBitScales.Write(block[4..], scales, scales);
    }

    private static void SetSixBitScales(Span<byte> block, float unit, float sign)
    {
        const float RootMeanSquare = 97.3f; // of the integers 64 to 127
        for (int group = 0; group < 16; group++)
        {
            int size = 64 + (block[192 + group] & 63);
            block[192 + group] = (byte)(sbyte)((block[192 + group] & 64) == 0 ? size : -size);
        }

        HalfFloats.WriteF16(block[208..], sign * unit / RootMeanSquare);
    }

    /// <summary>Scales from 8 to 15, each group's minimum equal to its scale, so that e m = 1.5 d s.</summary>
    private static void SetTwoBitScales(Span<byte> block, float unit)
    {
        const float RootMeanSquare = 11.7f; // of the integers 8 to 15
        for (int group = 0; group < 16; group++)
        {
            block[group] = (byte)((8 | (block[group] & 7)) * 0x11);
        }

        HalfFloats.WriteF16(block[80..], unit / RootMeanSquare);
        HalfFloats.WriteF16(block[82..], 1.5f * unit / RootMeanSquare);
    }

    private static void SetThreeBitScales(Span<byte> block, float unit, float sign)
    {
        Span<sbyte> scales = stackalloc sbyte[16];
        for (int group = 0; group < 16; group++)
        {
            scales[group] = SignedScale(block[96 + (group % 12)] >> (group / 12 * 3));
        }

        ThreeBitScales.Write(block.Slice(96, 12), scales);
        HalfFloats.WriteF16(block[108..], sign * unit / SignedScaleRootMeanSquare);
    }

    private static void SetLevelScales(Span<byte> block, float unit, float sign)
    {
        int high = 0;
        for (int group = 0; group < 8; group++)
        {
            int code = SignedScale(block[8 + group]) + 32;
            block[4 + (group / 2)] = (byte)(group % 2 == 0 ? code & 15 : block[4 + (group / 2)] | (code & 15) << 4);
            high |= code >> 4 << (2 * group);
        }

        BinaryPrimitives.WriteUInt16LittleEndian(block[2..], (ushort)high);
        HalfFloats.WriteF16(block, sign * unit / SignedScaleRootMeanSquare);
    }

    /// <summary>16 to 31 or -31 to -16, from five random bits.</summary>
    private static sbyte SignedScale(int bits) => (sbyte)((16 | (bits & 15)) * ((bits & 16) == 0 ? 1 : -1));

    /// <summary>Standard deviation of equally likely neighbouring integers.</summary>
    private static float Spread(int levels) => MathF.Sqrt((((float)levels * levels) - 1) / 12);
}
