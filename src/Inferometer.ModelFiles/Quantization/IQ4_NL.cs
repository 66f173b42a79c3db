namespace Inferometer.ModelFiles.Quantization;

/// <summary>
/// 32 values: an f16 scale d, then 16 bytes with value j low and value j + 16 high, each the number of a level of
/// <see cref="FourBitLevels.Curved"/>; x = d level.
/// </summary>
internal readonly struct IQ4_NL : IWrittenFormat
{
    public static int Values => 32;

    public static int Bytes => 18;

    public static void Decode(ReadOnlySpan<byte> block, Span<float> values) =>
        FourBitLevels.Decode(FourBitLevels.Curved, block.Slice(2, 16), HalfFloats.ReadF16(block), values);

    public static void Encode(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> block)
    {
        float scale = LevelSearch.Scale(values, importance);
        HalfFloats.WriteF16(block, scale);
        LevelSearch.Write(values, scale, block.Slice(2, 16));
    }
}
