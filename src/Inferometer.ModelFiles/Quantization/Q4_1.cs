using System.Runtime.Intrinsics;

namespace Inferometer.ModelFiles.Quantization;

/// <summary>32 values: an f16 scale d, an f16 minimum m, then 16 bytes with value j low and value j + 16 high; x = d q + m.</summary>
internal readonly struct Q4_1 : IWrittenFormat
{
    public static int Values => 32;

    public static int Bytes => 20;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = HalfFloats.ReadF16(block);
        float minimum = HalfFloats.ReadF16(block[2..]);
        Vector128<byte> pairs = Vector128.Create(block.Slice(4, 16));
        SmallIntegers.Scale((pairs & Vector128.Create((byte)15)).AsSByte(), scale, minimum, values);
        SmallIntegers.Scale((pairs >>> 4).AsSByte(), scale, minimum, values[16..]);
    }

    public static void Encode(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> block)
    {
        (float scale, float smallest) = ScaleSearch.PlainAffine(values, importance, 15);
        float inverse = scale == 0 ? 0 : 1 / scale;
        HalfFloats.WriteF16(block, scale);
        HalfFloats.WriteF16(block[2..], smallest);
        for (int i = 0; i < 16; i++)
        {
            int low = Math.Clamp((int)(((values[i] - smallest) * inverse) + 0.5f), 0, 15);
            int high = Math.Clamp((int)(((values[i + 16] - smallest) * inverse) + 0.5f), 0, 15);
            block[4 + i] = (byte)(low | (high << 4));
        }
    }
}
