using Inferometer.Core.Gguf;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>The formats of 32 values with four or five bits each, and what sets them apart.</summary>
internal interface ISmallBlockFormat
{
    static abstract GgmlType Type { get; }

    /// <summary>Five bits: the fifth of all values are stored apart.</summary>
    static abstract bool HasFifthBits { get; }

    /// <summary>x = d q + m with a stored m; otherwise x = d (q - 8) or d (q - 16).</summary>
    static abstract bool HasMinimum { get; }
}

internal readonly struct Q4_0Format : ISmallBlockFormat
{
    public static GgmlType Type => GgmlType.Q4_0;

    public static bool HasFifthBits => false;

    public static bool HasMinimum => false;
}

internal readonly struct Q4_1Format : ISmallBlockFormat
{
    public static GgmlType Type => GgmlType.Q4_1;

    public static bool HasFifthBits => false;

    public static bool HasMinimum => true;
}

internal readonly struct Q5_0Format : ISmallBlockFormat
{
    public static GgmlType Type => GgmlType.Q5_0;

    public static bool HasFifthBits => true;

    public static bool HasMinimum => false;
}

internal readonly struct Q5_1Format : ISmallBlockFormat
{
    public static GgmlType Type => GgmlType.Q5_1;

    public static bool HasFifthBits => true;

    public static bool HasMinimum => true;
}
