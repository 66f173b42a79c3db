using Inferometer.Core.Gguf;

namespace Inferometer.ModelFiles.Tests.Quantization;

/// <summary>
/// Decodes one block value by value, from the written definition of each layout: slow, and independent of the library's code.
/// </summary>
internal static class ReferenceBlocks
{
    public static float[] Decode(GgmlType type, byte[] b) => type switch
    {
        GgmlType.Q8_0 => Fill(32, i => F16(b, 0) * (sbyte)b[2 + i]),
        GgmlType.Q4_0 => Fill(32, i => F16(b, 0) * (Nibble(b, 2, i) - 8)),
        GgmlType.Q4_1 => Fill(32, i => (F16(b, 0) * Nibble(b, 4, i)) + F16(b, 2)),
        GgmlType.Q5_0 => Fill(32, i => F16(b, 0) * (Nibble(b, 6, i) + (16 * Bit(b, 2, i)) - 16)),
        GgmlType.Q5_1 => Fill(32, i => (F16(b, 0) * (Nibble(b, 8, i) + (16 * Bit(b, 4, i)))) + F16(b, 2)),
        GgmlType.Q4_K => Fill(256, i => (F16(b, 0) * Scale(b, i / 32) * KNibble(b, 16, i)) - (F16(b, 2) * Minimum(b, i / 32))),
        GgmlType.Q5_K => Fill(256, i => (F16(b, 0) * Scale(b, i / 32) * (KNibble(b, 48, i) + (16 * ((b[16 + (i % 32)] >> (i / 32)) & 1))))
            - (F16(b, 2) * Minimum(b, i / 32))),
        GgmlType.Q6_K => Fill(256, i => F16(b, 208) * (sbyte)b[192 + (i / 16)] * SixBits(b, i)),
        _ => throw new ArgumentException($"no reference for {type}", nameof(type)),
    };

    private static float F16(byte[] b, int at) => (float)BitConverter.ToHalf(b, at);

    private static int Nibble(byte[] b, int at, int i) => i < 16 ? b[at + i] & 15 : b[at + i - 16] >> 4;

    private static int Bit(byte[] b, int at, int i) => (b[at + (i / 8)] >> (i % 8)) & 1;

    private static int KNibble(byte[] b, int at, int i)
    {
        int pair = b[at + (i / 64 * 32) + (i % 32)];
        return i % 64 < 32 ? pair & 15 : pair >> 4;
    }

    private static int Scale(byte[] b, int g) => g < 4 ? b[4 + g] & 63 : (b[8 + g] & 15) + (b[g] >> 6 << 4);

    private static int Minimum(byte[] b, int g) => g < 4 ? b[8 + g] & 63 : (b[8 + g] >> 4) + (b[4 + g] >> 6 << 4);

    private static int SixBits(byte[] b, int i)
    {
        int half = i / 128, k = i % 128 / 32, within = i % 32;
        int low = b[(half * 64) + (k % 2 * 32) + within];
        int high = b[128 + (half * 32) + within] >> (2 * k) & 3;
        return (k < 2 ? low & 15 : low >> 4) + (16 * high) - 32;
    }

    private static float[] Fill(int count, Func<int, float> value) => [.. Enumerable.Range(0, count).Select(value)];
}
