using ILGPU;

namespace Inferometer.Gpu.Kernels;

/// <summary>Weights of 8 bits, an f16 scale for every 32.</summary>
internal readonly struct Q8_0Format : IWeightFormat<QuantBlock>, IQuantFragments
{
    public static int Width => QuantBlock.Width;

    public static QuantBlock Load(DeviceWeights weights, long index)
    {
        float scale = DeviceMath.HalfToFloat(weights.Small[index]);
        return new QuantBlock
        {
            First = weights.Quants[2 * index],
            Second = weights.Quants[(2 * index) + 1],
            FirstScale = scale,
            SecondScale = scale,
            Minimum = 0,
        };
    }

    public static float Dot(QuantBlock block, Operand operand, long index) => QuantBlock.Dot(block, operand, index);

    public static void Decode(QuantBlock block, ArrayView<float> target, long start, float scale) =>
        QuantBlock.Decode(block, target, start, scale);

    public static bool HasTwoScales => false;

    public static QuantFragment Load(DeviceWeights weights, long index, int part)
    {
        ArrayView<int> words = weights.Quants.Cast<int>();
        float scale = DeviceMath.HalfToFloat(weights.Small[index]);
        return new QuantFragment
        {
            First = words[(8 * index) + part],
            Second = words[(8 * index) + part + 4],
            FirstScale = scale,
            SecondScale = scale,
            Minimum = 0,
        };
    }
}

/// <summary>Weights of 4 bits less 8, an f16 scale for every 32.</summary>
internal readonly struct Q4_0Format : IWeightFormat<QuantBlock>, IQuantFragments
{
    public static int Width => QuantBlock.Width;

    public static QuantBlock Load(DeviceWeights weights, long index)
    {
        float scale = DeviceMath.HalfToFloat(weights.Small[index]);
        Int4 nibbles = weights.Quants[index];
        return new QuantBlock
        {
            First = Nibbles.Low(nibbles),
            Second = Nibbles.High(nibbles),
            FirstScale = scale,
            SecondScale = scale,
            Minimum = 8 * scale,
        };
    }

    public static float Dot(QuantBlock block, Operand operand, long index) => QuantBlock.Dot(block, operand, index);

    public static void Decode(QuantBlock block, ArrayView<float> target, long start, float scale) =>
        QuantBlock.Decode(block, target, start, scale);

    public static bool HasTwoScales => false;

    public static QuantFragment Load(DeviceWeights weights, long index, int part)
    {
        int nibbles = weights.Quants.Cast<int>()[(4 * index) + part];
        float scale = DeviceMath.HalfToFloat(weights.Small[index]);
        return new QuantFragment
        {
            First = nibbles & 0x0F0F0F0F,
            Second = (nibbles >> 4) & 0x0F0F0F0F,
            FirstScale = scale,
            SecondScale = scale,
            Minimum = 8 * scale,
        };
    }
}

/// <summary>Weights of 4 bits; of every 32 a scale and a minimum of 6 bits, of every 256 f16 factors of both.</summary>
internal readonly struct Q4_KFormat : IWeightFormat<QuantBlock>, IQuantFragments
{
    public static int Width => QuantBlock.Width;

    public static QuantBlock Load(DeviceWeights weights, long index)
    {
        int pair = weights.Small[index];
        long super = index / 8 * 2;
        float scale = DeviceMath.HalfToFloat(weights.Factors[super]) * (pair & 0xFF);
        Int4 nibbles = weights.Quants[index];
        return new QuantBlock
        {
            First = Nibbles.Low(nibbles),
            Second = Nibbles.High(nibbles),
            FirstScale = scale,
            SecondScale = scale,
            Minimum = DeviceMath.HalfToFloat(weights.Factors[super + 1]) * (pair >> 8),
        };
    }

    public static float Dot(QuantBlock block, Operand operand, long index) => QuantBlock.Dot(block, operand, index);

    public static void Decode(QuantBlock block, ArrayView<float> target, long start, float scale) =>
        QuantBlock.Decode(block, target, start, scale);

    public static bool HasTwoScales => false;

    public static QuantFragment Load(DeviceWeights weights, long index, int part)
    {
        int nibbles = weights.Quants.Cast<int>()[(4 * index) + part], pair = weights.Small[index];
        long super = index / 8 * 2;
        float scale = DeviceMath.HalfToFloat(weights.Factors[super]) * (pair & 0xFF);
        return new QuantFragment
        {
            First = nibbles & 0x0F0F0F0F,
            Second = (nibbles >> 4) & 0x0F0F0F0F,
            FirstScale = scale,
            SecondScale = scale,
            Minimum = DeviceMath.HalfToFloat(weights.Factors[super + 1]) * (pair >> 8),
        };
    }
}

