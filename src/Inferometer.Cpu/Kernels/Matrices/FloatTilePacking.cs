using System.Runtime.Intrinsics.X86;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>Lays activations out as <see cref="ActivationLayout.FloatTiles"/>.</summary>
internal static unsafe class FloatTilePacking
{
    /// <summary>Bytes for a step.</summary>
    public static long ByteCount(int tokens, int columns)
        => (long)(tokens + FloatTile.TileTokens - 1) / FloatTile.TileTokens * FloatTile.TileTokens * columns * sizeof(float);

    /// <summary>Packs tile number <paramref name="tile"/>.</summary>
    public static void PackTile(float* x, int tokens, int columns, int tile, float* destination)
    {
        int first = tile * FloatTile.TileTokens;
        int count = Math.Min(FloatTile.TileTokens, tokens - first);
        float* target = destination + (long)first * columns;
        float* source = x + (long)first * columns;
        if (count < FloatTile.TileTokens)
        {
            new Span<float>(target, columns * FloatTile.TileTokens).Clear();
        }

        int k = 0;
        if (count == FloatTile.TileTokens && (Avx2.IsSupported || Transposition.HasRows4))
        {
            byte** rows = stackalloc byte*[FloatTile.TileTokens];
            for (int t = 0; t < count; t++)
            {
                rows[t] = (byte*)(source + (long)t * columns);
            }

            k = columns & ~7;
            if (Avx2.IsSupported)
            {
                Transposition.Rows8<StoredFloat32>(rows, k, target, FloatTile.TileTokens);
            }
            else
            {
                Transposition.Rows4<StoredFloat32>(rows, k, target, FloatTile.TileTokens);
                Transposition.Rows4<StoredFloat32>(rows + 4, k, target + 4, FloatTile.TileTokens);
            }
        }

        for (; k < columns; k++)
        {
            for (int t = 0; t < count; t++)
            {
                target[(long)k * FloatTile.TileTokens + t] = source[(long)t * columns + k];
            }
        }
    }
}
