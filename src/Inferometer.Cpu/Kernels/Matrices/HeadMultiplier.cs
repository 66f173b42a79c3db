using Inferometer.Cpu.Threading;

namespace Inferometer.Cpu.Kernels.Matrices;

/// <summary>
/// Multiplies the parts of rows that belong to heads each by a matrix of its own, all heads in one dispatch: the matrices are too small to
/// be shared out one after the other. Memory grows to the largest step seen and is then reused.
/// </summary>
/// <remarks>Not thread-safe: one per pool. A head is computed by one thread, so the result does not depend on their number.</remarks>
internal sealed unsafe class HeadMultiplier(WorkerPool pool) : ParallelWork, IDisposable
{
    private readonly NativeBuffer?[] _gathered = new NativeBuffer?[pool.ThreadCount];
    private readonly NativeBuffer?[] _packed = new NativeBuffer?[pool.ThreadCount];
    private readonly NativeBuffer?[] _scratch = new NativeBuffer?[pool.ThreadCount];
    private WeightMatrix[] _heads = [];
    private float* _input;
    private float* _output;
    private (int Stride, int Width) _from;
    private (int Stride, int Width) _to;
    private int _rows;

    /// <summary>
    /// For every head: the first columns of its part of each input row times its matrix, into its part of each output row.
    /// </summary>
    /// <param name="heads">A matrix for each head.</param>
    /// <param name="input">Input rows.</param>
    /// <param name="from">Numbers from row to row, and from head to head.</param>
    /// <param name="output">Output rows; only the first numbers of each head's part, as many as its matrix has rows, are written.</param>
    /// <param name="to">Numbers from row to row, and from head to head.</param>
    /// <param name="rows">Rows.</param>
    public void Multiply(
        WeightMatrix[] heads, ReadOnlySpan<float> input, (int Stride, int Width) from, Span<float> output, (int Stride, int Width) to,
        int rows)
    {
        SpanGuard.HasRoom(input, checked(rows * from.Stride));
        SpanGuard.HasRoom(output, checked(rows * to.Stride));
        if (rows == 0)
        {
            return;
        }

        fixed (float* x = input, y = output)
        {
            (_heads, _from, _to, _rows) = (heads, from, to, rows);
            _input = x;
            _output = y;
            pool.Run(this, heads.Length);
        }
    }

    /// <inheritdoc/>
    public override void Execute(int chunk, int worker)
    {
        WeightMatrix matrix = _heads[chunk];
        int columns = matrix.Columns;
        float* gathered = (float*)Reserve(ref _gathered[worker], (long)_rows * columns * sizeof(float));
        for (int row = 0; row < _rows; row++)
        {
            new ReadOnlySpan<float>(_input + ((long)row * _from.Stride) + ((long)chunk * _from.Width), columns)
                .CopyTo(new Span<float>(gathered + ((long)row * columns), columns));
        }

        ActivationLayout layout = matrix.LayoutFor(_rows);
        byte* activations = (byte*)gathered;
        if (layout != ActivationLayout.Rows)
        {
            activations = Reserve(ref _packed[worker], ActivationPacking.ByteCount(layout, _rows, columns));
            for (int tile = 0; tile < ActivationPacking.TileCount(_rows); tile++)
            {
                ActivationPacking.PackTile(layout, gathered, _rows, columns, tile, activations);
            }
        }

        MatrixOperand operand = new()
        {
            Activations = activations,
            Output = _output + ((long)chunk * _to.Width),
            OutputStride = _to.Stride,
            Tokens = _rows,
            Repacks = matrix.BeginUse(),
        };
        matrix.MultiplyChunk(operand, 0, 1, Reserve(ref _scratch[worker], matrix.ScratchBytes(_rows)));
        matrix.EndUse(operand.Repacks);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (NativeBuffer? buffer in (IEnumerable<NativeBuffer?>)[.. _gathered, .. _packed, .. _scratch])
        {
            buffer?.Dispose();
        }
    }

    private static byte* Reserve(ref NativeBuffer? buffer, long bytes)
    {
        if (buffer is null || buffer.ByteCount < bytes)
        {
            buffer?.Dispose();
            buffer = new NativeBuffer(Math.Max(bytes, 1));
        }

        return buffer.Address;
    }
}
