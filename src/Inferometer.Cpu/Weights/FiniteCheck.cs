using Inferometer.Core;
using Inferometer.Cpu.Threading;
using Inferometer.ModelFiles.Formats;

namespace Inferometer.Cpu.Weights;

/// <summary>Reads a tensor once on all workers and refuses NaN and infinity, which would silence the whole model.</summary>
internal sealed class FiniteCheck(WorkerPool pool) : ParallelWork
{
    private const int StretchBytes = 1 << 18;

    private ModelTensor? _tensor;
    private int _rowsPerChunk;

    /// <summary>Checks all values.</summary>
    /// <exception cref="InferometerException">A value is not finite; the message names file, tensor and place.</exception>
    public void Require(ModelTensor tensor)
    {
        _tensor = tensor;
        _rowsPerChunk =
            (int)Math.Max(1, Math.Max(StretchBytes / tensor.RowByteCount, (tensor.Rows + WorkerPool.MaxChunks - 1) / WorkerPool.MaxChunks));
        pool.Run(this, checked((int)((tensor.Rows + _rowsPerChunk - 1) / _rowsPerChunk)));
    }

    /// <inheritdoc/>
    public override void Execute(int chunk, int worker)
    {
        long first = (long)chunk * _rowsPerChunk;
        long rows = Math.Min(_rowsPerChunk, _tensor!.Rows - first);
        WeightValidation.RequireFinite(_tensor, first * _tensor.RowByteCount, checked((int)(rows * _tensor.RowByteCount)));
    }
}
