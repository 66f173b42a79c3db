using System.Runtime.Intrinsics;

namespace Inferometer.ModelFiles.Quantization;

/// <summary>32 values: an f16 scale d, then 16 bytes with value j low and value j + 16 high; x = d (q - 8).</summary>
internal readonly struct Q4_0 : IWrittenFormat
{
    public static int Values => 32;

    public static int Bytes => 18;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = HalfFloats.ReadF16(block);
        Vector128<byte> pairs = Vector128.Create(block.Slice(2, 16));
        Vector128<sbyte> eight = Vector128.Create((sbyte)8);
        SmallIntegers.Scale((pairs & Vector128.Create((byte)15)).AsSByte() - eight, scale, values);
        SmallIntegers.Scale((pairs >>> 4).AsSByte() - eight, scale, values[16..]);
    }

    public static void Encode(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> block)
    {
        float scale = ScaleSearch.Plain(values, importance, 8);
        float inverse = scale == 0 ? 0 : 1 / scale;
        HalfFloats.WriteF16(block, scale);
        for (int i = 0; i < 16; i++)
        {
            int low = Math.Clamp((int)((values[i] * inverse) + 8.5f), 0, 15);
            int high = Math.Clamp((int)((values[i + 16] * inverse) + 8.5f), 0, 15);
            block[2 + i] = (byte)(low | (high << 4));
        }
    }
}
