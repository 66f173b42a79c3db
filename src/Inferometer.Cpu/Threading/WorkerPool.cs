using System.Diagnostics;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Inferometer.Cpu.Threading;

/// <summary>
/// Dedicated threads for the pieces of one computation at a time. Idle workers spin briefly, then sleep; pieces are handed out one by one,
/// so a worker that the system holds back delays nobody. The thread that calls <see cref="Run(ParallelWork, int)"/> takes part as worker 0.
/// </summary>
/// <remarks>
/// One dispatch at a time: a second caller gets an <see cref="InvalidOperationException"/>. Dispatching allocates nothing. The state of a
/// dispatch sits in one 64-bit word (dispatch number, chunk count, next chunk). A worker claims a chunk by compare-and-swap on the whole
/// word, so a worker that wakes late can never claim a chunk of a dispatch whose work it has not read, and the caller need not wait for it.
/// </remarks>
public sealed class WorkerPool : IDisposable
{
    /// <summary>Most pieces one dispatch can have.</summary>
    public const int MaxChunks = (1 << ChunkBits) - 1;

    // Up to so many workers, on as many processors, are kept apart; where there are processors to spare the system finds a free one.
    private const int MostKeptApart = 16;
    private const int ChunkBits = 20;
    private const long ChunkMask = MaxChunks;

    private readonly Thread[] _threads;
    private readonly int[] _threadNumbers; // the system's; 0 until a thread runs
    private readonly int[] _processors;
    private readonly bool _takesAll;
    private readonly bool _keepsApart;
    private readonly Lock _dispatchLock = new();
    private readonly object _sleepGate = new();
    private readonly WorkerPoolOptions _options;
    private readonly long _spinTicks;
    private Shared _shared;
    private ParallelWork? _work;
    private ExceptionDispatchInfo? _failure;
    private int _callersProcessor = -1;
    private bool _running;
    private bool _disposed;

