namespace Inferometer.Inference.Kernels.Matrices;

/// <summary>Two-byte values (f16 scales) that lie side by side for the 16 rows of a panel.</summary>
internal static unsafe class PanelHeader
{
    /// <summary>Copies the first two bytes of <paramref name="block"/> to a row's place.</summary>
    public static void Write(ReadOnlySpan<byte> block, byte* header, int row)
    {
        header[2 * row] = block[0];
        header[2 * row + 1] = block[1];
    }

    /// <summary>Copies a row's value to the first two bytes of <paramref name="block"/>.</summary>
    public static void Read(byte* header, int row, Span<byte> block)
    {
        block[0] = header[2 * row];
        block[1] = header[2 * row + 1];
    }
}
