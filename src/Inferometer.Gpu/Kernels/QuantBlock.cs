using System.Runtime.InteropServices;
using ILGPU;

namespace Inferometer.Gpu.Kernels;

/// <summary>32 weights as signed bytes q, four in a word: weight = scale q - minimum, with a scale for either half.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct QuantBlock
{
    /// <summary>Weights of a block.</summary>
    public const int Width = 32;

    public Int4 First;
    public Int4 Second;
    public float FirstScale;
    public float SecondScale;
    public float Minimum;

    /// <summary>Products with 32 rounded activations, summed up.</summary>
    public static float Dot(QuantBlock block, Operand operand, long index)
    {
        Int4 first = operand.Quants[2 * index], second = operand.Quants[(2 * index) + 1];
        ActivationScale scale = operand.Scales[index];
        int low = DeviceMath.Dot4(block.First.X, first.X, 0);
        low = DeviceMath.Dot4(block.First.Y, first.Y, low);
        low = DeviceMath.Dot4(block.First.Z, first.Z, low);
        low = DeviceMath.Dot4(block.First.W, first.W, low);
        int high = DeviceMath.Dot4(block.Second.X, second.X, 0);
        high = DeviceMath.Dot4(block.Second.Y, second.Y, high);
        high = DeviceMath.Dot4(block.Second.Z, second.Z, high);
        high = DeviceMath.Dot4(block.Second.W, second.W, high);
        return (scale.Scale * ((low * block.FirstScale) + (high * block.SecondScale))) - (block.Minimum * scale.Sum);
    }

    /// <summary>Writes the weights as floats.</summary>
    public static void Decode(QuantBlock block, ArrayView<float> target, long start, float scale)
    {
        Four(block.First.X, block.FirstScale, block.Minimum, target, start, scale);
        Four(block.First.Y, block.FirstScale, block.Minimum, target, start + 4, scale);
        Four(block.First.Z, block.FirstScale, block.Minimum, target, start + 8, scale);
        Four(block.First.W, block.FirstScale, block.Minimum, target, start + 12, scale);
        Four(block.Second.X, block.SecondScale, block.Minimum, target, start + 16, scale);
        Four(block.Second.Y, block.SecondScale, block.Minimum, target, start + 20, scale);
        Four(block.Second.Z, block.SecondScale, block.Minimum, target, start + 24, scale);
        Four(block.Second.W, block.SecondScale, block.Minimum, target, start + 28, scale);
    }

    private static void Four(int quants, float factor, float minimum, ArrayView<float> target, long start, float scale)
    {
        target[start] = ((factor * (sbyte)quants) - minimum) * scale;
        target[start + 1] = ((factor * (sbyte)(quants >> 8)) - minimum) * scale;
        target[start + 2] = ((factor * (sbyte)(quants >> 16)) - minimum) * scale;
        target[start + 3] = ((factor * (quants >> 24)) - minimum) * scale;
    }
}
