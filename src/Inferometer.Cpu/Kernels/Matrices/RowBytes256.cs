using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>A byte of each of eight rows as two equal 16-bit numbers in a 32-bit lane, what pair sums are multiplied by.</summary>
internal static unsafe class RowBytes256
{
    /// <summary>Bytes without signs.</summary>
    /// <param name="rows">Of rows 0 to 7.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> Twice(byte* rows) => Shuffled(
        rows, Vector256.Create(0x8001800180008000UL, 0x8003800380028002UL, 0x8005800580048004UL, 0x8007800780068006UL)).AsInt16();

    /// <summary>Bytes with signs.</summary>
    /// <param name="rows">Of rows 0 to 7.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<short> TwiceSigned(byte* rows) => Shuffled(
        rows, Vector256.Create(0x0180018000800080UL, 0x0380038002800280UL, 0x0580058004800480UL, 0x0780078006800680UL)).AsInt16() >> 8;

    // Indices of 128 and above give zero.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<byte> Shuffled(byte* rows, Vector256<ulong> indices) =>
        Avx2.Shuffle(Vector256.Create(*(ulong*)rows).AsByte(), indices.AsByte());
}

/// <summary>Runs 0 and 1 of the four that lie in one byte: a constant of kernels that take two at a time.</summary>
internal readonly struct FirstRuns;

/// <summary>Runs 2 and 3.</summary>
internal readonly struct SecondRuns;
