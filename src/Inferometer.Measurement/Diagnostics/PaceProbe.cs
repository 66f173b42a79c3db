using System.Diagnostics;
using Inferometer.Cpu.Kernels;
using Inferometer.Cpu.Threading;

namespace Inferometer.Measurement.Diagnostics;

/// <summary>
/// Times two fixed pieces of work within some hundredths of a second: medians of a few passes, so that one interruption does not show and
/// a slow spell does. For readings between measurements, while nothing else of this process runs.
/// </summary>
internal sealed class PaceProbe : IDisposable
{
    private const long BufferBytes = 256L << 20; // more than most caches hold
    private const int ChunksPerThread = 4;
    private const int ArithmeticPasses = 9;
    private const int MemoryPasses = 5;

    private readonly WorkerPool _pool;
    private readonly NativeBuffer _buffer;
    private readonly ProbeWork _work;
    private readonly int _chunks;

    /// <summary>Takes threads and 256 MiB of memory.</summary>
    /// <param name="threads">Worker threads, at least 1.</param>
    public PaceProbe(int threads)
    {
        _pool = new WorkerPool(threads);
        _chunks = threads * ChunksPerThread;
        long chunkBytes = BufferBytes / _chunks / 1024 * 1024;
        _buffer = NativeBuffer.Uninitialized(chunkBytes * _chunks);
        _work = new ProbeWork(_buffer, chunkBytes) { Kind = ProbeKind.Write };
        _pool.Run(_work, _chunks); // memory is there, threads have run
    }

    /// <summary>Reads the pace of this moment.</summary>
    public MachinePace Read() => new(Median(ProbeKind.Float, ArithmeticPasses), Median(ProbeKind.Read, MemoryPasses));

    /// <inheritdoc/>
    public void Dispose()
    {
        _pool.Dispose();
        _buffer.Dispose();
    }

    private double Median(ProbeKind kind, int passes)
    {
        _work.Kind = kind;
        _pool.Run(_work, _chunks); // workers wake up
        Span<double> seconds = stackalloc double[passes];
        foreach (ref double pass in seconds)
        {
            long begin = Stopwatch.GetTimestamp();
            _pool.Run(_work, _chunks);
            pass = Stopwatch.GetElapsedTime(begin).TotalSeconds;
        }

        seconds.Sort();
        return seconds[passes / 2];
    }
}
