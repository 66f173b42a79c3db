using System.Buffers.Binary;
using Inferometer.Core.Gguf;

namespace Inferometer.Inference.Kernels.Matrices;

/// <summary>Turns stored weights into floats, one block after the other: the definition of each format in plain code, which every faster path is tested against. Thread-safe.</summary>
/// <remarks>Formats as defined by ggml (ggml-quants.c). All values are little-endian.</remarks>
public static class BlockDecoder
{
    /// <summary>Whether <paramref name="type"/> can be decoded.</summary>
    public static bool Supports(GgmlType type) => type is GgmlType.F32 or GgmlType.F16 or GgmlType.BF16 or GgmlType.Q8_0 or GgmlType.Q4_0 or GgmlType.Q4_1
        or GgmlType.Q5_0 or GgmlType.Q5_1 or GgmlType.Q4_K or GgmlType.Q5_K or GgmlType.Q6_K;

    /// <summary>Decodes as many values as <paramref name="destination"/> holds, which must be whole blocks.</summary>
    /// <exception cref="ArgumentException">The source is too short or the count no whole number of blocks.</exception>
    /// <exception cref="NotSupportedException">The format is none of the supported ones.</exception>
    public static void Decode(GgmlType type, ReadOnlySpan<byte> source, Span<float> destination)
    {
        if (!Supports(type))
        {
            throw new NotSupportedException($"Weights of type {type} cannot be decoded.");
        }

        int blockSize = type.BlockSize();
        int blockBytes = type.BlockBytes();
        if (destination.Length % blockSize != 0 || source.Length < (long)destination.Length / blockSize * blockBytes)
        {
            throw new ArgumentException($"{destination.Length} values of {type} need whole blocks of {blockSize} and {blockBytes} bytes each; {source.Length} bytes are there.", nameof(source));
        }

        while (!destination.IsEmpty)
        {
            DecodeBlock(type, source, destination);
            source = source[blockBytes..];
            destination = destination[blockSize..];
        }
    }

    /// <summary>The eight 6-bit scales and minima of a Q4_K or Q5_K block, packed into twelve bytes.</summary>
    internal static (byte Scale, byte Minimum) UnpackScale(ReadOnlySpan<byte> packed, int index) => index < 4
        ? ((byte)(packed[index] & 63), (byte)(packed[index + 4] & 63))
        : ((byte)(packed[index + 4] & 15 | packed[index - 4] >> 6 << 4), (byte)(packed[index + 4] >> 4 | packed[index] >> 6 << 4));

    private static void DecodeBlock(GgmlType type, ReadOnlySpan<byte> block, Span<float> values)
    {
        switch (type)
        {
            case GgmlType.F32:
                values[0] = BinaryPrimitives.ReadSingleLittleEndian(block);
                break;
            case GgmlType.F16:
                values[0] = Half(block);
                break;
            case GgmlType.BF16:
                values[0] = BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(block) << 16);
                break;
            case GgmlType.Q8_0:
                DecodeQ8_0(block, values);
                break;
            case GgmlType.Q4_0:
                DecodeNibbles(block[2..], Half(block), -8 * Half(block), values);
                break;
            case GgmlType.Q4_1:
                DecodeNibbles(block[4..], Half(block), Half(block[2..]), values);
                break;
            case GgmlType.Q5_0:
                DecodeFiveBits(block[2..], Half(block), -16 * Half(block), values);
                break;
            case GgmlType.Q5_1:
                DecodeFiveBits(block[4..], Half(block), Half(block[2..]), values);
                break;
            case GgmlType.Q4_K:
                DecodeQ4_K(block, values);
                break;
            case GgmlType.Q5_K:
                DecodeQ5_K(block, values);
                break;
            default:
                DecodeQ6_K(block, values);
                break;
        }
    }

    private static float Half(ReadOnlySpan<byte> bytes) => (float)BinaryPrimitives.ReadHalfLittleEndian(bytes);

    private static void DecodeQ8_0(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = Half(block);
        for (int i = 0; i < 32; i++)
        {
            values[i] = scale * (sbyte)block[2 + i];
        }
    }

    private static void DecodeNibbles(ReadOnlySpan<byte> quants, float scale, float offset, Span<float> values)
    {
        for (int i = 0; i < 16; i++)
        {
            values[i] = scale * (quants[i] & 15) + offset;
            values[i + 16] = scale * (quants[i] >> 4) + offset;
        }
    }

    private static void DecodeFiveBits(ReadOnlySpan<byte> highBitsAndQuants, float scale, float offset, Span<float> values)
    {
        uint high = BinaryPrimitives.ReadUInt32LittleEndian(highBitsAndQuants);
        ReadOnlySpan<byte> quants = highBitsAndQuants[4..];
        for (int i = 0; i < 16; i++)
        {
            values[i] = scale * (quants[i] & 15 | (int)(high >> i & 1) << 4) + offset;
            values[i + 16] = scale * (quants[i] >> 4 | (int)(high >> (i + 16) & 1) << 4) + offset;
        }
    }

    private static void DecodeQ4_K(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = Half(block);
        float minimum = Half(block[2..]);
        for (int group = 0; group < 8; group++)
        {
            (byte s, byte m) = UnpackScale(block[4..16], group);
            ReadOnlySpan<byte> quants = block.Slice(16 + group / 2 * 32, 32);
            for (int i = 0; i < 32; i++)
            {
                values[group * 32 + i] = scale * s * (quants[i] >> (group % 2 * 4) & 15) - minimum * m;
            }
        }
    }

    private static void DecodeQ5_K(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = Half(block);
        float minimum = Half(block[2..]);
        ReadOnlySpan<byte> high = block.Slice(16, 32);
        for (int group = 0; group < 8; group++)
        {
            (byte s, byte m) = UnpackScale(block[4..16], group);
            ReadOnlySpan<byte> quants = block.Slice(48 + group / 2 * 32, 32);
            for (int i = 0; i < 32; i++)
            {
                int quant = quants[i] >> (group % 2 * 4) & 15 | (high[i] >> group & 1) << 4;
                values[group * 32 + i] = scale * s * quant - minimum * m;
            }
        }
    }

    private static void DecodeQ6_K(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = Half(block[208..]);
        for (int i = 0; i < 256; i++)
        {
            // Two halves of 128 values; in each, value i takes a nibble from one of 64 bytes and two bits from one of 32.
            int half = i / 128;
            int within = i % 128;
            int low = block[half * 64 + within % 64] >> (within / 64 * 4) & 15;
            int high = block[128 + half * 32 + within % 32] >> (within / 32 * 2) & 3;
            values[i] = scale * (sbyte)block[192 + i / 16] * ((low | high << 4) - 32);
        }
    }
}
