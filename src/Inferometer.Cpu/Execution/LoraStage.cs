using System.Numerics.Tensors;
using Inferometer.Cpu.Kernels.Matrices;
using Inferometer.Cpu.Lora;
using Inferometer.Cpu.Weights;

namespace Inferometer.Cpu.Execution;

/// <summary>
/// Adds the adapters' share to a projection's output, for the rows of the sequences that have one; neighbours with the same adapter go
/// together.
/// </summary>
internal sealed class LoraStage(MatrixMultiplier multiplier)
{
    private float[] _inner = [];
    private float[] _outer = [];

    /// <summary>output += scale * up(down(input)) per adapter.</summary>
    public void Add(StepLayout layout, Projection projection, float[] input, float[] output)
    {
        int count = layout.Batch.Count;
        for (int first = 0, end; first < count; first = end)
        {
            var adapter = (LoraAdapter?)layout.Batch[first].Adapter;
            end = first + 1;
            while (end < count && ReferenceEquals(layout.Batch[end].Adapter, adapter))
            {
                end++;
            }

            if (adapter?.PairAt(projection.Site) is LoraPair pair)
            {
                int firstRow = layout.FirstTokens[first];
                int endRow = end < count ? layout.FirstTokens[end] : layout.TokenCount;
                AddPair(pair, projection, input, output, firstRow, endRow - firstRow);
            }
        }
    }

    private void AddPair(LoraPair pair, Projection projection, float[] input, float[] output, int firstRow, int rows)
    {
        Reserve(ref _inner, rows * pair.Down.Rows);
        Reserve(ref _outer, rows * pair.Up.Rows);
        multiplier.Multiply(input.AsSpan(firstRow * projection.Matrix.Columns), rows, pair.Down, _inner);
        multiplier.Multiply(_inner, rows, pair.Up, _outer);
        Span<float> sum = output.AsSpan(firstRow * projection.Matrix.Rows, rows * projection.Matrix.Rows);
        TensorPrimitives.MultiplyAdd(_outer.AsSpan(0, sum.Length), pair.Scale, sum, sum);
    }

    private static void Reserve(ref float[] array, int length)
    {
        if (array.Length < length)
        {
            array = new float[length];
        }
    }
}
