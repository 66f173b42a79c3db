using System.Diagnostics;

namespace Inferometer.Inference.Kernels.Matrices;

/// <summary>Prepares the activations of a step in the layout that a matrix asks for, a tile of tokens at a time.</summary>
internal static unsafe class ActivationPacking
{
    /// <summary>Tiles, each of which one worker prepares.</summary>
    public static int TileCount(ActivationLayout layout, int tokens) => layout switch
    {
        ActivationLayout.FloatTiles => (tokens + FloatTile.TileTokens - 1) / FloatTile.TileTokens,
        _ => throw new UnreachableException(),
    };

    /// <summary>Bytes for all tiles.</summary>
    public static long ByteCount(ActivationLayout layout, int tokens, int columns) => layout switch
    {
        ActivationLayout.FloatTiles => FloatTilePacking.ByteCount(tokens, columns),
        _ => throw new UnreachableException(),
    };

    /// <summary>Prepares one tile.</summary>
    public static void PackTile(ActivationLayout layout, float* x, int tokens, int columns, int tile, byte* destination)
    {
        switch (layout)
        {
            case ActivationLayout.FloatTiles:
                FloatTilePacking.PackTile(x, tokens, columns, tile, (float*)destination);
                break;
            default:
                throw new UnreachableException();
        }
    }
}