/// <summary>Weights of 6 bits less 32; of every 16 a scale of 8 bits, of every 256 its f16 factor.</summary>
internal readonly struct Q6_KFormat : IWeightFormat<QuantBlock>, IQuantFragments
{
    public static int Width => QuantBlock.Width;

    public static QuantBlock Load(DeviceWeights weights, long index)
    {
        int pair = weights.Small[index];
        float factor = DeviceMath.HalfToFloat(weights.Factors[index / 8]);
        Int4 low = Nibbles.Low(weights.Quants[index]), high = Nibbles.High(weights.Quants[index]);
        Int2 bits = weights.High[index];
        return new QuantBlock
        {
            First = Nibbles.Less32(Nibbles.WithHigh(low, bits.X)),
            Second = Nibbles.Less32(Nibbles.WithHigh(high, bits.Y)),
            FirstScale = factor * (sbyte)pair,
            SecondScale = factor * (sbyte)(pair >> 8),
            Minimum = 0,
        };
    }

    public static float Dot(QuantBlock block, Operand operand, long index) => QuantBlock.Dot(block, operand, index);

    public static void Decode(QuantBlock block, ArrayView<float> target, long start, float scale) =>
        QuantBlock.Decode(block, target, start, scale);

    public static bool HasTwoScales => true;

    public static QuantFragment Load(DeviceWeights weights, long index, int part)
    {
        int nibbles = weights.Quants.Cast<int>()[(4 * index) + part], pair = weights.Small[index];
        float factor = DeviceMath.HalfToFloat(weights.Factors[index / 8]);
        Int2 bits = weights.High[index];
        return new QuantFragment
        {
            First = Nibbles.Less32((nibbles & 0x0F0F0F0F) | (((bits.X >> (2 * part)) & 0x03030303) << 4)),
            Second = Nibbles.Less32(((nibbles >> 4) & 0x0F0F0F0F) | (((bits.Y >> (2 * part)) & 0x03030303) << 4)),
            FirstScale = factor * (sbyte)pair,
            SecondScale = factor * (sbyte)(pair >> 8),
            Minimum = 0,
        };
    }
}

/// <summary>Weights of 4 bits that number the levels 0, 1/2, 1, 3/2, 2, 3, 4, 6 and their negatives, a power of two for every 32.</summary>
internal readonly struct MXFP4Format : IWeightFormat<QuantBlock>, IQuantFragments
{
    public static int Width => QuantBlock.Width;

    public static QuantBlock Load(DeviceWeights weights, long index)
    {
        float scale = Scale(weights.Small[index]);
        Int4 nibbles = weights.Quants[index];
        return new QuantBlock
        {
            First = Nibbles.Float4Levels(Nibbles.Low(nibbles)),
            Second = Nibbles.Float4Levels(Nibbles.High(nibbles)),
            FirstScale = scale,
            SecondScale = scale,
            Minimum = 0,
        };
    }

    public static float Dot(QuantBlock block, Operand operand, long index) => QuantBlock.Dot(block, operand, index);

    public static void Decode(QuantBlock block, ArrayView<float> target, long start, float scale) =>
        QuantBlock.Decode(block, target, start, scale);

    public static bool HasTwoScales => false;

    public static QuantFragment Load(DeviceWeights weights, long index, int part)
    {
        int nibbles = weights.Quants.Cast<int>()[(4 * index) + part];
        float scale = Scale(weights.Small[index]);
        return new QuantFragment
        {
            First = Nibbles.Float4Levels(nibbles & 0x0F0F0F0F),
            Second = Nibbles.Float4Levels((nibbles >> 4) & 0x0F0F0F0F),
            FirstScale = scale,
            SecondScale = scale,
            Minimum = 0,
        };
    }

    // Levels are kept doubled, so the scale is half of it; exponents 0 and 1 are subnormal floats.
    private static float Scale(int exponent) =>
        Interop.IntAsFloat(exponent < 2 ? 0x200000u << exponent : (uint)(exponent - 1) << 23);
}
