using System.Buffers;
using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Quantization;

namespace Inferometer.ModelFiles.Formats;

/// <summary>
/// Weights stored as integers with a scale, and perhaps a zero point, per row and group of columns: x = s (q - z). What GPTQ, AWQ,
/// compressed-tensors and bitsandbytes have in common.
/// </summary>
/// <remarks>
/// They become Q4_0 where q - z is from -8 to 7, Q5_0 from -16 to 15, Q8_0 from -128 to 127: exactly where the scales are f16 numbers, with
/// scales rounded by at most 2^-11 where they are not. Where groups do not divide into blocks of 32 columns (GPTQ's act-order) or scales
/// are too small for f16, the products are rounded to F16 or BF16.
/// </remarks>
internal sealed class GroupedIntegers : PackedWeight
{
    private readonly IntegerLayout _layout;
    private readonly int _centre;

    /// <param name="name">Name of the weight.</param>
    /// <param name="path">The file, for messages.</param>
    /// <param name="layout">Where integers, scales and zero points lie.</param>
    public GroupedIntegers(string name, string path, IntegerLayout layout)
        : base(path, name, new([layout.Rows, layout.Columns]), Choose(layout))
    {
        _layout = layout;
        _centre = Type switch
        {
            GgmlType.Q4_0 => 8,
            GgmlType.Q5_0 => 16,
            _ => 0,
        };
    }

    public override void WriteRow(long row, Span<byte> destination)
    {
        int columns = checked((int)Columns);
        int[] integers = ArrayPool<int>.Shared.Rent(columns);
        _layout.ReadRow(row, integers.AsSpan(0, columns)); // q - z
        if (Type.IsQuantized())
        {
            WriteBlocks(row, integers, destination);
        }
        else
        {
            float[] values = ArrayPool<float>.Shared.Rent(columns);
            for (int column = 0; column < columns; column++)
            {
                values[column] = integers[column] * _layout.Scale(row, _layout.Group(column));
            }

            BlockCodec.Encode(Type, values.AsSpan(0, columns), destination);
            ArrayPool<float>.Shared.Return(values);
        }

        ArrayPool<int>.Shared.Return(integers);
    }

    private void WriteBlocks(long row, int[] integers, Span<byte> destination)
    {
        int blockBytes = Type.BlockBytes();
        for (int first = 0, at = 0; first < Columns; first += 32, at += blockBytes)
        {
            Span<byte> block = destination.Slice(at, blockBytes);
            block.Clear();
            HalfFloats.WriteF16(block, _layout.Scale(row, _layout.Group(first)));
            Span<int> q = integers.AsSpan(first, 32);
            if (Type == GgmlType.Q8_0)
            {
                for (int i = 0; i < 32; i++)
                {
                    block[2 + i] = (byte)(sbyte)q[i];
                }

                continue;
            }

            for (int i = 0; i < 16; i++)
            {
                int low = q[i] + _centre, high = q[i + 16] + _centre;
                block[blockBytes - 16 + i] = (byte)((low & 15) | ((high & 15) << 4));
                if (Type == GgmlType.Q5_0)
                {
                    block[2 + (i / 8)] |= (byte)(low >> 4 << (i % 8));
                    block[4 + (i / 8)] |= (byte)(high >> 4 << (i % 8));
                }
            }
        }
    }

    /// <summary>The narrowest format that takes all values.</summary>
    private static GgmlType Choose(IntegerLayout layout)
    {
        if (!layout.ScalesFitHalf())
        {
            return GgmlType.BF16;
        }

        (int least, int most) = layout.Range();
        return layout.Columns % 32 != 0 || !layout.GroupsAreWholeBlocks() ? GgmlType.F16
            : least >= -8 && most <= 7 ? GgmlType.Q4_0
            : least >= -16 && most <= 15 ? GgmlType.Q5_0
            : least >= -128 && most <= 127 ? GgmlType.Q8_0
            : GgmlType.F16;
    }
}
