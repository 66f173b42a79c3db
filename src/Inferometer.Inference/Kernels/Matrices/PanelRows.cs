namespace Inferometer.Inference.Kernels.Matrices;

/// <summary>Moving bytes between a row's block and the places of that row in a panel: every fourth-byte group of 64 bytes belongs to one row.</summary>
internal static unsafe class PanelRows
{
    /// <summary>Rows of a panel.</summary>
    public const int Count = 16;

    /// <summary>Spreads a row's bytes, four at a time, over vectors of 64 bytes; <paramref name="flip"/> is added without carry.</summary>
    public static void Spread(ReadOnlySpan<byte> bytes, byte* vectors, int row, byte flip = 0)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            vectors[i / 4 * 64 + row * 4 + i % 4] = (byte)(bytes[i] ^ flip);
        }
    }

    /// <summary>Undoes <see cref="Spread"/>.</summary>
    public static void Collect(byte* vectors, int row, Span<byte> bytes, byte flip = 0)
    {
        for (int i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)(vectors[i / 4 * 64 + row * 4 + i % 4] ^ flip);
        }
    }
}
