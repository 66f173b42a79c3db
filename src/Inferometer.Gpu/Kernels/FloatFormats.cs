using ILGPU;

namespace Inferometer.Gpu.Kernels;

/// <summary>Weights of 32 bits, four at a time.</summary>
internal readonly struct Float32Format : IWeightFormat<Float4>
{
    public static int Width => 4;

    public static Float4 Load(DeviceWeights weights, long index)
    {
        Int4 bits = weights.Quants[index];
        return new Float4
        {
            X = Interop.IntAsFloat((uint)bits.X),
            Y = Interop.IntAsFloat((uint)bits.Y),
            Z = Interop.IntAsFloat((uint)bits.Z),
            W = Interop.IntAsFloat((uint)bits.W),
        };
    }

    public static float Dot(Float4 block, Operand operand, long index)
    {
        Float4 x = operand.Values[index];
        return (block.X * x.X) + (block.Y * x.Y) + (block.Z * x.Z) + (block.W * x.W);
    }

    public static void Decode(Float4 block, ArrayView<float> target, long start, float scale)
    {
        target[start] = block.X * scale;
        target[start + 1] = block.Y * scale;
        target[start + 2] = block.Z * scale;
        target[start + 3] = block.W * scale;
    }
}

/// <summary>Weights of 16 bits, half precision.</summary>
internal readonly struct Float16Format : IWeightFormat<FloatBlock>, IFloatFragments
{
    public static int Width => FloatBlock.Width;

    public static FloatBlock Load(DeviceWeights weights, long index)
    {
        Int4 bits = weights.Quants[index];
        return new FloatBlock { First = Four(bits.X, bits.Y), Second = Four(bits.Z, bits.W) };
    }

    public static float Dot(FloatBlock block, Operand operand, long index) => FloatBlock.Dot(block, operand, index);

    public static void Decode(FloatBlock block, ArrayView<float> target, long start, float scale) =>
        FloatBlock.Decode(block, target, start, scale);

    public static int Pack(float first, float second) => DeviceMath.FloatToHalf(first) | (DeviceMath.FloatToHalf(second) << 16);

    public static bool IsBrain => false;

    private static Float4 Four(int first, int second) => new()
    {
        X = DeviceMath.HalfToFloat(first & 0xFFFF),
        Y = DeviceMath.HalfToFloat((first >> 16) & 0xFFFF),
        Z = DeviceMath.HalfToFloat(second & 0xFFFF),
        W = DeviceMath.HalfToFloat((second >> 16) & 0xFFFF),
    };
}

/// <summary>Weights of 16 bits, the upper half of a float.</summary>
internal readonly struct BrainFormat : IWeightFormat<FloatBlock>, IFloatFragments
{
    public static int Width => FloatBlock.Width;

    public static FloatBlock Load(DeviceWeights weights, long index)
    {
        Int4 bits = weights.Quants[index];
        return new FloatBlock { First = Four(bits.X, bits.Y), Second = Four(bits.Z, bits.W) };
    }

    public static float Dot(FloatBlock block, Operand operand, long index) => FloatBlock.Dot(block, operand, index);

    public static void Decode(FloatBlock block, ArrayView<float> target, long start, float scale) =>
        FloatBlock.Decode(block, target, start, scale);

    public static int Pack(float first, float second) => DeviceMath.FloatToBrain(first) | (DeviceMath.FloatToBrain(second) << 16);

    public static bool IsBrain => true;

    private static Float4 Four(int first, int second) => new()
    {
        X = DeviceMath.BrainToFloat(first & 0xFFFF),
        Y = DeviceMath.BrainToFloat((first >> 16) & 0xFFFF),
        Z = DeviceMath.BrainToFloat(second & 0xFFFF),
        W = DeviceMath.BrainToFloat((second >> 16) & 0xFFFF),
    };
}
