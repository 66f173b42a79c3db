using System.Runtime.InteropServices;
using Inferometer.Core.Gguf;
using Inferometer.ModelFiles.Quantization;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>The formats of 256 values in groups of 16 with two or three bits each.</summary>
internal interface ILowBitFormat
{
    static abstract GgmlType Type { get; }

    /// <summary>Three bits and scales with signs; otherwise two bits, and minima beside the scales.</summary>
    static abstract bool HasThirdBits { get; }

    /// <summary>Where a stored block has its f16 factors.</summary>
    static abstract int FactorAt { get; }

    /// <summary>Where a stored block has its 64 bytes of low bits.</summary>
    static abstract int QuantsAt { get; }

    /// <summary>A byte per group: a scale, or a scale and a minimum.</summary>
    static abstract void ReadScales(ReadOnlySpan<byte> block, Span<byte> scales);

    /// <summary>Undoes <see cref="ReadScales"/>.</summary>
    static abstract void WriteScales(ReadOnlySpan<byte> scales, Span<byte> block);
}

internal readonly struct Q2_KFormat : ILowBitFormat
{
    public static GgmlType Type => GgmlType.Q2_K;

    public static bool HasThirdBits => false;

    public static int FactorAt => 80;

    public static int QuantsAt => 16;

    public static void ReadScales(ReadOnlySpan<byte> block, Span<byte> scales) => block[..16].CopyTo(scales);

    public static void WriteScales(ReadOnlySpan<byte> scales, Span<byte> block) => scales.CopyTo(block);
}

internal readonly struct Q3_KFormat : ILowBitFormat
{
    public static GgmlType Type => GgmlType.Q3_K;

    public static bool HasThirdBits => true;

    public static int FactorAt => 108;

    public static int QuantsAt => 32;

    public static void ReadScales(ReadOnlySpan<byte> block, Span<byte> scales) =>
        ThreeBitScales.Read(block.Slice(96, 12), MemoryMarshal.Cast<byte, sbyte>(scales));

    public static void WriteScales(ReadOnlySpan<byte> scales, Span<byte> block) =>
        ThreeBitScales.Write(block.Slice(96, 12), MemoryMarshal.Cast<byte, sbyte>(scales));
}
