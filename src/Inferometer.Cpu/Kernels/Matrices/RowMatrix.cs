using Inferometer.Core.Gguf;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// Weights read where they are, row after row in their stored format, with f32 activations. Up to a few dozen tokens: tiles of dot products
/// that convert weights in registers. More: panels of rows are expanded to f32 once for all tokens and multiplied in register tiles. Where
/// the processor has tiles of bf16 numbers, F16 and BF16 take those for all but one token.
/// </summary>
internal sealed unsafe class RowMatrix : WeightMatrix
{
    /// <summary>Activations of all tokens that stay in a second-level cache beside the weights passing through it.</summary>
    private const int MaxDotActivationBytes = 768 << 10;

    private const int SumBytes = Int8Activations.SlabTokens * PanelRows.Count * sizeof(float);

    private readonly byte* _source;
    private readonly NativeBuffer? _owned;
    private readonly long _rowBytes;

    /// <summary>Rounded weights that stay in a second-level cache beside the activations.</summary>
    private const int MaxFineBytes = 256 << 10;

    /// <summary>Panels of rounded weights of one piece of work for a long prompt; 0: panels of f32.</summary>
    private readonly int _finePanels;

    /// <summary>
    /// Up to so many tokens tiles of dot products are faster, which convert the weights again for every eight tokens; beyond, panels that
    /// are expanded once.
    /// </summary>
    private readonly int _maxDotTokens;

    private readonly bool _hasTiles; // of the processor's own

    public RowMatrix(GgmlType type, int rows, int columns, byte* source, NativeBuffer? owned, bool roundsActivations)
        : base(type, rows, columns)
    {
        _source = source;
        _owned = owned;
        _rowBytes = type.ByteCount(columns);
        _finePanels = roundsActivations && FinePanel.IsSupported(type, columns)
            ? Math.Clamp(MaxFineBytes / FinePanel.PanelBytes(columns), 1, 4) : 0;
        _hasTiles = roundsActivations && BrainTiles.IsSupported(type, columns);
        _maxDotTokens = _hasTiles ? BrainTiles.FewestTokens - 1
            : type == GgmlType.F32 ? 12
            : Math.Clamp(MaxDotActivationBytes / (columns * sizeof(float)), 8, 96);
    }

    public override long SizeBytes => _rowBytes * Rows;

    public override bool ReadsSource => _owned is null;

    internal override byte* Stored => _source;

    private int Blocks => (Rows + RowDots.BlockRows - 1) / RowDots.BlockRows;

    internal override ActivationLayout LayoutFor(int tokens) => tokens <= _maxDotTokens ? ActivationLayout.Rows
        : _hasTiles ? BrainTiles.LayoutFor(Type)
        : _finePanels > 0 ? ActivationLayout.FineBy32
        : ActivationLayout.FloatTiles;

    internal override int ChunkCount(int tokens, int threads)
    {
        bool isSplit = tokens > (_hasTiles ? BrainTiles.MaxTokens : _maxDotTokens);
        int rows = isSplit ? ChunkRows : tokens > _maxDotTokens ? BrainTiles.Rows : RowDots.BlockRows, pieces = (Rows + rows - 1) / rows;
        return isSplit ? pieces : Math.Min(pieces, tokens == 1 ? StreamChunks.Count(threads) : threads * 8);
    }

    private int ChunkRows => _hasTiles ? BrainTiles.ArrangedRows(Type, Columns)
        : _finePanels > 0 ? _finePanels * PanelRows.Count
        : FloatTile.PanelRows;

    internal override int ScratchBytes(int tokens) => tokens <= _maxDotTokens ? RowDots.BlockRows * Columns * sizeof(float)
        : _hasTiles ? BrainTiles.ScratchBytes(Type, Columns, tokens)
        : _finePanels > 0 ? SumBytes + (_finePanels * FinePanel.PanelBytes(Columns))
        : PanelExpansion.ScratchBytes;

