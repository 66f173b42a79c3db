using System.Runtime.InteropServices;

namespace Inferometer.Cpu.Kernels.Attention;

/// <summary>One piece of attention work: some query tokens of one sequence, the query heads of one KV head, a range of keys.</summary>
[StructLayout(LayoutKind.Auto)]
internal struct AttentionTile
{
    /// <summary>Index of the sequence.</summary>
    public int Sequence;

    /// <summary>KV head.</summary>
    public int KvHead;

    /// <summary>First query token, counted from the sequence's first in this step.</summary>
    public int FirstToken;

    /// <summary>Query tokens.</summary>
    public int Tokens;

    /// <summary>First key position, a multiple of 16.</summary>
    public int KeyStart;

    /// <summary>End of the key positions.</summary>
    public int KeyEnd;

    /// <summary>Pieces this tile's keys are split into, 1 for none.</summary>
    public int SplitCount;

    /// <summary>Which of them this is.</summary>
    public int Split;

    /// <summary>Index of the first split's partial result; also of the counter of unfinished splits.</summary>
    public int FirstPartial;
}
