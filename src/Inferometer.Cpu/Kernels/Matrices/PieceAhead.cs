using System.Runtime.InteropServices;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>Weights that the next piece of work will read, cache line by cache line: some bytes of each of some rows.</summary>
[StructLayout(LayoutKind.Auto)]
internal unsafe struct PieceAhead
{
    private const int LineBytes = 64;

    /// <summary>Names the piece.</summary>
    /// <param name="start">Its first byte in the first row.</param>
    /// <param name="rowBytes">Bytes from row to row.</param>
    /// <param name="rows">Rows.</param>
    /// <param name="bytes">Bytes of the piece in each row; 0 for no piece.</param>
    public PieceAhead(byte* start, long rowBytes, int rows, long bytes)
    {
        Next = start;
        LinesPerRow = (int)((bytes + LineBytes - 1) / LineBytes);
        LeftInRow = LinesPerRow;
        Lines = rows * LinesPerRow;
        Skip = rowBytes - (long)LinesPerRow * LineBytes;
    }

    /// <summary>Line to ask for next.</summary>
    public byte* Next { get; set; }

    /// <summary>Lines left in the row of <see cref="Next"/>.</summary>
    public int LeftInRow { get; set; }

    /// <summary>Lines of a row.</summary>
    public int LinesPerRow { get; }

    /// <summary>Lines of the whole piece.</summary>
    public int Lines { get; }

    /// <summary>From the end of one row's lines to the first of the next row.</summary>
    public long Skip { get; }
}
