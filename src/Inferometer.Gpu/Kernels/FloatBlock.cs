using System.Runtime.InteropServices;
using ILGPU;

namespace Inferometer.Gpu.Kernels;

/// <summary>Eight weights as floats.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct FloatBlock
{
    /// <summary>Weights of a block.</summary>
    public const int Width = 8;

    public Float4 First;
    public Float4 Second;

    /// <summary>Products with eight activations, summed up.</summary>
    public static float Dot(FloatBlock block, Operand operand, long index)
    {
        Float4 first = operand.Values[2 * index], second = operand.Values[(2 * index) + 1];
        return (block.First.X * first.X) + (block.First.Y * first.Y) + (block.First.Z * first.Z) + (block.First.W * first.W)
            + (block.Second.X * second.X) + (block.Second.Y * second.Y) + (block.Second.Z * second.Z) + (block.Second.W * second.W);
    }

    /// <summary>Writes the weights.</summary>
    public static void Decode(FloatBlock block, ArrayView<float> target, long start, float scale)
    {
        target[start] = block.First.X * scale;
        target[start + 1] = block.First.Y * scale;
        target[start + 2] = block.First.Z * scale;
        target[start + 3] = block.First.W * scale;
        target[start + 4] = block.Second.X * scale;
        target[start + 5] = block.Second.Y * scale;
        target[start + 6] = block.Second.Z * scale;
        target[start + 7] = block.Second.W * scale;
    }
}
