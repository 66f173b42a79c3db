namespace Inferometer.ModelFiles.Quantization;

/// <summary>
/// One storage format of weights: how a block of values lies in bytes. Layouts are those of ggml (ggml-common.h), little endian.
/// </summary>
internal interface IBlockFormat
{
    /// <summary>Values in a block.</summary>
    static abstract int Values { get; }

    /// <summary>Bytes of a block.</summary>
    static abstract int Bytes { get; }

    /// <summary>Decodes exactly one block.</summary>
    static abstract void Decode(ReadOnlySpan<byte> block, Span<float> values);
}
