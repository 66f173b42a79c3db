using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Inferometer.Cpu.Kernels.Emitted;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// Activations as two bf16 numbers, one rounded and one for what rounding left, x = first + rest to a part in 2^17. Laid out [group of 16
/// tokens][block of 32 columns][first, rest][pair of columns][token][2], so that a block's part is a tile. Pairs are of neighbours, or of
/// columns that lie 16 apart (<see cref="ActivationLayout.BrainTilesInHalves"/>), as <see cref="BrainTiles"/> finds its weights.
/// </summary>
/// <remarks>What stands where the last group has no tokens is left as it was: a token's products meet no other's.</remarks>
internal static unsafe class BrainActivations
{
    /// <summary>Tokens of a group.</summary>
    public const int GroupTokens = 16;

    /// <summary>Columns of a block.</summary>
    public const int BlockColumns = 32;

    /// <summary>Bytes of one part of a block: a whole tile.</summary>
    public const int PartBytes = TileShapes.MaxRows * TileShapes.MaxRowBytes;

    /// <summary>Bytes of a block.</summary>
    public const int BlockBytes = 2 * PartBytes;

    // Transposed together.
    private const int Together = 4;

    /// <summary>Bytes of a group.</summary>
    public static long GroupBytes(int columns) => (long)columns / BlockColumns * BlockBytes;

    /// <summary>Bytes for a step.</summary>
    public static long ByteCount(int tokens, int columns) => (tokens + GroupTokens - 1) / GroupTokens * GroupBytes(columns);

    /// <summary>Packs tokens from <paramref name="first"/>, a multiple of four, to before <paramref name="end"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(float* x, int first, int end, int columns, bool inHalves, byte* destination)
    {
        for (int token = first; token < end; token += Together)
        {
            byte* target = destination + (token / GroupTokens * GroupBytes(columns)) + (token % GroupTokens * sizeof(float));

            // Where there is no further token, the last one again.
            float* x0 = x + (long)token * columns, x1 = x + (long)Math.Min(token + 1, end - 1) * columns,
                x2 = x + (long)Math.Min(token + 2, end - 1) * columns, x3 = x + (long)Math.Min(token + 3, end - 1) * columns;
            for (int column = 0; column < columns; column += BlockColumns)
            {
                Split(x0 + column, inHalves, out Vector512<float> a, out Vector512<float> restA);
                Split(x1 + column, inHalves, out Vector512<float> b, out Vector512<float> restB);
                Split(x2 + column, inHalves, out Vector512<float> c, out Vector512<float> restC);
                Split(x3 + column, inHalves, out Vector512<float> d, out Vector512<float> restD);
                Store(a, b, c, d, target);
                Store(restA, restB, restC, restD, target + PartBytes);
                target += BlockBytes;
            }
        }
    }

    // 32 numbers as 16 pairs of either part, a pair in each lane.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Split(float* x, bool inHalves, out Vector512<float> first, out Vector512<float> rest)
    {
        Vector512<float> low = Vector512.Load(x), high = Vector512.Load(x + 16);
        if (!inHalves)
        {
            Vector512<int> even = Vector512.Create(0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
            (low, high) = (Avx512F.PermuteVar16x32x2(low, even, high), Avx512F.PermuteVar16x32x2(low, even + Vector512<int>.One, high));
        }

        Vector512<float> roundedLow = Round(low), roundedHigh = Round(high);
        first = Pair(roundedLow, roundedHigh);
        rest = Pair(Round(low - roundedLow), Round(high - roundedHigh));
    }

    // To the nearest bf16 number, of two as near the even one.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Round(Vector512<float> x)
    {
        Vector512<uint> bits = x.AsUInt32();
        bits += Vector512.Create(0x7FFFu) + ((bits >> 16) & Vector512<uint>.One);
        return (bits & Vector512.Create(0xFFFF0000u)).AsSingle();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Pair(Vector512<float> low, Vector512<float> high) =>
        ((low.AsUInt32() >> 16) | high.AsUInt32()).AsSingle();

    // Pairs of four tokens side by side, a row of the tile for every pair.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector512<float> a, Vector512<float> b, Vector512<float> c, Vector512<float> d, byte* target)
    {
        Transposition.Lanes4(
            a, b, c, d, out Vector512<float> p0, out Vector512<float> p1, out Vector512<float> p2, out Vector512<float> p3);
        StoreLanes(p0, target);
        StoreLanes(p1, target + TileShapes.MaxRowBytes);
        StoreLanes(p2, target + 2 * TileShapes.MaxRowBytes);
        StoreLanes(p3, target + 3 * TileShapes.MaxRowBytes);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreLanes(Vector512<float> pairs, byte* target)
    {
        const int FourRows = 4 * TileShapes.MaxRowBytes;
        pairs.GetLower().GetLower().Store((float*)target);
        pairs.GetLower().GetUpper().Store((float*)(target + FourRows));
        pairs.GetUpper().GetLower().Store((float*)(target + 2 * FourRows));
        pairs.GetUpper().GetUpper().Store((float*)(target + 3 * FourRows));
    }
}
