using System.Buffers.Binary;

namespace Inferometer.ModelFiles.Quantization;

/// <summary>32 values: an f16 scale d, 32 fifth bits (bit i of value i), then 16 bytes as in Q4_0; x = d (q - 16).</summary>
internal readonly struct Q5_0 : IWrittenFormat
{
    public static int Values => 32;

    public static int Bytes => 22;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = HalfFloats.ReadF16(block);
        FifthBits.Decode(block[2..], scale, -0f, 16, values);
    }

    public static void Encode(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> block)
    {
        float scale = ScaleSearch.Plain(values, importance, 16);
        float inverse = scale == 0 ? 0 : 1 / scale;
        HalfFloats.WriteF16(block, scale);
        FifthBits.Encode(values, 0, inverse, 16.5f, block[2..]);
    }
}

/// <summary>32 values: an f16 scale d, an f16 minimum m, 32 fifth bits, then 16 bytes as in Q4_1; x = d q + m.</summary>
internal readonly struct Q5_1 : IWrittenFormat
{
    public static int Values => 32;

    public static int Bytes => 24;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = HalfFloats.ReadF16(block);
        float minimum = HalfFloats.ReadF16(block[2..]);
        FifthBits.Decode(block[4..], scale, minimum, 0, values);
    }

    public static void Encode(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> block)
    {
        (float scale, float smallest) = ScaleSearch.PlainAffine(values, importance, 31);
        float inverse = scale == 0 ? 0 : 1 / scale;
        HalfFloats.WriteF16(block, scale);
        HalfFloats.WriteF16(block[2..], smallest);
        FifthBits.Encode(values, smallest, inverse, 0.5f, block[4..]);
    }
}

/// <summary>The common tail of the five-bit formats: a 32-bit word of fifth bits, then the low four bits in pairs.</summary>
file static class FifthBits
{
    public static void Decode(ReadOnlySpan<byte> tail, float scale, float offset, int centre, Span<float> values)
    {
        uint high = BinaryPrimitives.ReadUInt32LittleEndian(tail);
        ReadOnlySpan<byte> pairs = tail.Slice(4, 16);
        for (int i = 0; i < 16; i++)
        {
            int first = (pairs[i] & 15) | (int)((high >> i) & 1) << 4;
            int second = (pairs[i] >> 4) | (int)((high >> (i + 16)) & 1) << 4;
            values[i] = (scale * (first - centre)) + offset;
            values[i + 16] = (scale * (second - centre)) + offset;
        }
    }

    public static void Encode(ReadOnlySpan<float> values, float smallest, float inverse, float rounding, Span<byte> tail)
    {
        uint high = 0;
        for (int i = 0; i < 16; i++)
        {
            uint first = (uint)Math.Clamp((int)(((values[i] - smallest) * inverse) + rounding), 0, 31);
            uint second = (uint)Math.Clamp((int)(((values[i + 16] - smallest) * inverse) + rounding), 0, 31);
            tail[4 + i] = (byte)((first & 15) | ((second & 15) << 4));
            high |= ((first >> 4) << i) | ((second >> 4) << (i + 16));
        }

        BinaryPrimitives.WriteUInt32LittleEndian(tail, high);
    }
}
