using System.Runtime.InteropServices;

namespace Inferometer.Gpu.Kernels;

/// <summary>
/// What a thread holds of 32 quantised weights of a row for <see cref="IMatrixCores"/>: words t and t + 4, and the scales.
/// </summary>
[StructLayout(LayoutKind.Sequential)]
internal struct QuantFragment
{
    public int First;
    public int Second;
    public float FirstScale;
    public float SecondScale;
    public float Minimum;
}

/// <summary>A quantised format whose weights are loaded as fragments.</summary>
internal interface IQuantFragments
{
    /// <summary>Whether either half of 32 weights has a scale of its own.</summary>
    static abstract bool HasTwoScales { get; }

    /// <summary>Loads a thread's part of the 32 weights numbered <paramref name="index"/>.</summary>
    static abstract QuantFragment Load(DeviceWeights weights, long index, int part);
}

/// <summary>A float format of 16 bits whose weights are fragments as they are.</summary>
internal interface IFloatFragments
{
    /// <summary>Two activations in the format.</summary>
    static abstract int Pack(float first, float second);

    /// <summary>bfloat16, otherwise half precision.</summary>
    static abstract bool IsBrain { get; }
}

/// <summary>A thread's four numbers of 16 rows times 8 tokens, see <see cref="IMatrixCores"/>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct Tile
{
    public float C0;
    public float C1;
    public float C2;
    public float C3;
}
