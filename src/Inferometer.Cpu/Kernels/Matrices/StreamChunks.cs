namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// How a matrix that is streamed from memory once is cut into pieces. A thread reaches full bandwidth only some hundred kilobytes into a
/// stretch, so pieces should be large; but then one thread waits long for the other's last piece. So they shrink: of n pieces, piece i
/// takes 2 (n - i) - 1 parts of n squared. (Pieces of 128 KiB reached 46 GB/s where these reached 60: Zen 4, two threads.)
/// </summary>
internal static class StreamChunks
{
    private const int PerThread = 4;

    /// <summary>Pieces for so many threads.</summary>
    public static int Count(int threads) => threads * PerThread;

    /// <summary>
    /// First of <paramref name="total"/> rows or panels of piece <paramref name="chunk"/>; for the number of pieces the end of the last.
    /// </summary>
    /// <param name="total">Rows or panels.</param>
    /// <param name="chunk">0 to <paramref name="chunkCount"/>.</param>
    /// <param name="chunkCount">Pieces.</param>
    /// <param name="shrink">Whether they shrink, or are equal: where arithmetic is the limit, or there are many.</param>
    public static int Start(int total, int chunk, int chunkCount, bool shrink)
    {
        if (!shrink)
        {
            return (int)((long)total * chunk / chunkCount);
        }

        long left = chunkCount - chunk;
        return total - (int)(total * left * left / ((long)chunkCount * chunkCount));
    }
}
