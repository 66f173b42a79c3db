using System.Runtime.InteropServices;

namespace Inferometer.Cpu.Kernels.Emitted;

/// <summary>The shapes of the eight tiles, as <see cref="Assembler.LoadTileShapes"/> reads them (palette 1 of AMX).</summary>
[StructLayout(LayoutKind.Explicit, Size = Bytes)]
internal unsafe struct TileShapes
{
    /// <summary>Bytes of the shapes.</summary>
    public const int Bytes = 64;

    /// <summary>Number of tiles.</summary>
    public const int Tiles = 8;

    /// <summary>The most rows of a tile.</summary>
    public const int MaxRows = 16;

    /// <summary>The most bytes of a row.</summary>
    public const int MaxRowBytes = 64;

    /// <summary>All tiles as large as they can be.</summary>
    public static TileShapes Whole
    {
        get
        {
            TileShapes shapes = default;
            for (int tile = 0; tile < Tiles; tile++)
            {
                shapes.Set(new(tile), MaxRows, MaxRowBytes);
            }

            return shapes;
        }
    }

    [FieldOffset(0)]
    private byte _palette;

    [FieldOffset(16)]
    private fixed ushort _rowBytes[Tiles];

    [FieldOffset(48)]
    private fixed byte _rows[Tiles];

    /// <summary>Gives a tile so many rows (1 to 16) of so many bytes (4 to 64, whole elements of four).</summary>
    public void Set(Tmm tile, int rows, int rowBytes)
    {
        _palette = 1;
        _rows[tile.Number] = checked((byte)rows);
        _rowBytes[tile.Number] = checked((ushort)rowBytes);
    }
}
