using System.Globalization;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Quantization;

namespace Inferometer.ModelFiles.Formats;

/// <summary>
/// Looks for NaN and infinity in weights: in the values of float formats, in the scales of block formats. It reads every byte once, so
/// it also brings a mapped file into memory. Thread-safe.
/// </summary>
public static class WeightValidation
{
    private const int ChunkBytes = 1 << 22;

    /// <summary>Checks every tensor of a format that can be decoded; the others cannot be used anyway.</summary>
    /// <exception cref="InferometerException">A tensor holds NaN or infinity.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static void RequireFinite(ITensorSource source, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        foreach (ModelTensor tensor in source.Tensors.Where(tensor => BlockCodec.IsSupported(tensor.Type)))
        {
            RequireFinite(tensor, cancellationToken);
        }
    }

    /// <summary>Checks one tensor.</summary>
    /// <exception cref="InferometerException">It holds NaN or infinity, or is of a format that cannot be decoded.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public static void RequireFinite(ModelTensor tensor, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        int step = ChunkBytes / tensor.Type.BlockBytes() * tensor.Type.BlockBytes();
        for (long at = 0; at < tensor.ByteCount; at += step)
        {
            cancellationToken.ThrowIfCancellationRequested();
            RequireFinite(tensor, at, (int)Math.Min(step, tensor.ByteCount - at));
        }
    }

    /// <summary>Checks whole blocks of a tensor.</summary>
    /// <param name="tensor">The tensor.</param>
    /// <param name="offset">First byte within it.</param>
    /// <param name="count">Number of bytes.</param>
    /// <exception cref="InferometerException">They hold NaN or infinity.</exception>
    public static void RequireFinite(ModelTensor tensor, long offset, int count)
    {
        int found = FirstNonFinite(tensor.Type, tensor.Bytes(offset, count));
        if (found >= 0)
        {
            throw NonFinite(tensor, (offset / tensor.Type.BlockBytes() * tensor.Type.BlockSize()) + found);
        }
    }

    /// <summary>Index of the first value that is, or has a scale that is, NaN or infinite; -1 when there is none.</summary>
    internal static int FirstNonFinite(GgmlType type, ReadOnlySpan<byte> bytes) => type switch
    {
        GgmlType.F32 => FirstWithAllBits<uint>(MemoryMarshal.Cast<byte, uint>(bytes), 0x7F800000),
        GgmlType.F16 => FirstWithAllBits<ushort>(MemoryMarshal.Cast<byte, ushort>(bytes), 0x7C00),
        GgmlType.BF16 => FirstWithAllBits<ushort>(MemoryMarshal.Cast<byte, ushort>(bytes), 0x7F80),
        _ => BlockFormats.Find(type) is { } format
            ? FirstBadBlock(type, format, bytes)
            : throw new InferometerException(
                $"Weights stored as {type} cannot be checked. Supported: {string.Join(", ", BlockCodec.SupportedTypes)}."),
    };

    /// <summary>First element in which all bits of <paramref name="exponent"/> are set: the pattern of infinities and NaN.</summary>
    /// <remarks>Optimised at once: a model is checked before the runtime would find out how hot the loop is.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int FirstWithAllBits<T>(ReadOnlySpan<T> values, T exponent)
        where T : unmanaged, System.Numerics.IBinaryInteger<T>
    {
        int i = 0;
        Vector256<T> mask = Vector256.Create(exponent);
        for (; i <= values.Length - Vector256<T>.Count; i += Vector256<T>.Count)
        {
            if (Vector256.EqualsAny(Vector256.Create(values.Slice(i, Vector256<T>.Count)) & mask, mask))
            {
                break;
            }
        }

        for (; i < values.Length; i++)
        {
            if ((values[i] & exponent) == exponent)
            {
                return i;
            }
        }

        return -1;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int FirstBadBlock(GgmlType type, BlockFormat format, ReadOnlySpan<byte> bytes)
    {
        int blockBytes = type.BlockBytes();
        int[] scalesAt = format.ScalesAt;
        for (int at = 0; at < bytes.Length; at += blockBytes)
        {
            bool isBad = format.IsFinite?.Invoke(bytes.Slice(at, blockBytes)) == false;
            foreach (int scale in scalesAt)
            {
                isBad |= (MemoryMarshal.Read<ushort>(bytes[(at + scale)..]) & 0x7C00) == 0x7C00;
            }

            if (isBad)
            {
                return at / blockBytes * type.BlockSize();
            }
        }

        return -1;
    }

    private static InferometerException NonFinite(ModelTensor tensor, long index)
    {
        string place = string.Create(CultureInfo.InvariantCulture, $"row {index / tensor.Columns}, column {index % tensor.Columns}");
        string what = tensor.Type.IsQuantized() ? "a block whose scale is NaN or infinite starts" : "NaN or infinity";
        return new InferometerException(
            $"{tensor.Source}: tensor '{tensor.Name}' ({tensor.Type}): {what} at {place}. Weights must be finite; the file is damaged "
                + $"or was converted with overflow.");
    }
}
