using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Inferometer.ModelFiles.Quantization;

/// <summary>
/// 256 values in 16 groups of 16: 128 bytes of low four bits, 64 bytes of high two bits, 16 signed bytes of scales s, an f16 factor d;
/// x = d s (q - 32). Each half of 128 values has 64 low and 32 high bytes; value 32 k + i of it (k = 0..3) has its low bits in byte
/// 32 (k mod 2) + i, low nibble for k &lt; 2, and its high bits in bits 2k of high byte i.
/// </summary>
internal readonly struct Q6_K : IBlockFormat
{
    private const int HighAt = 128;
    private const int ScalesAt = 192;
    private const int FactorAt = 208;

    public static int Values => 256;

    public static int Bytes => 210;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float factor = HalfFloats.ReadF16(block[FactorAt..]);
        ReadOnlySpan<sbyte> scales = MemoryMarshal.Cast<byte, sbyte>(block.Slice(ScalesAt, 16));
        for (int group = 0; group < 16; group++)
        {
            (int half, int k, int within) = (group / 8, group % 8 / 2, group % 2 * 16);
            Vector128<byte> low = Vector128.Create(block.Slice((half * 64) + (k % 2 * 32) + within, 16));
            Vector128<byte> high = Vector128.Create(block.Slice(HighAt + (half * 32) + within, 16));
            low = k < 2 ? low & Vector128.Create((byte)15) : low >>> 4;
            high = ((high >>> (2 * k)) & Vector128.Create((byte)3)) << 4;
            Vector128<sbyte> q = (low | high).AsSByte() - Vector128.Create((sbyte)32);
            SmallIntegers.Scale(q, factor * scales[group], 0, values[(group * 16)..]);
        }
    }

    public static void Encode(ReadOnlySpan<float> values, Span<byte> block)
    {
        Span<float> groupScales = stackalloc float[16];
        for (int group = 0; group < 16; group++)
        {
            groupScales[group] = ScaleSearch.Symmetric(values.Slice(group * 16, 16), 32);
        }

        block.Clear();
        float extreme = BlockRange.SignedExtreme(groupScales);
        HalfFloats.WriteF16(block[FactorAt..], extreme / -128);
        float factor = HalfFloats.ReadF16(block[FactorAt..]);
        if (factor == 0)
        {
            return;
        }

        for (int group = 0; group < 16; group++)
        {
            int scale = Math.Clamp((int)MathF.Round(groupScales[group] / factor), -128, 127);
            block[ScalesAt + group] = (byte)(sbyte)scale;
            EncodeGroup(values.Slice(group * 16, 16), factor * scale, group, block);
        }
    }

    private static void EncodeGroup(ReadOnlySpan<float> values, float scale, int group, Span<byte> block)
    {
        (int half, int k, int within) = (group / 8, group % 8 / 2, group % 2 * 16);
        float inverse = scale == 0 ? 0 : 1 / scale;
        for (int i = 0; i < 16; i++)
        {
            int q = Math.Clamp((int)MathF.Round(values[i] * inverse), -32, 31) + 32;
            block[(half * 64) + (k % 2 * 32) + within + i] |= (byte)((q & 15) << (k < 2 ? 0 : 4));
            block[HighAt + (half * 32) + within + i] |= (byte)((q >> 4) << (2 * k));
        }
    }
}
