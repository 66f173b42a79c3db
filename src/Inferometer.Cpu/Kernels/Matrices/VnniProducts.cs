using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// Products of bytes that the processor adds up to 32 bits by itself (<see cref="AvxVnni"/>). .NET has them for vectors of 256 bits only,
/// of sixteen registers: eight hold weights, the rest sums and activations.
/// </summary>
internal static unsafe class VnniProducts
{
    /// <summary>Whether the processor has the instruction.</summary>
    public static bool IsSupported => AvxVnni.IsSupported;

    /// <summary>start + the sum over 32 columns of weight times activation, for eight rows.</summary>
    /// <param name="start">What every lane begins with.</param>
    /// <param name="w0">Columns 0 to 3 of the eight rows, unsigned; the others follow.</param>
    /// <param name="w1">Columns 4 to 7.</param>
    /// <param name="w2">Columns 8 to 11.</param>
    /// <param name="w3">Columns 12 to 15.</param>
    /// <param name="w4">Columns 16 to 19.</param>
    /// <param name="w5">Columns 20 to 23.</param>
    /// <param name="w6">Columns 24 to 27.</param>
    /// <param name="w7">Columns 28 to 31.</param>
    /// <param name="x">The 32 activations, signed bytes.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Sum32(
        Vector256<int> start, Vector256<byte> w0, Vector256<byte> w1, Vector256<byte> w2, Vector256<byte> w3, Vector256<byte> w4,
            Vector256<byte> w5, Vector256<byte> w6, Vector256<byte> w7, int* x)
    {
        // Two chains, since one would wait five cycles for each link.
        Vector256<int> a = Add(start, w0, x[0]), b = Add(Vector256<int>.Zero, w1, x[1]);
        a = Add(a, w2, x[2]);
        b = Add(b, w3, x[3]);
        a = Add(a, w4, x[4]);
        b = Add(b, w5, x[5]);
        a = Add(a, w6, x[6]);
        b = Add(b, w7, x[7]);
        return a + b;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Add(Vector256<int> sum, Vector256<byte> weights, int four) =>
        AvxVnni.MultiplyWideningAndAdd(sum, weights, Vector256.Create(four).AsSByte());
}