    internal override void MultiplyChunk(in MatrixOperand operand, int chunk, int chunkCount, byte* scratch)
    {
        if (operand.Tokens <= _maxDotTokens)
        {
            int first = StreamChunks.Start(Blocks, chunk, chunkCount, operand.Tokens == 1) * RowDots.BlockRows;
            int end = Math.Min(StreamChunks.Start(Blocks, chunk + 1, chunkCount, operand.Tokens == 1) * RowDots.BlockRows, Rows);
            MultiplyRows(operand, first, end - first, (float*)scratch);
        }
        else if (_hasTiles)
        {
            MultiplyTiles(operand, chunk, chunkCount, scratch);
        }
        else if (_finePanels > 0)
        {
            MultiplyFine(operand, chunk * ChunkRows, scratch);
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
            case GgmlType.F16 when SubnormalSpeed.IsSlow || WidenedTiles.AreEmitted:
                RowDots.Multiply<StoredHalf>(weights, _rowBytes, count, Columns, operand, first);
                break;
            case GgmlType.F16:
                RowDots.Multiply<ShiftedHalf>(weights, _rowBytes, count, Columns, operand, first);
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
                RowDecoder.Decode(
                    Type, _source + (first + row + i) * _rowBytes, Columns, new Span<float>(scratch + (long)i * Columns, Columns));
            }

            RowDots.Multiply<StoredFloat32>((byte*)scratch, (long)Columns * sizeof(float), rows, Columns, operand, first + row);
        }
    }

    private void MultiplyTiles(in MatrixOperand operand, int chunk, int chunkCount, byte* scratch)
    {
        if (operand.Tokens > BrainTiles.MaxTokens)
        {
            int row = chunk * ChunkRows;
            BrainTiles.Multiply(Type, _source, Columns, row, Math.Min(row + ChunkRows, Rows), operand, Rows, scratch);
            return;
        }

        int groups = (Rows + BrainTiles.Rows - 1) / BrainTiles.Rows;
        int first = StreamChunks.Start(groups, chunk, chunkCount, operand.Tokens == 1) * BrainTiles.Rows;
        int end = Math.Min(StreamChunks.Start(groups, chunk + 1, chunkCount, operand.Tokens == 1) * BrainTiles.Rows, Rows);
        BrainTiles.Stream(Type, _source, Columns, first, end, operand, Rows, scratch);
    }

    private void MultiplyFine(in MatrixOperand operand, int firstRow, byte* scratch)
    {
        float* sums = (float*)scratch;
        byte* panels = scratch + SumBytes;
        int panelBytes = FinePanel.PanelBytes(Columns), blocks = Columns / 32;
        int count = Math.Min(_finePanels, (Rows - firstRow + PanelRows.Count - 1) / PanelRows.Count);
        for (int panel = 0; panel < count; panel++)
        {
            int row = firstRow + panel * PanelRows.Count;
            FinePanel.Round(
                Type, _source + row * _rowBytes, _rowBytes, Math.Min(PanelRows.Count, Rows - row), Columns,
                panels + (long)panel * panelBytes);
        }

        for (int slab = 0; slab < operand.Tokens; slab += Int8Activations.SlabTokens)
        {
            int tokens = Math.Min(Int8Activations.SlabTokens, operand.Tokens - slab);
            byte* x = operand.Activations + (long)slab * blocks * Int8Activations.WideBlockBytes32;
            for (int panel = 0; panel < count; panel++)
            {
                PanelRows.Clear(sums, tokens);
                FinePanel.Multiply(panels + (long)panel * panelBytes, blocks, x, tokens, sums);
                PanelRows.Store(operand, sums, firstRow + panel * PanelRows.Count, Rows, slab, tokens);
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
            int after = column + depth;
            long offset = Type.ByteCount(after);
            PieceAhead ahead = new(
                _source + firstRow * _rowBytes + offset, _rowBytes, rows, Type.ByteCount(Math.Min(PanelExpansion.Depth, Columns - after)));
            FloatTile.MultiplyPanel(panel, (float*)operand.Activations, Columns, column, depth, operand, firstRow, rows, ahead);
        }
    }
}