    /// <summary>Starts <paramref name="threadCount"/> - 1 threads; the caller of Run is the remaining one.</summary>
    /// <param name="threadCount">1 to 1024.</param>
    /// <param name="options">Pinning and spin time; null for the defaults.</param>
    public WorkerPool(int threadCount, WorkerPoolOptions? options = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threadCount);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(threadCount, 1024);
        _options = options ?? new WorkerPoolOptions();
        _spinTicks = (long)(_options.SpinTime.TotalSeconds * Stopwatch.Frequency);
        ThreadCount = threadCount;
        _processors = CpuAffinity.AllowedProcessors();
        _takesAll = threadCount >= _processors.Length;
        _keepsApart = !_options.Pin && threadCount is > 1 and <= MostKeptApart && threadCount == _processors.Length;
        _threadNumbers = new int[threadCount - 1];
        _threads = new Thread[threadCount - 1];
        for (int i = 0; i < _threads.Length; i++)
        {
            int worker = i + 1;
            int processor = _processors[worker % _processors.Length];
            _threads[i] = new Thread(() => WorkerLoop(worker, processor)) { IsBackground = true, Name = $"inferometer worker {worker}" };
            _threads[i].Start();
        }
    }

    /// <summary>Workers, the caller included.</summary>
    public int ThreadCount { get; }

    /// <summary>
    /// Does all <paramref name="chunks"/> pieces of <paramref name="work"/> and returns when the last is done. An exception from a piece is
    /// thrown here, after pieces already started have ended; the rest are skipped.
    /// </summary>
    /// <exception cref="InvalidOperationException">A dispatch is running already, from another thread or from inside a piece.</exception>
    public void Run(ParallelWork work, int chunks)
    {
        ArgumentNullException.ThrowIfNull(work);
        ArgumentOutOfRangeException.ThrowIfNegative(chunks);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(chunks, MaxChunks);
        if (chunks == 0)
        {
            return;
        }

        Enter();
        try
        {
            if (_threads.Length == 0 || chunks == 1)
            {
                for (int chunk = 0; chunk < chunks; chunk++)
                {
                    work.Execute(chunk, 0);
                }
            }
            else
            {
                Dispatch(work, chunks);
            }
        }
        finally
        {
            Volatile.Write(ref _running, false);
        }
    }

    /// <summary>
    /// Lets whoever waits for a processor have one, where the workers take all of them: the caller gives its own up once, and each worker
    /// that has nothing to do just now. Linux otherwise takes a processor from a thread that never sleeps at the next tick of its clock, up
    /// to 4 ms later, and the readers of what was computed wait for that. Called between computations.
    /// </summary>
    public void LetOthersRun()
    {
        if (_takesAll)
        {
            Interlocked.Increment(ref _shared.Offers);
            Thread.Yield();
        }
    }

    /// <summary>Stops the threads and waits for them.</summary>
    public void Dispose()
    {
        lock (_dispatchLock)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
        }

        lock (_sleepGate)
        {
            Volatile.Write(ref _shared.Stopping, true);
            Monitor.PulseAll(_sleepGate);
        }

        foreach (Thread thread in _threads)
        {
            thread.Join();
        }
    }

    private void Enter()
    {
        lock (_dispatchLock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_running)
            {
                throw new InvalidOperationException(
                    "The worker pool runs one dispatch at a time: it was called from a second thread or from inside a piece of work.");
            }

            _running = true;
        }
    }

    private void Dispatch(ParallelWork work, int chunks)
    {
        long dispatch = (_shared.Ticket >>> (2 * ChunkBits)) + 1;
        _work = work;
        _failure = null;
        _shared.Completed = 0;
        Interlocked.Exchange(ref _shared.Ticket, dispatch << (2 * ChunkBits) | (long)chunks << ChunkBits);
        if (Volatile.Read(ref _shared.Sleeping) > 0)
        {
            KeepApart();
            lock (_sleepGate)
            {
                Monitor.PulseAll(_sleepGate);
            }
        }

        TakeChunks(0);
        SpinWait spinner = default;
        while (Volatile.Read(ref _shared.Completed) < chunks)
        {
            // A worker that was descheduled in the middle of a piece needs a processor, perhaps this one.
            spinner.SpinOnce(sleep1Threshold: -1);
        }

        _work = null;
        _failure?.Throw();
    }

    // Workers that sleep are often woken on the processor that their caller runs on, and share it with the caller for milliseconds while
    // another one is idle: a step then takes twice as long. Where they last ran is therefore forbidden to them if the caller is there now.
    private void KeepApart()
    {
        int processor = _keepsApart ? CpuAffinity.CurrentProcessor() : -1;
        if (processor < 0 || processor == _callersProcessor)
        {
            return;
        }

        _callersProcessor = processor;
        foreach (ref int number in _threadNumbers.AsSpan())
        {
            CpuAffinity.TryBind(Volatile.Read(ref number), _processors, but: processor);
        }
    }

    private void TakeChunks(int worker)
    {
        while (true)
        {
            long ticket = Volatile.Read(ref _shared.Ticket);
            long next = ticket & ChunkMask;
            if (next >= (ticket >>> ChunkBits & ChunkMask))
            {
                return;
            }

            ParallelWork? work = Volatile.Read(ref _work);
            if (Interlocked.CompareExchange(ref _shared.Ticket, ticket + 1, ticket) != ticket)
            {
                continue;
            }

            try
            {
                if (Volatile.Read(ref _failure) is null)
                {
                    work!.Execute((int)next, worker);
                }
            }
            catch (Exception exception)
            {
                Interlocked.CompareExchange(ref _failure, ExceptionDispatchInfo.Capture(exception), null);
            }

            Interlocked.Increment(ref _shared.Completed);
        }
    }

    private void WorkerLoop(int worker, int processor)
    {
        Volatile.Write(ref _threadNumbers[worker - 1], CpuAffinity.CurrentThread());
        if (_options.Pin)
        {
            CpuAffinity.TryBindCurrentThread(processor);
        }

        int offers = 0;
        while (!Volatile.Read(ref _shared.Stopping))
        {
            TakeChunks(worker);
            if (!SpinForWork(ref offers))
            {
                SleepUntilWork();
            }
        }
    }

    private bool HasWork()
    {
        long ticket = Volatile.Read(ref _shared.Ticket);
        return (ticket & ChunkMask) < (ticket >>> ChunkBits & ChunkMask) || Volatile.Read(ref _shared.Stopping);
    }

    private bool SpinForWork(ref int offers)
    {
        long deadline = Stopwatch.GetTimestamp() + _spinTicks;
        do
        {
            if (Volatile.Read(ref _shared.Offers) is var made && made != offers)
            {
                offers = made;
                Thread.Yield();
            }

            for (int i = 0; i < 64; i++)
            {
                if (HasWork())
                {
                    return true;
                }

                Thread.SpinWait(1);
            }
        }
        while (Stopwatch.GetTimestamp() < deadline);
        return false;
    }

    private void SleepUntilWork()
    {
        lock (_sleepGate)
        {
            // The count is raised before the last look at the ticket, and the dispatcher publishes the ticket before it looks at the count:
            // one of the two sees the other.
            Interlocked.Increment(ref _shared.Sleeping);
            while (!HasWork())
            {
                Monitor.Wait(_sleepGate);
            }

            Interlocked.Decrement(ref _shared.Sleeping);
        }
    }

    /// <summary>The words that several threads write, each on a cache line of its own.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 512)]
    private struct Shared
    {
        [FieldOffset(128)]
        public long Ticket;

        [FieldOffset(256)]
        public int Completed;

        [FieldOffset(384)]
        public int Sleeping;

        [FieldOffset(388)]
        public bool Stopping;

        [FieldOffset(392)]
        public int Offers;
    }
}
