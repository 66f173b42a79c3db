namespace Inferometer.ModelFiles.Quantization;

/// <summary>
/// 32 values: a power of two, then 16 bytes with value j low and value j + 16 high, each a 4-bit float. The first byte is the exponent e of
/// the scale 2^(e - 127) (OCP Microscaling Formats 1.0).
/// </summary>
internal readonly struct MXFP4 : IBlockFormat
{
    public static int Values => 32;

    public static int Bytes => 17;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values) =>
        FourBitLevels.Decode(FourBitLevels.Float4, block.Slice(1, 16), PowerScale.HalfOf(block[0]), values);
}
