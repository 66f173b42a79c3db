using System.Buffers;
using System.Runtime.InteropServices;
using Inferometer.Core;
using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Formats;
using Inferometer.ModelFiles.Quantization;

namespace Inferometer.ModelFiles.Conversion;

/// <summary>Encodes a tensor row by row into a file, some megabytes at a time, rows in parallel.</summary>
internal static class TensorStream
{
    private const long BatchBytes = 8 << 20;

    public static void Write(GgufWriter writer, ConvertedTensor tensor, GgmlType type, float[][]? importances,
        CancellationToken cancellationToken)
    {
        long matrixRows = tensor.Rows / (importances?.Length ?? 1);
        int rowBytes = checked((int)type.ByteCount(tensor.Columns));
        int batch = (int)Math.Clamp(BatchBytes / rowBytes, 1, tensor.Rows);
        byte[] buffer = new byte[(long)batch * rowBytes];
        for (long first = 0; first < tensor.Rows; first += batch)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int rows = (int)Math.Min(batch, tensor.Rows - first);
            long start = first;
            try
            {
                Parallel.For(0, rows, i => EncodeRow(
                    tensor, type, start + i, importances?[(start + i) / matrixRows], buffer.AsSpan(i * rowBytes, rowBytes)));
            }
            catch (AggregateException error) when (error.InnerExceptions[0] is InferometerException inner)
            {
                throw new InferometerException(inner.Message, error);
            }

            writer.Write(buffer.AsSpan(0, rows * rowBytes));
        }
    }

    private static void EncodeRow(ConvertedTensor tensor, GgmlType type, long row, float[]? importance, Span<byte> destination)
    {
        if (tensor.KeepsBytesOf(type))
        {
            (ModelTensor kept, long keptRow) = tensor.SourceRow(row);
            kept.Row(keptRow).CopyTo(destination);
            RequireFinite(type, destination, tensor, row, $"{kept.Source}: tensor '{kept.Name}' holds NaN or infinity");
            return;
        }

        int columns = (int)tensor.Columns;
        float[] rented = ArrayPool<float>.Shared.Rent(columns);
        try
        {
            Span<float> values = rented.AsSpan(0, columns);
            string origin = Decode(tensor, row, values);
            RequireFinite(GgmlType.F32, MemoryMarshal.AsBytes(values), tensor, row, $"{origin} holds NaN or infinity");
            BlockCodec.Encode(type, values, importance, destination);
            RequireFinite(type, destination, tensor, row, $"{origin} holds values too large for {type}");
        }
        finally
        {
            ArrayPool<float>.Shared.Return(rented);
        }
    }

    private static string Decode(ConvertedTensor tensor, long row, Span<float> values)
    {
        if (tensor.Values is float[] made)
        {
            made.AsSpan((int)(row * tensor.Columns), values.Length).CopyTo(values);
            return tensor.Name;
        }

        (ModelTensor source, long sourceRow) = tensor.SourceRow(row);
        source.DecodeRow(sourceRow, values);
        if (tensor.ColumnOrder is { } order)
        {
            float[] stored = values.ToArray();
            for (int column = 0; column < values.Length; column++)
            {
                values[column] = stored[order[column]];
            }
        }

        if (tensor.AddOne)
        {
            foreach (ref float value in values)
            {
                value += 1;
            }
        }

        return $"{source.Source}: tensor '{source.Name}'";
    }

    private static void RequireFinite(GgmlType type, ReadOnlySpan<byte> bytes, ConvertedTensor tensor, long row, string problem)
    {
        int column = WeightValidation.FirstNonFinite(type, bytes);
        if (column >= 0)
        {
            throw new InferometerException($"{problem}, at row {row}, column {column} of '{tensor.Name}'.");
        }
    }
}
