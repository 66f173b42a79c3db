using System.Runtime.InteropServices;

namespace Inferometer.Cpu.Kernels.Attention;

/// <summary>A few pages of one sequence, in order of position, as a codec sees them.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly unsafe struct KvPageRun
{
    /// <summary>
    /// Names pages and the position of the first token in the first of them; <paramref name="following"/> more pages stand behind them in
    /// the array.
    /// </summary>
    public KvPageRun(byte** pages, int count, int firstPosition, int following = 0)
    {
        Following = following;
        Pages = pages;
        Count = count;
        FirstPosition = firstPosition;
    }

    /// <summary>First byte of each page.</summary>
    public byte** Pages { get; }

    /// <summary>Pages, at most <see cref="KvCodec.MaxRunPages"/>.</summary>
    public int Count { get; }

    /// <summary>Pages in <see cref="Pages"/> beyond <see cref="Count"/>: those of the next run, to ask for in advance.</summary>
    public int Following { get; }

    /// <summary>
    /// Position of the first token of the first page: a codec that stores keys without their rotation applies it from here.
    /// </summary>
    public int FirstPosition { get; }
}
