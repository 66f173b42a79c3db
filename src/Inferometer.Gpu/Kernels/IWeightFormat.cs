using ILGPU;

namespace Inferometer.Gpu.Kernels;

/// <summary>How a format's weights come from memory into registers, and meet activations there.</summary>
/// <typeparam name="TBlock">Weights in registers.</typeparam>
internal interface IWeightFormat<TBlock>
    where TBlock : struct
{
    /// <summary>Weights that are loaded together.</summary>
    static abstract int Width { get; }

    /// <summary>Loads the weights numbered from <see cref="Width"/> times <paramref name="index"/> on, rows following each other.</summary>
    static abstract TBlock Load(DeviceWeights weights, long index);

    /// <summary>Products with as many activations, summed up.</summary>
    static abstract float Dot(TBlock block, Operand operand, long index);

    /// <summary>Writes the weights as floats from <paramref name="start"/> on.</summary>
    static abstract void Decode(TBlock block, ArrayView<float> target, long start, float scale);
}
