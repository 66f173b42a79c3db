using System.Runtime.Intrinsics;

namespace Inferometer.ModelFiles.Quantization;

/// <summary>
/// 256 values under one f16 scale d: 64 bytes of two bits q laid out as in Q2_K, then the scale; x = d (q - 1).
/// </summary>
internal readonly struct TQ2_0 : IBlockFormat
{
    public static int Values => 256;

    public static int Bytes => 66;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scale = HalfFloats.ReadF16(block[64..]);
        for (int group = 0; group < 16; group++)
        {
            (int half, int k, int within) = (group / 8, group % 8 / 2, group % 2 * 16);
            Vector128<byte> pairs = Vector128.Create(block.Slice((half * 32) + within, 16));
            Vector128<sbyte> q = ((pairs >>> (2 * k)) & Vector128.Create((byte)3)).AsSByte() - Vector128<sbyte>.One;
            SmallIntegers.Scale(q, scale, values[(group * 16)..]);
        }
    }
}
