using ILGPU;

namespace Inferometer.Gpu.Kernels;

/// <summary>What norms and rotates heads before they are stored.</summary>
internal struct RotaryArguments
{
    /// <summary>Cosines, [tokens][pairs].</summary>
    public ArrayView<float> Cosines;

    /// <summary>Sines, likewise.</summary>
    public ArrayView<float> Sines;

    /// <summary>Factors of the norm on query heads, [width].</summary>
    public ArrayView<float> QueryNorm;

    /// <summary>Factors of the norm on key heads, [width].</summary>
    public ArrayView<float> KeyNorm;

    /// <summary>Rotated pairs; 0 = none.</summary>
    public int Pairs;

    /// <summary>Pairs are neighbours; otherwise channels i and i + pairs.</summary>
    public int AreNeighbours;

    /// <summary>Whether heads are normed.</summary>
    public int HasNorm;

    /// <summary>Added to the mean square.</summary>
    public float Epsilon;
}
