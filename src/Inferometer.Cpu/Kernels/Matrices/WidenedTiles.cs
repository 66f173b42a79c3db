using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Inferometer.Cpu.Kernels.Emitted;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// Tiles of <see cref="RowDots256"/> for <see cref="StoredHalf"/> and <see cref="StoredBrain"/> in emitted code: f16 is widened by one
/// instruction, for which .NET takes three to nine, and twelve sums in registers are what its compiler would not keep there.
/// </summary>
internal static unsafe class WidenedTiles
{
    /// <summary>Rows of a tile of four tokens.</summary>
    public const int Rows4 = 3;

    /// <summary>Rows of a tile of one token.</summary>
    public const int Rows1 = 4;

    private static readonly delegate* unmanaged<byte*, nint, float*, nint, float*, void> s_half1 = Code(Rows1, 1, false),
        s_half4 = Code(Rows4, 4, false), s_brain1 = Code(Rows1, 1, true), s_brain4 = Code(Rows4, 4, true);

    /// <summary>Whether there is such code here.</summary>
    public static bool AreEmitted
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => s_brain4 is not null;
    }

    /// <summary>Whether there is such code for a format.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AreEmittedFor<TStored>()
        where TStored : struct, IStoredFloat =>
        (typeof(TStored) == typeof(StoredHalf) || typeof(TStored) == typeof(StoredBrain)) && AreEmitted;

    /// <summary>A tile; parameters are those of <see cref="RowDots512"/>, and columns behind the last eight are left out.</summary>
    public static void Multiply<TStored>(byte* weights, long rowBytes, float* x, int columns, int tokens, byte* next, float* sums)
        where TStored : struct, IStoredFloat
    {
        bool isBrain = typeof(TStored) == typeof(StoredBrain);
        Vector256<float>* vectors = stackalloc Vector256<float>[Rows4 * 4];
        *(byte**)vectors = next;
        int rows = tokens == 1 ? Rows1 : Rows4;
        (tokens == 1 ? isBrain ? s_brain1 : s_half1 : isBrain ? s_brain4 : s_half4)(
            weights, (nint)rowBytes, x, columns, (float*)vectors);
        for (int row = 0; row < rows; row++)
        {
            for (int token = 0; token < tokens; token++)
            {
                sums[(token * RowDots.MaxTileRows) + row] = Vector256.Sum(*vectors++);
            }
        }
    }

    private static delegate* unmanaged<byte*, nint, float*, nint, float*, void> Code(int rows, int tokens, bool isBrain) =>
        (delegate* unmanaged<byte*, nint, float*, nint, float*, void>)EmittedKernels.PlaceHalf(
            () => WidenedTileCode.Write(rows, tokens, isBrain));
}
