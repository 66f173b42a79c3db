using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Inferometer.Cpu.Kernels.Emitted;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// Two rows apart of <see cref="RowDots512"/> for <see cref="StoredHalf"/> in emitted code, the same to the bit: an instruction widens
/// sixteen f16, for which .NET takes eight.
/// </summary>
internal static unsafe class HalfRows
{
    private static readonly delegate* unmanaged<byte*, byte*, float*, nint, float*, void> s_apart =
        (delegate* unmanaged<byte*, byte*, float*, nint, float*, void>)EmittedKernels.Place(HalfRowCode.Apart);

    /// <summary>Whether there is such code here.</summary>
    public static bool AreEmitted
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => s_apart is not null;
    }

    /// <summary>Two rows and one token, as <see cref="RowDots512.Times1Apart"/>.</summary>
    public static void MultiplyApart(byte* first, byte* second, float* x, int columns, float* firstSum, float* secondSum)
    {
        Vector512<float>* vectors = stackalloc Vector512<float>[2];
        s_apart(first, second, x, columns, (float*)vectors);
        *firstSum = Vector512.Sum(vectors[0]);
        *secondSum = Vector512.Sum(vectors[1]);
    }
}
