namespace Inferometer.ModelFiles.Quantization;

/// <summary>How stored weights of one format are decoded, encoded and checked. Thread-safe.</summary>
/// <param name="Decode">Decodes whole blocks.</param>
/// <param name="Encode">Encodes whole blocks of finite values; null for a format that is only read.</param>
internal sealed record BlockFormat(BlockFormat.Decoder Decode, BlockFormat.Encoder? Encode)
{
    /// <summary>Where a block holds f16 numbers that scale its values.</summary>
    public int[] ScalesAt { get; init; } = [];

    /// <summary>Whether a block's scale is a finite number, for formats whose scales are no f16; otherwise null.</summary>
    public Check? IsFinite { get; init; }

    /// <summary>Decodes whole blocks.</summary>
    public delegate void Decoder(ReadOnlySpan<byte> source, Span<float> values);

    /// <summary>Encodes whole blocks; the importance of each value, or nothing.</summary>
    public delegate void Encoder(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> target);

    /// <summary>Judges one block.</summary>
    public delegate bool Check(ReadOnlySpan<byte> block);
}
