using System.Runtime.Intrinsics;

namespace Inferometer.ModelFiles.Quantization;

/// <summary>
/// 256 values in 16 groups of 16: 32 bytes of third bits (bit 4 h + k of byte i for value 32 k + i of half h), 64 bytes of low bits as in
/// Q2_K, 16 scales s of six bits, an f16 factor d; x = d (s - 32) (q - 4).
/// </summary>
internal readonly struct Q3_K : IWrittenFormat
{
    private const int QuantsAt = 32;
    private const int ScalesAt = 96;
    private const int FactorAt = 108;

    public static int Values => 256;

    public static int Bytes => 110;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values)
    {
        float factor = HalfFloats.ReadF16(block[FactorAt..]);
        Span<sbyte> scales = stackalloc sbyte[16];
        ThreeBitScales.Read(block.Slice(ScalesAt, 12), scales);
        for (int group = 0; group < 16; group++)
        {
            (int half, int k, int within) = (group / 8, group % 8 / 2, group % 2 * 16);
            Vector128<byte> pairs = Vector128.Create(block.Slice(QuantsAt + (half * 32) + within, 16));
            Vector128<byte> thirds = Vector128.Create(block.Slice(within, 16));
            Vector128<byte> third = ((thirds >>> ((4 * half) + k)) & Vector128.Create((byte)1)) << 2;
            Vector128<byte> low = (pairs >>> (2 * k)) & Vector128.Create((byte)3);
            Vector128<sbyte> q = (low | third).AsSByte() - Vector128.Create((sbyte)4);
            SmallIntegers.Scale(q, factor * scales[group], values[(group * 16)..]);
        }
    }

    public static void Encode(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> block)
    {
        Span<sbyte> scales = stackalloc sbyte[16];
        block.Clear();
        float factor = SymmetricGroups.Encode(values, importance, range: 4, scaleRange: 32, block[FactorAt..], scales);
        ThreeBitScales.Write(block.Slice(ScalesAt, 12), scales);
        for (int i = 0; i < 256; i++)
        {
            int q = SymmetricGroups.Quantize(values[i], factor * scales[i / 16], 4) + 4;
            (int half, int k, int within) = (i / 128, i % 128 / 32, i % 32);
            block[QuantsAt + (half * 32) + within] |= (byte)((q & 3) << (2 * k));
            block[within] |= (byte)((q >> 2) << ((4 * half) + k));
        }
    }
}
