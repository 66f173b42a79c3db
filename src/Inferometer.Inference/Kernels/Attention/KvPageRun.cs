using System.Runtime.InteropServices;

namespace Inferometer.Inference.Kernels.Attention;

/// <summary>A few pages of one sequence, in order of position, as a codec sees them.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly unsafe struct KvPageRun
{
    /// <summary>Names pages and the position of the first token in the first of them.</summary>
    public KvPageRun(byte** pages, int count, int firstPosition)
    {
        Pages = pages;
        Count = count;
        FirstPosition = firstPosition;
    }

    /// <summary>First byte of each page.</summary>
    public byte** Pages { get; }

    /// <summary>Pages, at most <see cref="KvCodec.MaxRunPages"/>.</summary>
    public int Count { get; }

    /// <summary>Position of the first token of the first page: a codec that stores keys without their rotation applies it from here.</summary>
    public int FirstPosition { get; }
}
