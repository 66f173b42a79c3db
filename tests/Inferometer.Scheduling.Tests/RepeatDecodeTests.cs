using FsCheck;
using FsCheck.Fluent;
using Inferometer.Scheduling.Blocks;

namespace Inferometer.Scheduling.Tests;

/// <summary>Decode steps run in one call leave everything as the same steps one by one do, down to the numbers of blocks.</summary>
public sealed class RepeatDecodeTests
{
    [Fact]
    public void Steps_in_one_call_leave_what_single_steps_leave()
    {
        int repeated = 0;
        Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed => repeated += Compare(new Random(seed)))
            .Check(Config.QuickThrowOnFailure.WithMaxTest(300));
        Assert.True(repeated > 1000, $"{repeated} steps were run together"); // else the test shows nothing
    }

    [Fact]
    public void It_does_nothing_where_prompts_wait_to_be_computed_or_a_step_is_under_way()
    {
        Bench bench = new(new SchedulerOptions(), 10, true);
        bench.Submit(20, 5);
        Assert.Equal(0, bench.Scheduler.RepeatDecode(bench.Executor));
        StepPlan plan = bench.Scheduler.BeginStep();
        Assert.Throws<InvalidOperationException>(() => bench.Scheduler.RepeatDecode(bench.Executor));
        bench.Scheduler.EndStep(plan, bench.Executor.Execute(plan, TestContext.Current.CancellationToken));
        Assert.Equal(4, bench.Scheduler.RepeatDecode(bench.Executor));
        Assert.False(bench.Scheduler.HasWork);
    }

    private static int Compare(Random random)
    {
        SchedulerOptions options = random.Next(5) switch
        {
            0 => new() { PrefillFirst = true, MaxTokensPerStep = 40 },
            1 => new() { ReserveForOutput = true, MaxSequences = 5 },
            2 => new() { Batching = BatchingMode.Static, MaxSequences = 3 },
            3 => new() { MaxTokensPerStep = 6, MaxSequences = 6 },
            _ => new(),
        };
        int blocks = random.Next(12, 60);
        bool caching = random.Next(2) == 0;
        Bench together = new(options, blocks, caching), single = new(options, blocks, caching);
        int repeated = 0;
        for (int round = 0; round < 60; round++)
        {
            if (random.Next(3) == 0)
            {
                (int input, int output, int content) = (random.Next(1, 60), random.Next(0, 60), random.Next(1, 4));
                together.Submit(input, output, content);
                single.Submit(input, output, content);
            }

            together.Executor.Limit = random.Next(1, 30);
            int steps = together.Scheduler.RepeatDecode(together.Executor);
            repeated += steps > 1 ? steps : 0;
            if (steps == 0)
            {
                together.Step();
                steps = 1;
            }

            for (int i = 0; i < steps; i++)
            {
                single.Step();
            }

            Assert.Equal(StateSnapshot.Of(single.Scheduler), StateSnapshot.Of(together.Scheduler));
        }

        return repeated;
    }

    private sealed class Bench
    {
        private readonly VirtualClock _clock = new();

        public Bench(SchedulerOptions options, int blocks, bool caching)
        {
            BlockPool pool = new(new BlockPoolOptions { BlockCount = blocks, BlockSize = 8, PrefixCaching = caching });
            Scheduler = new Scheduler(options, pool, _clock);
            Executor = new Zeros(_clock);
        }

        public Scheduler Scheduler { get; }

        public Zeros Executor { get; }

        public void Submit(int input, int output, int content = 1)
        {
            int[] prompt = new int[input];
            Array.Fill(prompt, content);
            Scheduler.TrySubmit(new SequenceRequest { Prompt = prompt, MaxNewTokens = output }, out _, out _);
        }

        public void Step() => Scheduler.Step(Executor, TestContext.Current.CancellationToken);
    }

    private sealed class Zeros(VirtualClock clock) : IStepExecutor, IRepeatedStepExecutor
    {
        private int _steps;

        public int Limit { get; set; } = int.MaxValue;

        public StepOutcome Execute(StepPlan plan, CancellationToken cancellationToken)
        {
            foreach (StepChunk chunk in plan.Chunks.Where(c => c.LogitRows > 0))
            {
                chunk.Emit(0);
            }

            return Advance();
        }

        public void Begin(IReadOnlyList<Sequence> batch) => _steps = 0;

        public bool TryExecute(out StepOutcome outcome)
        {
            outcome = _steps < Limit ? Advance() : default;
            return _steps++ < Limit;
        }

        public void End(int steps) => Assert.InRange(steps, 0, Limit);

        private StepOutcome Advance()
        {
            clock.Advance(0.001);
            return new StepOutcome(0.001);
        }
    }
}
