using Inferometer.Cpu.Threading;

namespace Inferometer.Cpu.Tests.Threading;

public sealed class WorkerPoolTests
{
    [Theory]
    [InlineData(1, 0)]
    [InlineData(1, 7)]
    [InlineData(2, 1)]
    [InlineData(2, 100)]
    [InlineData(5, 3)]
    [InlineData(5, 1000)]
    public void Every_chunk_is_done_exactly_once(int threads, int chunks)
    {
        using WorkerPool pool = new(threads);
        Counting work = new(chunks, threads);
        for (int round = 1; round <= 50; round++)
        {
            pool.Run(work, chunks);
            Assert.All(work.Counts, count => Assert.Equal(round, count));
        }
    }

    [Fact]
    public void Others_may_run_between_dispatches()
    {
        using WorkerPool pool = new(Environment.ProcessorCount + 1);
        Counting work = new(100, pool.ThreadCount);
        for (int round = 1; round <= 50; round++)
        {
            pool.LetOthersRun();
            pool.Run(work, 100);
            Assert.All(work.Counts, count => Assert.Equal(round, count));
        }
    }

    [Fact]
    public void Sleeping_workers_wake_for_the_next_dispatch()
    {
        using WorkerPool pool = new(3, new WorkerPoolOptions { SpinTime = TimeSpan.Zero });
        Counting work = new(64, 3);
        for (int round = 1; round <= 200; round++)
        {
            pool.Run(work, 64);
            if (round % 50 == 0)
            {
                // Lets idle workers park, so that the next dispatch has to wake them; nothing asserted depends on how long it takes.
                Thread.Sleep(5);
            }
        }

        Assert.All(work.Counts, count => Assert.Equal(200, count));
    }

    [Fact]
    public void Workers_of_all_processors_are_woken_elsewhere_than_where_their_caller_runs()
    {
        int[] processors = CpuAffinity.AllowedProcessors();
        Assert.SkipUnless(OperatingSystem.IsLinux(), "threads are placed on Linux alone");
        Assert.SkipUnless(processors.Length is > 1 and <= 16, "threads are placed where there are 2 to 16 processors");
        using WorkerPool pool = new(processors.Length, new WorkerPoolOptions { SpinTime = TimeSpan.Zero });
        Placed work = new(processors.Length);

        // Until the workers sleep there is nothing to place; how long that takes the system decides.
        for (int round = 0; round < 500 && work.Allowed.Skip(1).Any(a => a is null || a.Length == processors.Length); round++)
        {
            Thread.Sleep(2);
            pool.Run(work, processors.Length);
        }

        Assert.All(work.Allowed.Skip(1), allowed => Assert.Equal(processors.Length - 1, allowed!.Length));
        Assert.Equal(processors, work.Allowed[0]);
        Assert.All(work.Allowed.Skip(1), allowed => Assert.Equal(work.Allowed[1], allowed));
    }

    [Fact]
    public void All_workers_take_part_when_pieces_wait_for_each_other()
    {
        using WorkerPool pool = new(3);
        Meeting work = new(3);
        pool.Run(work, 3);
        Assert.Equal([0, 1, 2], work.Workers.Order());
    }

    [Fact]
    public void An_exception_in_a_piece_reaches_the_caller_and_the_pool_stays_usable()
    {
        using WorkerPool pool = new(2);
        FormatException exception = Assert.Throws<FormatException>(() => pool.Run(new Failing(), 20));
        Assert.Equal("piece 7", exception.Message);
        Counting work = new(10, 2);
        pool.Run(work, 10);
        Assert.All(work.Counts, count => Assert.Equal(1, count));
    }

    [Fact]
    public void A_dispatch_from_inside_a_piece_is_refused()
    {
        using WorkerPool pool = new(2);
        Assert.Throws<InvalidOperationException>(() => pool.Run(new Nested(pool), 4));
    }

    [Fact]
    public void A_disposed_pool_refuses_work()
    {
        WorkerPool pool = new(2);
        pool.Dispose();
        pool.Dispose();
        Assert.Throws<ObjectDisposedException>(() => pool.Run(new Counting(1, 2), 1));
    }

    [Fact]
    public void Dispatching_allocates_nothing()
    {
        using WorkerPool pool = new(2);
        Counting work = new(16, 2);
        pool.Run(work, 16);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            pool.Run(work, 16);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void Pinned_workers_run_on_one_processor_each()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "threads are bound to processors on Linux only");
        using WorkerPool pool = new(2, new WorkerPoolOptions { Pin = true });
        Affinities work = new();
        pool.Run(work, 2);
        Assert.Single(work.Allowed[1]);
    }

    private sealed class Counting(int chunks, int threads) : ParallelWork
    {
        public int[] Counts { get; } = new int[chunks];

        public override void Execute(int chunk, int worker)
        {
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(worker, threads);
            Interlocked.Increment(ref Counts[chunk]);
        }
    }

    private sealed class Placed(int workers) : ParallelWork
    {
        private readonly Barrier _all = new(workers);

        public int[]?[] Allowed { get; } = new int[]?[workers];

        public override void Execute(int chunk, int worker)
        {
            Allowed[worker] = CpuAffinity.AllowedProcessors();
            _all.SignalAndWait();
        }
    }

    private sealed class Meeting(int parties) : ParallelWork
    {
        private readonly Barrier _barrier = new(parties);

        public int[] Workers { get; } = new int[parties];

        public override void Execute(int chunk, int worker)
        {
            Workers[chunk] = worker;
            _barrier.SignalAndWait();
        }
    }

    private sealed class Failing : ParallelWork
    {
        public override void Execute(int chunk, int worker)
        {
            if (chunk == 7)
            {
                throw new FormatException("piece 7");
            }
        }
    }

    private sealed class Nested(WorkerPool pool) : ParallelWork
    {
        public override void Execute(int chunk, int worker) => pool.Run(new Failing(), 1);
    }

    private sealed class Affinities : ParallelWork
    {
        private readonly Barrier _barrier = new(2);

        public int[][] Allowed { get; } = new int[2][];

        public override void Execute(int chunk, int worker)
        {
            Allowed[worker] = CpuAffinity.AllowedProcessors();
            _barrier.SignalAndWait();
        }
    }
}
