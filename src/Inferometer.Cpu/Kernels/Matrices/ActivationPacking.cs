using System.Diagnostics;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>Prepares the activations of a step in the layout that a matrix asks for, eight tokens at a time.</summary>
internal static unsafe class ActivationPacking
{
    private const int TileTokens = FloatTile.TileTokens;

    /// <summary>Pieces, each of which one worker prepares.</summary>
    public static int TileCount(int tokens) => (tokens + TileTokens - 1) / TileTokens;

    /// <summary>Bytes for all tokens.</summary>
    public static long ByteCount(ActivationLayout layout, int tokens, int columns) => layout switch
    {
        ActivationLayout.FloatTiles => FloatTilePacking.ByteCount(tokens, columns),
        ActivationLayout.BrainTiles or ActivationLayout.BrainTilesInHalves => BrainActivations.ByteCount(tokens, columns),
        ActivationLayout.Int8By32 or ActivationLayout.Int8By32ForBytes or ActivationLayout.Int8By32InHalves or ActivationLayout.Int16By32
            or ActivationLayout.FineBy32 or ActivationLayout.Int8By256
            => (long)tokens * (columns / Int8Activations.BlockSize(layout)) * Int8Activations.BlockBytes(layout),
        _ => throw new UnreachableException(),
    };

    /// <summary>Prepares one piece.</summary>
    public static void PackTile(ActivationLayout layout, float* x, int tokens, int columns, int tile, byte* destination)
    {
        if (layout == ActivationLayout.FloatTiles)
        {
            FloatTilePacking.PackTile(x, tokens, columns, tile, (float*)destination);
            return;
        }

        int end = Math.Min(tokens, (tile + 1) * TileTokens);
        if (layout is ActivationLayout.BrainTiles or ActivationLayout.BrainTilesInHalves)
        {
            BrainActivations.Pack(x, tile * TileTokens, end, columns, layout == ActivationLayout.BrainTilesInHalves, destination);
            return;
        }

        for (int token = tile * TileTokens; token < end; token++)
        {
            Int8Activations.PackToken(layout, x + (long)token * columns, tokens, columns, token, destination);
        }
    }
}
