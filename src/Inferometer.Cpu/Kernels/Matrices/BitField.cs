using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// A run of bits in every byte of a vector, and where it goes: what unpacking weights of fewer than eight bits consists of. One
/// Galois-field product where the processor has it (any rearrangement of a byte's bits is a matrix of 8 x 8 bits), shift and mask
/// otherwise. Made once outside of loops.
/// </summary>
[StructLayout(LayoutKind.Auto)]
internal readonly struct BitField
{
    private readonly Vector512<byte> _matrixOrMask;
    private readonly int _right;
    private readonly int _left;

    /// <summary>
    /// Bits <paramref name="from"/> to <paramref name="from"/> + <paramref name="count"/> - 1 go to <paramref name="to"/> and up.
    /// </summary>
    /// <param name="from">First bit, 0 to 7.</param>
    /// <param name="count">1 to 4.</param>
    /// <param name="to">First bit of the result; <paramref name="to"/> + <paramref name="count"/> is at most 8.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public BitField(int from, int count, int to)
    {
        _right = Math.Max(from - to, 0);
        _left = Math.Max(to - from, 0);
        _matrixOrMask = Gfni.V512.IsSupported
            ? Vector512.Create(
                Row(from, to, count > 0) | Row(from + 1, to + 1, count > 1) | Row(from + 2, to + 2, count > 2) | Row(
                    from + 3, to + 3, count > 3)).AsByte()
            : Vector512.Create((byte)(((1 << count) - 1) << to));
    }

    /// <summary>The bits in their new place; all others zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Vector512<byte> Take(Vector512<byte> values)
    {
        if (Gfni.V512.IsSupported)
        {
            return Gfni.V512.GaloisFieldAffineTransform(values, _matrixOrMask, 0);
        }

        // Bits that cross from one byte of a pair to the other fall to the mask.
        return ((values.AsUInt16() >> _right) << _left).AsByte() & _matrixOrMask;
    }

    // Row i of the matrix, byte 7 - i, says which bits of the source bit i of the result is the parity of.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Row(int from, int to, bool isTaken) => isTaken ? 1UL << (from + 8 * (7 - to)) : 0;
}
