using System.Runtime.Intrinsics;

namespace Inferometer.ModelFiles.Quantization;

/// <summary>
/// 256 values in 8 groups of 32: f16 factors d and e of the scales and minima, 12 bytes of 6-bit scales s and minima m, then 128 bytes;
/// 32 bytes hold two groups, the first low, the second high. x = (d s) q - (e m).
/// </summary>
internal readonly struct Q4_K : IWrittenFormat
{
    public static int Values => 256;

    public static int Bytes => 144;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scaleFactor = HalfFloats.ReadF16(block);
        float minimumFactor = HalfFloats.ReadF16(block[2..]);
        ReadOnlySpan<byte> packed = block.Slice(4, 12);
        for (int group = 0; group < 8; group++)
        {
            (int scale, int minimum) = SixBitScales.Read(packed, group);
            float d = scaleFactor * scale;
            float offset = -(minimumFactor * minimum);
            for (int half = 0; half < 2; half++)
            {
                Vector128<byte> pairs = Vector128.Create(block.Slice(16 + (group / 2 * 32) + (half * 16), 16));
                Vector128<byte> q = (group & 1) == 0 ? pairs & Vector128.Create((byte)15) : pairs >>> 4;
                SmallIntegers.Scale(q.AsSByte(), d, offset, values[((group * 32) + (half * 16))..]);
            }
        }
    }

    public static void Encode(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> block)
    {
        Span<byte> quanta = stackalloc byte[256];
        Span<byte> scales = stackalloc byte[8];
        Span<byte> minima = stackalloc byte[8];
        AffineGroups.Encode(values, importance, new(GroupSize: 32, Largest: 15, LargestScale: 63), block, scales, minima, quanta);
        SixBitScales.Write(block[4..], scales, minima);
        for (int group = 0; group < 8; group += 2)
        {
            for (int i = 0; i < 32; i++)
            {
                block[16 + (group * 16) + i] = (byte)(quanta[(group * 32) + i] | (quanta[(group * 32) + 32 + i] << 4));
            }
        }
    }
}
