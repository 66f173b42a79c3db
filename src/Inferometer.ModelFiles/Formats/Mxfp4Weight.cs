using Inferometer.Core;
using Inferometer.Core.Gguf;

namespace Inferometer.ModelFiles.Formats;

/// <summary>
/// Weights of microscaled 4-bit floats as gpt-oss stores them: bytes with two neighbouring values, the first low, 16 for every 32 values,
/// and a byte of exponent for each 32. They become MXFP4 exactly; only the order of the halves differs.
/// </summary>
internal sealed unsafe class Mxfp4Weight : PackedWeight
{
    private readonly RawTensor _blocks;
    private readonly RawTensor _scales;

    /// <param name="name">Name of the weight.</param>
    /// <param name="blocks">U8, [..., rows, blocks of a row, 16].</param>
    /// <param name="scales">U8, [..., rows, blocks of a row].</param>
    public Mxfp4Weight(string name, RawTensor blocks, RawTensor scales)
        : base(blocks.Path, name, ShapeOf(blocks), GgmlType.MXFP4)
    {
        _blocks = blocks.Of("U8");
        _scales = scales.Of("U8").WithCount(blocks.Count / 16);
    }

    public override void WriteRow(long row, Span<byte> destination)
    {
        long blocks = Columns / 32;
        for (long block = 0; block < blocks; block++)
        {
            Span<byte> target = destination.Slice((int)block * 17, 17);
            byte* pairs = _blocks.At(((row * blocks) + block) * 16);
            target[0] = *_scales.At((row * blocks) + block);
            for (int i = 0; i < 8; i++)
            {
                // Values 2i and 2i + 1 stand in byte i; MXFP4 has value j beside value j + 16.
                byte low = pairs[i], high = pairs[8 + i];
                target[1 + (2 * i)] = (byte)((low & 15) | (high << 4));
                target[2 + (2 * i)] = (byte)((low >> 4) | (high & 0xF0));
            }
        }
    }

    private static EquatableList<long> ShapeOf(RawTensor blocks) => blocks.Shape is { Count: >= 3 } shape && shape[^1] == 16
        ? new EquatableList<long>([.. shape.Take(shape.Count - 2), shape[^2] * 32])
        : throw blocks.Wrong($"has the shape [{string.Join(", ", blocks.Shape)}]", "[..., rows, blocks of a row, 16]");
}
