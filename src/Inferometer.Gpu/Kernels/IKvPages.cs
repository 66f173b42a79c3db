using ILGPU;

namespace Inferometer.Gpu.Kernels;

/// <summary>How the numbers of keys and values lie in pages: a cell is one head of one token.</summary>
internal interface IKvPages
{
    /// <summary>Whether numbers are rounded to bytes, with a scale in half precision for each <see cref="QuantBlock.Width"/>.</summary>
    static abstract bool AreRounded { get; }

    /// <summary>A key times a query.</summary>
    /// <param name="keys">Keys of the layer, 16 bytes at a time.</param>
    /// <param name="scales">Their scales, where there are some.</param>
    /// <param name="cell">Which key.</param>
    /// <param name="shared">Shared memory.</param>
    /// <param name="query">Where in it the query is.</param>
    /// <param name="width">Width of a head.</param>
    static abstract float Score(
        ArrayView<Int4> keys, ArrayView<ushort> scales, long cell, ArrayView<float> shared, int query, int width);

    /// <summary>Four neighbouring channels of a value.</summary>
    /// <param name="values">Values of the layer, 8 bytes at a time.</param>
    /// <param name="scales">Their scales, where there are some.</param>
    /// <param name="cell">Which value.</param>
    /// <param name="four">Which four channels.</param>
    /// <param name="width">Width of a head.</param>
    static abstract Float4 Four(ArrayView<Int2> values, ArrayView<ushort> scales, long cell, int four, int width);
}

/// <summary>Numbers in half precision.</summary>
internal readonly struct HalfPages : IKvPages
{
    public static bool AreRounded => false;

    public static float Score(
        ArrayView<Int4> keys, ArrayView<ushort> scales, long cell, ArrayView<float> shared, int query, int width)
    {
        int eights = width / 8;
        long start = cell * eights;
        float sum = 0;
        for (int i = 0; i < eights; i++)
        {
            Int4 bits = keys[start + i];
            int at = query + (8 * i);
            sum += (DeviceMath.HalfToFloat(bits.X & 0xFFFF) * shared[at])
                + (DeviceMath.HalfToFloat((bits.X >> 16) & 0xFFFF) * shared[at + 1])
                + (DeviceMath.HalfToFloat(bits.Y & 0xFFFF) * shared[at + 2])
                + (DeviceMath.HalfToFloat((bits.Y >> 16) & 0xFFFF) * shared[at + 3])
                + (DeviceMath.HalfToFloat(bits.Z & 0xFFFF) * shared[at + 4])
                + (DeviceMath.HalfToFloat((bits.Z >> 16) & 0xFFFF) * shared[at + 5])
                + (DeviceMath.HalfToFloat(bits.W & 0xFFFF) * shared[at + 6])
                + (DeviceMath.HalfToFloat((bits.W >> 16) & 0xFFFF) * shared[at + 7]);
        }

        return sum;
    }

    public static Float4 Four(ArrayView<Int2> values, ArrayView<ushort> scales, long cell, int four, int width)
    {
        Int2 bits = values[(cell * (width / 4)) + four];
        return new Float4
        {
            X = DeviceMath.HalfToFloat(bits.X & 0xFFFF),
            Y = DeviceMath.HalfToFloat((bits.X >> 16) & 0xFFFF),
            Z = DeviceMath.HalfToFloat(bits.Y & 0xFFFF),
            W = DeviceMath.HalfToFloat((bits.Y >> 16) & 0xFFFF),
        };
    }
}

/// <summary>Numbers rounded to bytes, from -127 to 127, times the scale of their block.</summary>
internal readonly struct BytePages : IKvPages
{
    public static bool AreRounded => true;

    public static float Score(
        ArrayView<Int4> keys, ArrayView<ushort> scales, long cell, ArrayView<float> shared, int query, int width)
    {
        int blocks = width / QuantBlock.Width;
        long start = cell * blocks;
        float sum = 0;
        for (int block = 0; block < blocks; block++)
        {
            Int4 first = keys[2 * (start + block)], second = keys[(2 * (start + block)) + 1];
            int at = query + (QuantBlock.Width * block);
            float products = Dot(first.X, shared, at) + Dot(first.Y, shared, at + 4) + Dot(first.Z, shared, at + 8)
                + Dot(first.W, shared, at + 12);
            products += Dot(second.X, shared, at + 16) + Dot(second.Y, shared, at + 20) + Dot(second.Z, shared, at + 24)
                + Dot(second.W, shared, at + 28);
            sum += products * DeviceMath.HalfToFloat(scales[start + block]);
        }

        return sum;
    }

    public static Float4 Four(ArrayView<Int2> values, ArrayView<ushort> scales, long cell, int four, int width)
    {
        // Two threads load the same 8 bytes and take a half each.
        Int2 both = values[(cell * (width / 8)) + (four / 2)];
        int bytes = four % 2 == 0 ? both.X : both.Y;
        float scale = DeviceMath.HalfToFloat(scales[(cell * (width / QuantBlock.Width)) + (four / (QuantBlock.Width / 4))]);
        return new Float4
        {
            X = ((bytes << 24) >> 24) * scale,
            Y = ((bytes << 16) >> 24) * scale,
            Z = ((bytes << 8) >> 24) * scale,
            W = (bytes >> 24) * scale,
        };
    }

    private static float Dot(int bytes, ArrayView<float> shared, int at) => (((bytes << 24) >> 24) * shared[at])
        + (((bytes << 16) >> 24) * shared[at + 1]) + (((bytes << 8) >> 24) * shared[at + 2]) + ((bytes >> 24) * shared[at + 3]);
}
