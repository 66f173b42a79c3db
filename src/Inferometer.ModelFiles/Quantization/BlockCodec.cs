using Inferometer.Core;
using Inferometer.Core.Gguf;

namespace Inferometer.ModelFiles.Quantization;

/// <summary>
/// Turns stored weights into floats, for F32, F16, BF16 and all of ggml's block formats that model files hold, and floats into stored
/// weights, for those in <see cref="WrittenTypes"/>. Thread-safe; allocates nothing.
/// </summary>
/// <remarks>
/// Decoding gives the same float32 values as ggml's scalar code, to the bit. Encoding of F16, BF16 and, without importances, the plain
/// formats of 32 values follows the same rounding rules and so gives the same bytes; the others have freedom in choosing their scales,
/// here a least-squares search.
/// </remarks>
public static class BlockCodec
{
    /// <summary>Formats that can be decoded.</summary>
    public static IReadOnlyList<GgmlType> SupportedTypes { get; } = [.. BlockFormats.Decoded];

    /// <summary>Formats that can be encoded as well.</summary>
    public static IReadOnlyList<GgmlType> WrittenTypes { get; } = [.. BlockFormats.Encoded];

    /// <summary>Whether <see cref="Decode"/> knows the format.</summary>
    public static bool IsSupported(GgmlType type) => BlockFormats.Find(type) is not null;

    /// <summary>Whether <see cref="Encode(GgmlType, ReadOnlySpan{float}, Span{byte})"/> knows the format.</summary>
    public static bool IsWritten(GgmlType type) => BlockFormats.Find(type)?.Encode is not null;

    /// <summary>Decodes whole blocks.</summary>
    /// <param name="type">Storage format.</param>
    /// <param name="source">Encoded bytes; exactly what <paramref name="destination"/> takes.</param>
    /// <param name="destination">Decoded values; a multiple of the block size, must not overlap <paramref name="source"/>.</param>
    /// <exception cref="ArgumentException">The lengths do not fit each other or the block size.</exception>
    /// <exception cref="InferometerException">The format is not supported.</exception>
    public static void Decode(GgmlType type, ReadOnlySpan<byte> source, Span<float> destination)
    {
        BlockFormat format = BlockFormats.Find(type) ?? throw new InferometerException(
            $"Weights stored as {type} are not supported. Supported: {string.Join(", ", SupportedTypes)}.");
        CheckLengths(type, source.Length, destination.Length);
        format.Decode(source, destination);
    }

    /// <summary>Encodes whole blocks of finite values.</summary>
    /// <param name="type">Storage format.</param>
    /// <param name="source">Values; a multiple of the block size.</param>
    /// <param name="destination">Encoded bytes; exactly what <paramref name="source"/> takes, must not overlap it.</param>
    /// <exception cref="ArgumentException">The lengths do not fit each other or the block size.</exception>
    /// <exception cref="InferometerException">The format cannot be written.</exception>
    public static void Encode(GgmlType type, ReadOnlySpan<float> source, Span<byte> destination) =>
        Encode(type, source, default, destination);

    /// <summary>Encodes whole blocks of finite values, so that errors of important ones are small.</summary>
    /// <param name="type">Storage format.</param>
    /// <param name="source">Values; a multiple of the block size.</param>
    /// <param name="importance">How much an error of each value counts, at least 0, as many as there are values; or empty. The float
    /// formats and Q8_0 take no notice: there the nearest value is best whatever counts how much.</param>
    /// <param name="destination">Encoded bytes; exactly what <paramref name="source"/> takes, must not overlap it.</param>
    /// <exception cref="ArgumentException">The lengths do not fit each other or the block size.</exception>
    /// <exception cref="InferometerException">The format cannot be written.</exception>
    public static void Encode(GgmlType type, ReadOnlySpan<float> source, ReadOnlySpan<float> importance, Span<byte> destination)
    {
        BlockFormat.Encoder encode = BlockFormats.Find(type)?.Encode ?? throw new InferometerException(
            $"Weights cannot be written as {type}. Allowed: {string.Join(", ", WrittenTypes)}.");
        CheckLengths(type, destination.Length, source.Length);
        if (!importance.IsEmpty && importance.Length != source.Length)
        {
            throw new ArgumentException($"{importance.Length} importances were given for {source.Length} values.", nameof(importance));
        }

        encode(source, importance, destination);
    }

    private static void CheckLengths(GgmlType type, int bytes, int values)
    {
        if (values % type.BlockSize() != 0 || type.ByteCount(values) != bytes)
        {
            throw new ArgumentException(
                $"{values} values of {type} do not take {bytes} bytes in whole blocks of {type.BlockSize()}.", nameof(values));
        }
    }
}
