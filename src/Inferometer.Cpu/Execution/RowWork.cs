using Inferometer.Cpu.Threading;

namespace Inferometer.Cpu.Execution;

/// <summary>
/// Runs something once per row of a step on the workers, a few rows per piece. Few rows stay on the calling thread, where they are done
/// before a worker would start.
/// </summary>
internal sealed class RowWork(WorkerPool pool) : ParallelWork
{
    private const int MaxInlineRows = 4;

    private Action<int>? _body;
    private int _rows;
    private int _chunks;

    /// <summary>Calls <paramref name="body"/> for every row from 0; keep the delegate, so that the call allocates nothing.</summary>
    public void Run(Action<int> body, int rows)
    {
        if (rows <= MaxInlineRows || pool.ThreadCount == 1)
        {
            for (int row = 0; row < rows; row++)
            {
                body(row);
            }

            return;
        }

        _body = body;
        _rows = rows;
        _chunks = Math.Min(rows, pool.ThreadCount * 4);
        pool.Run(this, _chunks);
        _body = null;
    }

    /// <inheritdoc/>
    public override void Execute(int chunk, int worker)
    {
        int end = (int)((long)_rows * (chunk + 1) / _chunks);
        for (int row = (int)((long)_rows * chunk / _chunks); row < end; row++)
        {
            _body!(row);
        }
    }
}
