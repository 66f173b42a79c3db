using System.Runtime.Intrinsics;

namespace Inferometer.ModelFiles.Quantization;

/// <summary>
/// 256 values in 16 groups of 16: a byte per group with a 4-bit scale s (low) and a 4-bit minimum m (high), 64 bytes of two bits q, an f16
/// factor d for the scales and one e for the minima; x = (d s) q - (e m). Each half of 128 values has 32 bytes; value 32 k + i of it (k = 0
/// to 3) is in bits 2k of byte i.
/// </summary>
internal readonly struct Q2_K : IWrittenFormat
{
    private const int QuantsAt = 16;
    private const int FactorAt = 80;

    public static int Values => 256;

    public static int Bytes => 84;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scaleFactor = HalfFloats.ReadF16(block[FactorAt..]);
        float minimumFactor = HalfFloats.ReadF16(block[(FactorAt + 2)..]);
        for (int group = 0; group < 16; group++)
        {
            (int half, int k, int within) = (group / 8, group % 8 / 2, group % 2 * 16);
            Vector128<byte> pairs = Vector128.Create(block.Slice(QuantsAt + (half * 32) + within, 16));
            Vector128<sbyte> q = ((pairs >>> (2 * k)) & Vector128.Create((byte)3)).AsSByte();
            int code = block[group];
            SmallIntegers.Scale(q, scaleFactor * (code & 15), -(minimumFactor * (code >> 4)), values[(group * 16)..]);
        }
    }

    public static void Encode(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> block)
    {
        Span<byte> quanta = stackalloc byte[256];
        Span<byte> scales = stackalloc byte[16];
        Span<byte> minima = stackalloc byte[16];
        AffineGroups.Encode(values, importance, new(GroupSize: 16, Largest: 3, LargestScale: 15), block[FactorAt..], scales, minima,
            quanta);
        block[..FactorAt].Clear();
        for (int group = 0; group < 16; group++)
        {
            block[group] = (byte)(scales[group] | (minima[group] << 4));
            (int half, int k, int within) = (group / 8, group % 8 / 2, group % 2 * 16);
            for (int i = 0; i < 16; i++)
            {
                block[QuantsAt + (half * 32) + within + i] |= (byte)(quanta[(group * 16) + i] << (2 * k));
            }
        }
    }
}
