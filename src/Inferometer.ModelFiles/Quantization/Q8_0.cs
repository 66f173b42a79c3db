using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Inferometer.ModelFiles.Quantization;

/// <summary>32 values: an f16 scale d, then 32 signed bytes q; x = d q.</summary>
internal readonly struct Q8_0 : IWrittenFormat
{
    public static int Values => 32;

    public static int Bytes => 34;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = HalfFloats.ReadF16(block);
        ReadOnlySpan<sbyte> q = MemoryMarshal.Cast<byte, sbyte>(block[2..]);
        SmallIntegers.Scale(Vector128.Create(q[..16]), scale, values);
        SmallIntegers.Scale(Vector128.Create(q.Slice(16, 16)), scale, values[16..]);
    }

    public static void Encode(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> block)
    {
        float largest = 0;
        foreach (float value in values)
        {
            largest = MathF.Max(largest, MathF.Abs(value));
        }

        float scale = largest / 127;
        float inverse = scale == 0 ? 0 : 1 / scale;
        HalfFloats.WriteF16(block, scale);
        for (int i = 0; i < Values; i++)
        {
            block[2 + i] = (byte)(sbyte)MathF.Round(values[i] * inverse, MidpointRounding.AwayFromZero);
        }
    }
}
