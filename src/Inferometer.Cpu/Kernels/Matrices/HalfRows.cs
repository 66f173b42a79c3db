using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Inferometer.Cpu.Kernels.Emitted;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// The tiles of <see cref="RowDots512"/> for <see cref="StoredHalf"/> in emitted code, the same to the bit: an instruction widens sixteen
/// f16, for which .NET takes eight.
/// </summary>
internal static unsafe class HalfRows
{
    private static readonly delegate* unmanaged<byte*, nint, float*, nint, byte*, float*, void>
        s_times2 = Tile(4, 2), s_times4 = Tile(4, 4), s_times8 = Tile(3, 8);

    private static readonly delegate* unmanaged<byte*, byte*, float*, nint, float*, void> s_apart =
        (delegate* unmanaged<byte*, byte*, float*, nint, float*, void>)EmittedKernels.Place(HalfRowCode.Apart);

    /// <summary>Whether there is such code here.</summary>
    public static bool AreEmitted
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => s_apart is not null;
    }

    /// <summary>Tokens 2, 4 or 8, arguments as there.</summary>
    public static void Multiply(byte* weights, long rowBytes, float* x, int columns, int tokens, byte* next, float* sums)
    {
        int rows = tokens == 8 ? 3 : 4;
        Vector512<float>* vectors = stackalloc Vector512<float>[3 * 8];
        var tile = tokens == 8 ? s_times8 : tokens == 4 ? s_times4 : s_times2;
        tile(weights, (nint)rowBytes, x, columns, next, (float*)vectors);
        for (int token = 0; token < tokens; token++, vectors += rows, sums += RowDots.MaxTileRows)
        {
            RowDots512.Store(sums, vectors[0], vectors[1], vectors[2], vectors[rows - 1]);
        }
    }

    /// <summary>Two rows and one token, as <see cref="RowDots512.Times1Apart"/>.</summary>
    public static void MultiplyApart(byte* first, byte* second, float* x, int columns, float* firstSum, float* secondSum)
    {
        Vector512<float>* vectors = stackalloc Vector512<float>[2];
        s_apart(first, second, x, columns, (float*)vectors);
        *firstSum = Vector512.Sum(vectors[0]);
        *secondSum = Vector512.Sum(vectors[1]);
    }

    private static delegate* unmanaged<byte*, nint, float*, nint, byte*, float*, void> Tile(int rows, int tokens) =>
        (delegate* unmanaged<byte*, nint, float*, nint, byte*, float*, void>)EmittedKernels.Place(() => HalfRowCode.Tile(rows, tokens));
}
