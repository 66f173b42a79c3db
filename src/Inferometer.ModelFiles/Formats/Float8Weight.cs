using System.Buffers;
using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Quantization;

namespace Inferometer.ModelFiles.Formats;

/// <summary>
/// Weights of eight-bit floats. Without a scale they become F16, exactly; with one per tensor, row or block of 128 x 128 the products
/// become BF16, as transformers and the models' makers work them out: exactly where scales are powers of two, otherwise rounded by at most
/// 2^-9 of each value.
/// </summary>
internal sealed unsafe class Float8Weight : PackedWeight
{
    private readonly RawTensor _values;
    private readonly RawTensor? _scales;
    private readonly long _rowsPerScale;
    private readonly long _columnsPerScale;
    private readonly long _scaleColumns;

    /// <param name="name">Name of the weight.</param>
    /// <param name="values">The floats, of type F8_E4M3 or F8_E5M2.</param>
    /// <param name="scales">What they are multiplied by, or null.</param>
    /// <param name="block">Rows and columns of a block, where scales are given per block.</param>
    public Float8Weight(string name, RawTensor values, RawTensor? scales, (long Rows, long Columns) block)
        : base(values.Path, name, values.Shape, scales is null ? GgmlType.F16 : GgmlType.BF16)
    {
        _values = values;
        _scales = scales?.Of("F32", "BF16", "F16", "F8_E8M0");
        (_rowsPerScale, _columnsPerScale, _scaleColumns) = scales is null ? (Rows, Columns, 1) : Blocks(scales, block);
    }

    public override void WriteRow(long row, Span<byte> destination)
    {
        int columns = checked((int)Columns);
        float[] rented = ArrayPool<float>.Shared.Rent(columns);
        Span<float> values = rented.AsSpan(0, columns);
        byte* source = _values.At(row * columns);
        for (int column = 0; column < columns; column++)
        {
            values[column] = Float8.Decode(_values.Element, source[column]);
        }

        for (long block = 0; _scales is not null && block < _scaleColumns; block++)
        {
            float scale = _scales.Float((row / _rowsPerScale * _scaleColumns) + block);
            int first = (int)(block * _columnsPerScale), end = (int)Math.Min((block + 1) * _columnsPerScale, columns);
            foreach (ref float value in values[first..end])
            {
                value *= scale;
            }
        }

        BlockCodec.Encode(Type, values, destination);
        ArrayPool<float>.Shared.Return(rented);
    }

    private (long RowsPerScale, long ColumnsPerScale, long ScaleColumns) Blocks(RawTensor scales, (long Rows, long Columns) block)
    {
        long blockRows = (Rows + block.Rows - 1) / block.Rows, blockColumns = (Columns + block.Columns - 1) / block.Columns;
        return scales.Count == 1 ? (Rows, Columns, 1)
            : scales.Count == Rows && scales.Columns is 1 || (scales.Shape.Count == 1 && scales.Count == Rows) ? (1, Columns, 1)
            : scales.Count == blockRows * blockColumns && scales.Columns == blockColumns ? (block.Rows, block.Columns, blockColumns)
            : throw scales.Wrong(
                $"has the shape [{string.Join(", ", scales.Shape)}]",
                $"one scale, one per row ({Rows}), or one per block of {block.Rows} x {block.Columns} ([{blockRows}, {blockColumns}])");
    }
}
