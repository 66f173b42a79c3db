using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Inferometer.ModelFiles.Quantization;

/// <summary>
/// 256 values in 16 groups of 16: 128 bytes of low four bits, 64 bytes of high two bits, 16 signed bytes of scales s, an f16 factor d;
/// x = d s (q - 32). Each half of 128 values has 64 low and 32 high bytes; value 32 k + i of it (k = 0..3) has its low bits in byte
/// 32 (k mod 2) + i, low nibble for k &lt; 2, and its high bits in bits 2k of high byte i.
/// </summary>
internal readonly struct Q6_K : IWrittenFormat
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
            SmallIntegers.Scale(q, factor * scales[group], values[(group * 16)..]);
        }
    }

    public static void Encode(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> block)
    {
        block.Clear();
        Span<sbyte> scales = MemoryMarshal.Cast<byte, sbyte>(block.Slice(ScalesAt, 16));
        float factor = SymmetricGroups.Encode(values, importance, range: 32, scaleRange: 128, block[FactorAt..], scales);
        for (int group = 0; group < 16; group++)
        {
            EncodeGroup(values.Slice(group * 16, 16), factor * scales[group], group, block);
        }
    }

    private static void EncodeGroup(ReadOnlySpan<float> values, float scale, int group, Span<byte> block)
    {
        (int half, int k, int within) = (group / 8, group % 8 / 2, group % 2 * 16);
        for (int i = 0; i < 16; i++)
        {
            int q = SymmetricGroups.Quantize(values[i], scale, 32) + 32;
            block[(half * 64) + (k % 2 * 32) + within + i] |= (byte)((q & 15) << (k < 2 ? 0 : 4));
            block[HighAt + (half * 32) + within + i] |= (byte)((q >> 4) << (2 * k));
        }
    }
}
