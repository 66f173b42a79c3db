using System.Diagnostics;
using Inferometer.Core.Hardware;
using Inferometer.Cpu.Kernels;
using Inferometer.Cpu.Threading;

namespace Inferometer.Measurement.Diagnostics;

/// <summary>
/// Measures a machine's limits: memory read bandwidth and the rates of f32 multiply-adds and 8-bit integer products. Best of several
/// passes, since whatever else runs can only slow a pass down; of reading also the best of two ways. On shared hosts the limits change
/// within minutes, so measure them beside what is compared with them.
/// </summary>
public static class MachineProbe
{
    /// <summary>Bytes read per pass by default: several times any last-level cache.</summary>
    public const long DefaultBufferBytes = 512L << 20;

    private const int ChunksPerThread = 16;

    /// <summary>
    /// Measures with all threads of <paramref name="pool"/>. Takes about <paramref name="seconds"/> and <paramref name="bufferBytes"/> of
    /// memory.
    /// </summary>
    /// <param name="pool">Threads.</param>
    /// <param name="seconds">Time to spend in all, shared by the three measurements; at least one pass of each is done.</param>
    /// <param name="bufferBytes">Size of the buffer that is read, at least 1 MiB.</param>
    /// <param name="cancellationToken">Stops between passes.</param>
    public static MachineLimits Measure(
        WorkerPool pool, double seconds = 1.5, long bufferBytes = DefaultBufferBytes, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(pool);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(seconds);
        ArgumentOutOfRangeException.ThrowIfLessThan(bufferBytes, 1 << 20);
        int chunks = pool.ThreadCount * ChunksPerThread;
        long chunkBytes = bufferBytes / chunks / 1024 * 1024;
        using NativeBuffer buffer = NativeBuffer.Uninitialized(chunkBytes * chunks);
        ProbeWork work = new(buffer, chunkBytes);

        // The first touch of fresh memory is not what is measured.
        work.Kind = ProbeKind.Write;
        pool.Run(work, chunks);
        double read = BestReadRate(pool, work, chunks, chunkBytes, seconds / 3, cancellationToken);
        double floats = BestRate(pool, work, ProbeKind.Float, chunks, RateLoops.FloatOperations, seconds / 3, cancellationToken);
        double integers = RateLoops.Int8Operations == 0
            ? 0
            : BestRate(pool, work, ProbeKind.Int8, chunks, RateLoops.Int8Operations, seconds / 3, cancellationToken);
        return new MachineLimits(pool.ThreadCount, read / 1e9, floats / 1e9, integers / 1e9);
    }

    /// <summary>The cache before the memory: rates of reading stretches of different sizes again and again.</summary>
    /// <param name="pool">Threads, which share each stretch.</param>
    /// <param name="cancellationToken">Stops between passes.</param>
    /// <returns>Null where small stretches are read no faster than large ones.</returns>
    public static DeviceCache? MeasureCache(WorkerPool pool, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(pool);
        const double seconds = 0.05;
        const double least = 1.3; // times the memory's bandwidth: less is no gain that could be told from noise
        double[] sizes = [.. Enumerable.Range(0, 8).Select(i => (double)((4L << 20) << i))]; // 4 to 512 MiB
        double[] rates = new double[sizes.Length];
        int chunks = pool.ThreadCount * ChunksPerThread;
        using NativeBuffer buffer = NativeBuffer.Uninitialized((long)sizes[^1]);
        for (int i = 0; i < rates.Length; i++)
        {
            long chunkBytes = (long)sizes[i] / chunks / 1024 * 1024;
            ProbeWork work = new(buffer, chunkBytes) { Kind = ProbeKind.Write };
            pool.Run(work, chunks);
            rates[i] = BestReadRate(pool, work, chunks, chunkBytes, seconds, cancellationToken);
        }

        double memory = rates[^1], cache = rates[0];
        if (cache < least * memory)
        {
            return null;
        }

        // Where the time of a byte is halfway between both.
        double halfway = ((1 / memory) + (1 / cache)) / 2;
        int above = Array.FindIndex(rates, rate => 1 / rate >= halfway);
        double share = (halfway - (1 / rates[above - 1])) / ((1 / rates[above]) - (1 / rates[above - 1]));
        return new DeviceCache(sizes[above - 1] * Math.Pow(2, share), cache);
    }

    /// <summary>
    /// Time to hand out a piece of empty work and have it back, seconds: the least that every operator pays whatever its size. The least of
    /// many short means; the threads need not all
    /// have come, as waiting for them would time whatever else runs on a busy machine.
    /// </summary>
    public static double MeasureDispatch(WorkerPool pool)
    {
        ArgumentNullException.ThrowIfNull(pool);
        // Slices short enough to fall between two interruptions by whatever else runs.
        const int dispatches = 50;
        const double seconds = 0.05;
        EmptyWork work = new();
        double least = double.MaxValue;
        long first = Stopwatch.GetTimestamp();
        do
        {
            long start = Stopwatch.GetTimestamp();
            for (int i = 0; i < dispatches; i++)
            {
                pool.Run(work, pool.ThreadCount);
            }

            least = Math.Min(least, Stopwatch.GetElapsedTime(start).TotalSeconds / dispatches);
        }
        while (Stopwatch.GetElapsedTime(first).TotalSeconds < seconds);
        return least;
    }

    /// <summary>One stream per thread, or several pages side by side: processors differ in which of them is the faster.</summary>
    private static double BestReadRate(
        WorkerPool pool, ProbeWork work, int chunks, double bytesPerChunk, double seconds, CancellationToken cancellationToken)
        => Math.Max(
            BestRate(pool, work, ProbeKind.Read, chunks, bytesPerChunk, seconds / 2, cancellationToken),
            BestRate(pool, work, ProbeKind.ReadPages, chunks, bytesPerChunk, seconds / 2, cancellationToken));

    private static double BestRate(
        WorkerPool pool, ProbeWork work, ProbeKind kind, int chunks, double amountPerChunk, double seconds,
        CancellationToken cancellationToken)
    {
        work.Kind = kind;
        double best = 0;
        long start = Stopwatch.GetTimestamp();
        do
        {
            cancellationToken.ThrowIfCancellationRequested();
            long pass = Stopwatch.GetTimestamp();
            pool.Run(work, chunks);
            best = Math.Max(best, amountPerChunk * chunks / Stopwatch.GetElapsedTime(pass).TotalSeconds);
        }
        while (Stopwatch.GetElapsedTime(start).TotalSeconds < seconds);
        return best;
    }

    private sealed class EmptyWork : ParallelWork
    {
        public override void Execute(int chunk, int worker)
        {
        }
    }
}
