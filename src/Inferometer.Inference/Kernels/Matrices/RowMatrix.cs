using Inferometer.Core.Gguf;

namespace Inferometer.Inference.Kernels.Matrices;

/// <summary>
/// Weights read where they are, row after row in their stored format, with f32 activations. Up to a few dozen tokens: tiles of dot products that convert weights in
/// registers. More: panels of rows are expanded to f32 once for all tokens and multiplied in register tiles.
/// </summary>
internal sealed unsafe class RowMatrix : WeightMatrix
{
    /// <summary>Up to so many tokens weights are converted again for every tile of tokens; beyond, panels converted once are faster.</summary>
    private const int MaxDotTokens = 24;

    private readonly byte* _source;
    private readonly NativeBuffer? _owned;
    private readonly long _rowBytes;

    public RowMatrix(GgmlType type, int rows, int columns, byte* source, NativeBuffer? owned)
        : base(type, rows, columns)
    {
        _source = source;
        _owned = owned;
        _rowBytes = type.ByteCount(columns);
    }

    public override long SizeBytes => _rowBytes * Rows;

    public override bool ReadsSource => _owned is null;

    private int Blocks => (Rows + RowDots.BlockRows - 1) / RowDots.BlockRows;

    internal override ActivationLayout LayoutFor(int tokens) => tokens <= MaxDotTokens ? ActivationLayout.Rows : ActivationLayout.FloatTiles;

    internal override int ChunkCount(int tokens, int threads) => tokens <= MaxDotTokens
        ? Math.Min(Blocks, threads * 8)
        : (Rows + FloatTile.PanelRows - 1) / FloatTile.PanelRows;

    internal override int ScratchBytes(int tokens) => tokens <= MaxDotTokens ? RowDots.BlockRows * Columns * sizeof(float) : PanelExpansion.ScratchBytes;

    internal override void MultiplyChunk(in MatrixOperand operand, int chunk, int chunkCount, byte* scratch)
    {
        if (operand.Tokens <= MaxDotTokens)
        {
            int first = (int)((long)Blocks * chunk / chunkCount) * RowDots.BlockRows;
            int end = Math.Min((int)((long)Blocks * (chunk + 1) / chunkCount) * RowDots.BlockRows, Rows);
            MultiplyRows(operand, first, end - first, (float*)scratch);
        }
        else
        {
            MultiplyPanel(operand, chunk * FloatTile.PanelRows, scratch);
        }
    }

    private protected override void DecodeRowCore(int row, Span<float> destination)
        => RowDecoder.Decode(Type, _source + row * _rowBytes, Columns, destination);

    private protected override void Dispose(bool disposing) => _owned?.Dispose();

    private void MultiplyRows(in MatrixOperand operand, int first, int count, float* scratch)
    {
        byte* weights = _source + first * _rowBytes;
        switch (Type)
        {
            case GgmlType.F32:
                RowDots.Multiply<StoredFloat32>(weights, _rowBytes, count, Columns, operand, first);
                break;
            case GgmlType.F16:
                RowDots.Multiply<StoredHalf>(weights, _rowBytes, count, Columns, operand, first);
                break;
            case GgmlType.BF16:
                RowDots.Multiply<StoredBrain>(weights, _rowBytes, count, Columns, operand, first);
                break;
            default:
                MultiplyDecoded(operand, first, count, scratch);
                break;
        }
    }

    /// <summary>Formats without a kernel of their own: a block of rows is decoded at a time.</summary>
    private void MultiplyDecoded(in MatrixOperand operand, int first, int count, float* scratch)
    {
        for (int row = 0; row < count; row += RowDots.BlockRows)
        {
            int rows = Math.Min(RowDots.BlockRows, count - row);
            for (int i = 0; i < rows; i++)
            {
                RowDecoder.Decode(Type, _source + (first + row + i) * _rowBytes, Columns, new Span<float>(scratch + (long)i * Columns, Columns));
            }

            RowDots.Multiply<StoredFloat32>((byte*)scratch, (long)Columns * sizeof(float), rows, Columns, operand, first + row);
        }
    }

    private void MultiplyPanel(in MatrixOperand operand, int firstRow, byte* scratch)
    {
        int rows = Math.Min(FloatTile.PanelRows, Rows - firstRow);
        float* panel = (float*)scratch;
        for (int column = 0; column < Columns; column += PanelExpansion.Depth)
        {
            int depth = Math.Min(PanelExpansion.Depth, Columns - column);
            PanelExpansion.Expand(Type, _source + firstRow * _rowBytes, _rowBytes, rows, column, depth, panel);
            FloatTile.MultiplyPanel(panel, (float*)operand.Activations, Columns, column, depth, operand, firstRow, rows);
        }
    }
}
