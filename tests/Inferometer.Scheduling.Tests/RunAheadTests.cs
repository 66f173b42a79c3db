using FsCheck;
using FsCheck.Fluent;
using Inferometer.Scheduling.Blocks;

namespace Inferometer.Scheduling.Tests;

/// <summary>
/// Steps that are run ahead, with sequences that come and go on the way, leave everything as the same steps one by one do, down to the
/// numbers of blocks.
/// </summary>
public sealed class RunAheadTests
{
    [Fact]
    public void Steps_run_ahead_leave_what_single_steps_leave()
    {
        int ahead = 0, joined = 0;
        long preempted = 0;
        Prop.ForAll(Gen.Choose(0, int.MaxValue - 1).ToArbitrary(), seed =>
        {
            (int steps, int joins, long preemptions) = Compare(new Random(seed));
            (ahead, joined, preempted) = (ahead + steps, joined + joins, preempted + preemptions);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(600));
        Assert.True(ahead > 4000, $"{ahead} steps were run ahead"); // else the test shows nothing
        Assert.True(joined > 400, $"{joined} sequences joined on the way");
        Assert.True(preempted > 100, $"{preempted} sequences gave way while steps were run ahead");
    }

    [Fact]
    public void It_runs_a_request_from_its_first_token_of_prompt_to_its_end()
    {
        Bench bench = new(new SchedulerOptions { MaxTokensPerStep = 8 }, 20, true);
        bench.Submit(20, 5);
        Assert.Equal(7, bench.Scheduler.RunAhead(bench.Executor)); // 8 + 8 + 4 tokens of prompt, and four more steps
        Assert.False(bench.Scheduler.HasWork);
        Assert.Equal((1, 1), (bench.Executor.Joined, bench.Executor.Left));
    }

    [Fact]
    public void Policies_that_it_does_not_know_and_open_steps_are_left_alone()
    {
        foreach (SchedulerOptions options in new SchedulerOptions[]
        {
            new() { ReserveForOutput = true }, new() { ChunkedPrefill = false },
            new() { Batching = BatchingMode.Static }, new() { KeepKeysAndValues = false },
        })
        {
            Bench other = new(options, 20, true);
            other.Submit(20, 5);
            Assert.Equal(0, other.Scheduler.RunAhead(other.Executor));
        }

        Bench bench = new(new SchedulerOptions(), 20, true);
        bench.Submit(20, 5);
        bench.Scheduler.BeginStep();
        Assert.Throws<InvalidOperationException>(() => bench.Scheduler.RunAhead(bench.Executor));
    }

    [Fact]
    public void Until_it_lands_nothing_else_is_done()
    {
        Bench bench = new(new SchedulerOptions(), 20, true);
        bench.Submit(20, 5);
        bench.Executor.Limit = 2;
        bench.Executor.Leaves = true;
        Assert.Equal(2, bench.Scheduler.RunAhead(bench.Executor, stay: true));
        Assert.Throws<InvalidOperationException>(() => bench.Scheduler.RunAhead(bench.Executor, stay: true));
        Assert.Throws<InvalidOperationException>(() => bench.Scheduler.Land(bench.Executor));
        bench.Scheduler.EndStepAhead(bench.Executor);
        Assert.Throws<InvalidOperationException>(() => bench.Scheduler.EndStepAhead(bench.Executor));
        Assert.Throws<InvalidOperationException>(() => bench.Scheduler.BeginStep());
        Assert.Throws<InvalidOperationException>(() => bench.Scheduler.Cancel(bench.Scheduler.Running[0]));
        bench.Scheduler.Land(bench.Executor);
        Assert.Equal(22, bench.Scheduler.Running[0].TokenCount);
        bench.Step();
        Assert.Equal(23, bench.Scheduler.Running[0].TokenCount);
    }

    private static (int Steps, int Joins, long Preemptions) Compare(Random random)
    {
        SchedulerOptions options = random.Next(6) switch
        {
            0 => new() { MaxTokensPerStep = 40, AdmissionReserve = 0.2 },
            3 => new() { MaxTokensPerStep = 40, PrefillFirst = true },
            4 => new() { MaxTokensPerStep = 6, MaxSequences = 6, PrefillFirst = true },
            1 => new() { MaxSequences = 5 },
            2 => new() { MaxTokensPerStep = 6, MaxSequences = 6 },
            _ => new(),
        };
        int blocks = random.Next(12, 60);
        bool caching = random.Next(2) == 0;
        Bench ahead = new(options, blocks, caching), single = new(options, blocks, caching);
        int run = 0;
        long preempted = 0;
        for (int round = 0; round < 60; round++)
        {
            if (random.Next(3) == 0)
            {
                (int input, int output, int content) = (random.Next(1, 60), random.Next(0, 60), random.Next(1, 4));
                double arrival = random.Next(4) == 0 ? 0 : ahead.Scheduler.NowSeconds; // some are more urgent than those that run
                ahead.Submit(input, output, content, arrival);
                single.Submit(input, output, content, arrival);
            }

            ahead.Executor.Limit = random.Next(1, 40);
            long before = ahead.Scheduler.Statistics.Preemptions;
            bool stays = random.Next(2) == 0;
            ahead.Executor.Leaves = random.Next(2) == 0;
            int steps = ahead.Scheduler.RunAhead(ahead.Executor, stays);
            run += steps;
            if (ahead.Scheduler.IsAhead)
            {
                if (ahead.Scheduler.IsStepAheadOpen)
                {
                    ahead.Scheduler.EndStepAhead(ahead.Executor);
                }

                ahead.Executor.Limit += random.Next(0, 20);
                ahead.Executor.Leaves = false;
                int more = ahead.Scheduler.RunAhead(ahead.Executor); // goes on, and lands
                (run, steps) = (run + more, steps + more);
            }

            preempted += ahead.Scheduler.Statistics.Preemptions - before;
            if (steps == 0)
            {
                ahead.Step();
                steps = 1;
            }

            for (int i = 0; i < steps; i++)
            {
                single.Step();
            }

            Assert.Equal(StateSnapshot.Of(single.Scheduler), StateSnapshot.Of(ahead.Scheduler));
        }

        return (run, ahead.Executor.JoinedLater, preempted);
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

        public void Submit(int input, int output, int content = 1, double? arrival = null)
        {
            int[] prompt = new int[input];
            Array.Fill(prompt, content);
            Scheduler.TrySubmit(
                new SequenceRequest { Prompt = prompt, MaxNewTokens = output, ArrivalSeconds = arrival }, out _, out _);
        }

        public void Step() => Scheduler.Step(Executor, TestContext.Current.CancellationToken);
    }

    private sealed class Zeros(VirtualClock clock) : IStepExecutor, IAheadStepExecutor
    {
        private readonly HashSet<Sequence> _batch = [];
        private int _steps;

        public int Limit { get; set; } = int.MaxValue;

        public int Joined { get; private set; }

        public int JoinedLater { get; private set; }

        public int Left { get; private set; }

        public StepOutcome Execute(StepPlan plan, CancellationToken cancellationToken) => Emit(plan.Chunks);

        public StepOutcome Execute(IReadOnlyList<StepChunk> prompts, bool batchDecodes)
        {
            Assert.True(batchDecodes || prompts.Count > 0);
            Assert.DoesNotContain(prompts, p => _batch.Contains(p.Sequence));
            _steps++;
            return Emit(prompts);
        }

        public void Begin() => _steps = 0;

        public void Join(Sequence sequence)
        {
            Assert.True(_batch.Add(sequence));
            Joined++;
            JoinedLater += _steps > 0 ? 1 : 0;
        }

        public void Leave(Sequence sequence)
        {
            Assert.True(_batch.Remove(sequence));
            Assert.Equal(1, sequence.PendingTokens);
            Left++;
        }

        public bool TryBegin() => _steps < Limit;

        public bool LeavesStep => _steps == Limit && Leaves;

        public bool Leaves { get; set; }

        public void End(int steps)
        {
            Assert.Empty(_batch);
            Assert.Equal(_steps, steps);
        }

        private StepOutcome Emit(IReadOnlyList<StepChunk> chunks)
        {
            foreach (StepChunk chunk in chunks.Where(c => c.LogitRows > 0))
            {
                chunk.Emit(0);
            }

            clock.Advance(0.001);
            return new StepOutcome(0.001);
        }
    }
}
