using System.Runtime.InteropServices;
using Inferometer.Core;
using Inferometer.Core.Gguf;

namespace Inferometer.ModelFiles.Quantization;

/// <summary>
/// Turns stored weights into floats and floats into stored weights, for F32, F16, BF16 and ggml's block formats Q8_0, Q4_0, Q4_1,
/// Q5_0, Q5_1, Q4_K, Q5_K and Q6_K. Thread-safe; allocates nothing.
/// </summary>
/// <remarks>
/// Decoding gives the same float32 values as ggml's scalar code. Encoding of F16, BF16 and the formats of 32 values follows the same
/// rounding rules and so gives the same bytes; the K formats have freedom in choosing their scales, here a least-squares search.
/// </remarks>
public static class BlockCodec
{
    /// <summary>Formats that can be decoded and encoded.</summary>
    public static IReadOnlyList<GgmlType> SupportedTypes { get; } =
    [
        GgmlType.F32, GgmlType.F16, GgmlType.BF16, GgmlType.Q8_0, GgmlType.Q4_0, GgmlType.Q4_1,
        GgmlType.Q5_0, GgmlType.Q5_1, GgmlType.Q4_K, GgmlType.Q5_K, GgmlType.Q6_K,
    ];

    /// <summary>Whether <see cref="Decode"/> and <see cref="Encode"/> know the format.</summary>
    public static bool IsSupported(GgmlType type) => SupportedTypes.Contains(type);

    /// <summary>Decodes whole blocks.</summary>
    /// <param name="type">Storage format.</param>
    /// <param name="source">Encoded bytes; exactly what <paramref name="destination"/> takes.</param>
    /// <param name="destination">Decoded values; a multiple of the block size, must not overlap <paramref name="source"/>.</param>
    /// <exception cref="ArgumentException">The lengths do not fit each other or the block size.</exception>
    /// <exception cref="InferometerException">The format is not supported.</exception>
    public static void Decode(GgmlType type, ReadOnlySpan<byte> source, Span<float> destination)
    {
        CheckLengths(type, source.Length, destination.Length);
        switch (type)
        {
            case GgmlType.F32:
                MemoryMarshal.Cast<byte, float>(source).CopyTo(destination);
                break;
            case GgmlType.F16:
                HalfFloats.DecodeF16(MemoryMarshal.Cast<byte, ushort>(source), destination);
                break;
            case GgmlType.BF16:
                HalfFloats.DecodeBF16(MemoryMarshal.Cast<byte, ushort>(source), destination);
                break;
            case GgmlType.Q8_0:
                DecodeBlocks<Q8_0>(source, destination);
                break;
            case GgmlType.Q4_0:
                DecodeBlocks<Q4_0>(source, destination);
                break;
            case GgmlType.Q4_1:
                DecodeBlocks<Q4_1>(source, destination);
                break;
            case GgmlType.Q5_0:
                DecodeBlocks<Q5_0>(source, destination);
                break;
            case GgmlType.Q5_1:
                DecodeBlocks<Q5_1>(source, destination);
                break;
            case GgmlType.Q4_K:
                DecodeBlocks<Q4_K>(source, destination);
                break;
            case GgmlType.Q5_K:
                DecodeBlocks<Q5_K>(source, destination);
                break;
            default:
                DecodeBlocks<Q6_K>(source, destination);
                break;
        }
    }

    /// <summary>Encodes whole blocks of finite values.</summary>
    /// <param name="type">Storage format.</param>
    /// <param name="source">Values; a multiple of the block size.</param>
    /// <param name="destination">Encoded bytes; exactly what <paramref name="source"/> takes, must not overlap it.</param>
    /// <exception cref="ArgumentException">The lengths do not fit each other or the block size.</exception>
    /// <exception cref="InferometerException">The format is not supported.</exception>
    public static void Encode(GgmlType type, ReadOnlySpan<float> source, Span<byte> destination)
    {
        CheckLengths(type, destination.Length, source.Length);
        switch (type)
        {
            case GgmlType.F32:
                source.CopyTo(MemoryMarshal.Cast<byte, float>(destination));
                break;
            case GgmlType.F16:
                HalfFloats.EncodeF16(source, MemoryMarshal.Cast<byte, ushort>(destination));
                break;
            case GgmlType.BF16:
                HalfFloats.EncodeBF16(source, MemoryMarshal.Cast<byte, ushort>(destination));
                break;
            case GgmlType.Q8_0:
                EncodeBlocks<Q8_0>(source, destination);
                break;
            case GgmlType.Q4_0:
                EncodeBlocks<Q4_0>(source, destination);
                break;
            case GgmlType.Q4_1:
                EncodeBlocks<Q4_1>(source, destination);
                break;
            case GgmlType.Q5_0:
                EncodeBlocks<Q5_0>(source, destination);
                break;
            case GgmlType.Q5_1:
                EncodeBlocks<Q5_1>(source, destination);
                break;
            case GgmlType.Q4_K:
                EncodeBlocks<Q4_K>(source, destination);
                break;
            case GgmlType.Q5_K:
                EncodeBlocks<Q5_K>(source, destination);
                break;
            default:
                EncodeBlocks<Q6_K>(source, destination);
                break;
        }
    }

    private static void DecodeBlocks<TFormat>(ReadOnlySpan<byte> source, Span<float> destination)
        where TFormat : struct, IBlockFormat
    {
        for (int at = 0; !source[at..].IsEmpty; at += TFormat.Bytes)
        {
            TFormat.Decode(source.Slice(at, TFormat.Bytes), destination.Slice(at / TFormat.Bytes * TFormat.Values, TFormat.Values));
        }
    }

    private static void EncodeBlocks<TFormat>(ReadOnlySpan<float> source, Span<byte> destination)
        where TFormat : struct, IBlockFormat
    {
        for (int at = 0; !destination[at..].IsEmpty; at += TFormat.Bytes)
        {
            TFormat.Encode(source.Slice(at / TFormat.Bytes * TFormat.Values, TFormat.Values), destination.Slice(at, TFormat.Bytes));
        }
    }

    private static void CheckLengths(GgmlType type, int bytes, int values)
    {
        if (!IsSupported(type))
        {
            throw new InferometerException(
                $"Weights stored as {type} are not supported. Supported: {string.Join(", ", SupportedTypes)}.");
        }

        if (values % type.BlockSize() != 0 || type.ByteCount(values) != bytes)
        {
            throw new ArgumentException(
                $"{values} values of {type} do not take {bytes} bytes in whole blocks of {type.BlockSize()}.", nameof(values));
        }
    }
}
