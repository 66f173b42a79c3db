using Inferometer.Core.Gguf;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>The formats of 256 values with 6-bit scales and minima.</summary>
internal interface ISixBitScaleFormat
{
    static abstract GgmlType Type { get; }

    /// <summary>Five bits a value: the fifth of all values are stored apart.</summary>
    static abstract bool HasFifthBits { get; }
}

internal readonly struct Q4_KFormat : ISixBitScaleFormat
{
    public static GgmlType Type => GgmlType.Q4_K;

    public static bool HasFifthBits => false;
}

internal readonly struct Q5_KFormat : ISixBitScaleFormat
{
    public static GgmlType Type => GgmlType.Q5_K;

    public static bool HasFifthBits => true;
}
