namespace Inferometer.ModelFiles.Quantization;

/// <summary>
/// 256 values in 8 groups of 32: head as in Q4_K, then 32 bytes of fifth bits (bit g of byte i for value i of group g), then 128 bytes
/// of low bits as in Q4_K. x = (d s) q - (e m).
/// </summary>
internal readonly struct Q5_K : IWrittenFormat
{
    public static int Values => 256;

    public static int Bytes => 176;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float scaleFactor = HalfFloats.ReadF16(block);
        float minimumFactor = HalfFloats.ReadF16(block[2..]);
        ReadOnlySpan<byte> packed = block.Slice(4, 12);
        ReadOnlySpan<byte> high = block.Slice(16, 32);
        for (int group = 0; group < 8; group++)
        {
            (int scale, int minimum) = SixBitScales.Read(packed, group);
            float d = scaleFactor * scale;
            float offset = minimumFactor * minimum;
            ReadOnlySpan<byte> low = block.Slice(48 + (group / 2 * 32), 32);
            Span<float> target = values.Slice(group * 32, 32);
            int shift = (group & 1) * 4;
            for (int i = 0; i < 32; i++)
            {
                int q = ((low[i] >> shift) & 15) | (((high[i] >> group) & 1) << 4);
                target[i] = (d * q) - offset;
            }
        }
    }

    public static void Encode(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> block)
    {
        Span<byte> quanta = stackalloc byte[256];
        Span<byte> scales = stackalloc byte[8];
        Span<byte> minima = stackalloc byte[8];
        AffineGroups.Encode(values, importance, new(GroupSize: 32, Largest: 31, LargestScale: 63), block, scales, minima, quanta);
        SixBitScales.Write(block[4..], scales, minima);
        block[16..].Clear();
        for (int group = 0; group < 8; group++)
        {
            int shift = (group & 1) * 4;
            for (int i = 0; i < 32; i++)
            {
                int q = quanta[(group * 32) + i];
                block[48 + (group / 2 * 32) + i] |= (byte)((q & 15) << shift);
                block[16 + i] |= (byte)((q >> 4) << group);
            }
        }
    }
}
