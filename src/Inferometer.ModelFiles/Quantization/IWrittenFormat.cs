namespace Inferometer.ModelFiles.Quantization;

/// <summary>A format that weights can be encoded in.</summary>
internal interface IWrittenFormat : IBlockFormat
{
    /// <summary>Encodes exactly one block of finite values.</summary>
    /// <param name="values">The values.</param>
    /// <param name="importance">How much an error of each value counts, from an importance matrix; empty where nothing is known of
    /// it.</param>
    /// <param name="block">The block.</param>
    static abstract void Encode(ReadOnlySpan<float> values, ReadOnlySpan<float> importance, Span<byte> block);
}
