using Inferometer.Core.Gguf;

namespace Inferometer.Inference.Kernels.Matrices;

/// <summary>
/// Weights read where they are, row after row in their stored format, with f32 activations. Few tokens: one dot product per row and token. More: panels of rows
/// are expanded to f32 and multiplied in register tiles, so that the cost of expanding is shared by all tokens.
/// </summary>
internal sealed unsafe class RowMatrix : WeightMatrix
{
    /// <summary>Up to this many tokens the row path reads each weight once from memory and is bound by it.</summary>
    private const int MaxRowPathTokens = 3;

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

    internal override ActivationLayout LayoutFor(int tokens) => tokens <= MaxRowPathTokens ? ActivationLayout.Rows : ActivationLayout.FloatTiles;

    internal override int ChunkCount(int tokens, int threads) => tokens <= MaxRowPathTokens
        ? Math.Min((Rows + 15) / 16, threads * 8)
        : (Rows + FloatTile.PanelRows - 1) / FloatTile.PanelRows;

    internal override int ScratchBytes(int tokens) => tokens <= MaxRowPathTokens ? Columns * sizeof(float) : PanelExpansion.ScratchBytes;

    internal override void MultiplyChunk(in MatrixOperand operand, int chunk, int chunkCount, byte* scratch)
    {
        if (operand.Tokens <= MaxRowPathTokens)
        {
            int first = (int)((long)Rows * chunk / chunkCount);
            int end = (int)((long)Rows * (chunk + 1) / chunkCount);
            MultiplyRows(operand, first, end, (float*)scratch);
        }
        else
        {
            MultiplyPanel(operand, chunk * FloatTile.PanelRows, scratch);
        }
    }

    private protected override void DecodeRowCore(int row, Span<float> destination)
        => RowDecoder.Decode(Type, _source + row * _rowBytes, Columns, destination);

    private protected override void Dispose(bool disposing) => _owned?.Dispose();

    private void MultiplyRows(in MatrixOperand operand, int first, int end, float* scratch)
    {
        float* x = (float*)operand.Activations;
        for (int row = first; row < end; row++)
        {
            byte* weights = _source + row * _rowBytes;
            if (operand.Tokens == 1 && Type is GgmlType.F16 or GgmlType.BF16)
            {
                operand.Output[row] = HalfDot.Compute((ushort*)weights, x, Columns, Type == GgmlType.BF16);
                continue;
            }

            float* values = (float*)weights;
            if (Type != GgmlType.F32)
            {
                RowDecoder.Decode(Type, weights, Columns, new Span<float>(scratch, Columns));
                values = scratch;
            }

            for (int token = 0; token < operand.Tokens; token++)
            {
                operand.Output[(long)token * operand.OutputStride + row] = FloatDot.Compute(values, x + (long)token * Columns, Columns);
            }
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
