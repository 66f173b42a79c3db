using Inferometer.Core.Gguf;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// One quantised format repacked into panels of 16 rows: a panel holds, block after block, 16 rows' scales and then their quants four
/// columns at a time, row beside row, so that a vector lane belongs to one output. Repacking moves bytes and loses nothing.
/// </summary>
internal unsafe interface IPanelKernel
{
    /// <summary>Format the blocks come in.</summary>
    static abstract GgmlType Type { get; }

    /// <summary>Bytes of one block of 16 rows.</summary>
    static abstract int PanelBlockBytes { get; }

    /// <summary>Activations the kernel multiplies with.</summary>
    static abstract ActivationLayout Layout { get; }

    /// <summary>Copies one row's block into its place in a panel block.</summary>
    static abstract void Insert(ReadOnlySpan<byte> block, byte* panelBlock, int row);

    /// <summary>Copies a block of all 16 rows into their places in a panel block, every byte of which it writes.</summary>
    /// <param name="blocks">The block of row 0.</param>
    /// <param name="rowBytes">Bytes from a row's block to the next row's.</param>
    /// <param name="panelBlock">The panel block.</param>
    static abstract void InsertRows(byte* blocks, long rowBytes, byte* panelBlock);

    /// <summary>Copies one row's block out again.</summary>
    static abstract void Extract(byte* panelBlock, int row, Span<byte> block);

    /// <summary>sums[token][16] = panel times activations.</summary>
    /// <param name="panel">All blocks of 16 rows.</param>
    /// <param name="blocks">Blocks in a row.</param>
    /// <param name="x">A slab of activations, [block][token].</param>
    /// <param name="tokens">Tokens of the slab.</param>
    /// <param name="sums">[tokens][16], cleared by the caller.</param>
    static abstract void Multiply(byte* panel, int blocks, byte* x, int tokens, float* sums);
}
