using System.Runtime.Intrinsics;
using Inferometer.Core.Gguf;
using Inferometer.Cpu.Kernels.Emitted;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>A format of four bits a value that name levels of a table, and where its scales lie in a panel.</summary>
internal unsafe interface ITableFormat
{
    static abstract GgmlType Type { get; }

    /// <summary>The sixteen levels.</summary>
    static abstract ReadOnlySpan<sbyte> Levels { get; }

    /// <summary>Levels are from -12 to 12; otherwise they are signed bytes.</summary>
    static abstract bool HasSmallLevels { get; }

    /// <summary>Groups of 32 values in a block.</summary>
    static abstract int Groups { get; }

    /// <summary>Where the nibbles begin in a stored block.</summary>
    static abstract int QuantsAt { get; }

    /// <summary>Bytes that a panel block begins with.</summary>
    static abstract int HeadBytes { get; }

    /// <summary>Bytes that each group in a panel block begins with.</summary>
    static abstract int ScaleBytes { get; }

    /// <summary>Copies a row's scales into a panel block.</summary>
    static abstract void InsertScales(ReadOnlySpan<byte> block, byte* panelBlock, int groupBytes, int row);

    /// <summary>Copies a row's scales out again.</summary>
    static abstract void ExtractScales(byte* panelBlock, int groupBytes, int row, Span<byte> block);

    /// <summary>Scales of the 16 rows in a group.</summary>
    static abstract Vector512<float> Scale512(byte* panelBlock, byte* group);

    /// <summary>Scales of rows 0 to 7 or 8 to 15 in a group.</summary>
    static abstract Vector256<float> Scale256(byte* panelBlock, byte* group, int half);

    /// <summary>Scales of four rows in a group.</summary>
    static abstract Vector128<float> Scale128(byte* panelBlock, byte* group, int quarter);

    /// <summary>Writes code for the scales of the 16 rows in a group.</summary>
    /// <param name="code">Where to.</param>
    /// <param name="scales">Where the scales go.</param>
    /// <param name="free">A register for the way there.</param>
    /// <param name="panelBlock">The panel block.</param>
    /// <param name="group">The group.</param>
    static abstract void WriteScales(Assembler code, Zmm scales, Zmm free, Memory panelBlock, Memory group);

    /// <summary>Scale of a row in a group.</summary>
    static abstract float Scale(byte* panelBlock, byte* group, int row);
}
