using FsCheck;
using FsCheck.Fluent;
using Inferometer.Scheduling.Blocks;

namespace Inferometer.Scheduling.Tests;

/// <summary>Steps that fail anywhere, or are given up: what is left behind is what was there before.</summary>
public sealed class StepAbandonTests
{
    private sealed class InjectedException : Exception;

    private sealed record Load(int Seed, int Requests, int Blocks, int Budget, int Every, int Policy, int Drafts)
    {
        public SchedulerOptions Options => new()
        {
            MaxTokensPerStep = Budget,
            MaxSequences = 8,
            MaxSequenceTokens = 120,
            AdmissionReserve = 0, // admits as much as it can, so that sequences are preempted
            ChunkedPrefill = Policy % 2 == 0,
            KeepKeysAndValues = (Policy / 2) % 4 != 0,
        };
    }

    private static Arbitrary<Load> Loads { get; } = (
        from seed in Gen.Choose(0, 1_000_000)
        from requests in Gen.Choose(1, 14)
        from blocks in Gen.Choose(30, 60)
        from budget in Gen.Choose(4, 64)
        from every in Gen.Choose(2, 150)
        from policy in Gen.Choose(0, 7)
        from drafts in Gen.Choose(0, 3)
        select new Load(seed, requests, blocks, budget, every, policy, drafts)).ToArbitrary();

    [Fact]
    public void An_executor_that_throws_at_every_kth_operation_changes_neither_the_state_before_a_step_nor_any_output()
    {
        int failures = 0;
        int exact = 0;
        int overwritten = 0;
        Prop.ForAll(Loads, load =>
        {
            ServingBench bench = new(load.Blocks, load.Options, blockSize: 4, prefixCaching: load.Seed % 3 != 0, drafts: load.Drafts);
            Random random = new(load.Seed);
            List<Sequence> sequences = SubmitAll(bench, load, random);
            int operations = 0;
            int every = load.Every;
            bench.Executor.OnOperation = () =>
            {
                if (++operations % every == 0)
                {
                    throw new InjectedException();
                }
            };
            while (bench.Scheduler.HasWork)
            {
                State before = new(bench);
                StepPlan plan = bench.Scheduler.BeginStep();
                bool mayDiffer = plan.Preempted.Count > 0 || bench.Pool.Statistics.Evictions > before.Evictions;
                try
                {
                    bench.Scheduler.EndStep(plan, bench.Executor.Execute(plan, TestContext.Current.CancellationToken));
                }
                catch (InjectedException)
                {
                    failures++;
                    every += 1 + (every / 4); // a step with more operations than that would never end
                    bench.Scheduler.Abandon(plan);
                    overwritten += mayDiffer ? 1 : 0;
                    exact += mayDiffer ? 0 : 1;
                    before.Check(bench, mayDiffer);
                    if (random.Next(2) == 0)
                    {
                        // Whoever took the blocks of others goes, so that they run on with what they have instead of losing it again.
                        bench.Scheduler.Cancel(plan.Chunks[random.Next(plan.Chunks.Count)].Sequence);
                    }
                }

                bench.CheckConservation();
            }

            Assert.All(sequences, s => Assert.True(s.FinishReason is FinishReason.Length or FinishReason.Cancelled));
            Assert.All(sequences.Where(s => s.FinishReason == FinishReason.Length), ServingBench.CheckTokens);
            Assert.Equal(0, bench.Pool.UsedBlocks);
        }).QuickCheckThrowOnFailure();
        Assert.True(
            failures > 100 && exact > 50 && overwritten > 10, $"{failures} failures, {exact} exact, {overwritten} with overwritten blocks");
    }

    [Fact]
    public void A_plan_given_up_before_it_ran_leaves_everything_exactly_as_it_was_and_is_planned_again_the_same()
    {
        int preempted = 0;
        int evicted = 0;
        int expired = 0;
        Prop.ForAll(Loads, load =>
        {
            ServingBench bench = new(load.Blocks, load.Options, blockSize: 4, prefixCaching: load.Seed % 3 != 0, drafts: load.Drafts);
            Random random = new(load.Seed);
            SubmitAll(bench, load, random, withDeadlines: true);
            while (bench.Scheduler.HasWork)
            {
                State before = new(bench);
                StepPlan plan = bench.Scheduler.BeginStep();
                string planned = Describe(plan);
                preempted += plan.Preempted.Count;
                expired += plan.Expired.Count;
                evicted += bench.Pool.Statistics.Evictions > before.Evictions ? 1 : 0;
                bench.Scheduler.Abandon(plan, blocksUntouched: true);
                before.Check(bench, mayDiffer: false);
                plan = bench.Scheduler.BeginStep();
                Assert.Equal(planned, Describe(plan));
                StepOutcome outcome = plan.IsEmpty ? default : bench.Executor.Execute(plan, TestContext.Current.CancellationToken);
                bench.Scheduler.EndStep(plan, outcome);
                bench.CheckConservation();
            }
        }).QuickCheckThrowOnFailure();
        Assert.True(preempted > 10 && evicted > 10 && expired > 10, $"{preempted} preempted, {evicted} steps evicted, {expired} expired");
    }

    [Fact]
    public void A_copy_on_write_is_made_again_by_the_step_after_a_failed_one()
    {
        ServingBench bench = new(32, blockSize: 4, hold: s => s.Request.Owner is "held");
        SequenceRequest request = new() { Prompt = ServingBench.Prompt(1, 6), MaxNewTokens = 8, ParallelSequences = 2, Owner = "held" };
        Assert.True(bench.Scheduler.TrySubmit(request, out Sequence? first, out _));
        bench.Step();
        Sequence second = bench.Scheduler.Fork(first, "held");
        bench.Scheduler.Append(first, 1);
        bench.Scheduler.Append(second, 2);
        string before = StateSnapshot.Of(bench.Scheduler);
        bench.Executor.OnOperation = () => throw new InjectedException();
        Assert.Throws<InjectedException>(() => bench.Scheduler.Step(bench.Executor, TestContext.Current.CancellationToken));
        Assert.Equal(before, StateSnapshot.Of(bench.Scheduler));
        bench.Executor.OnOperation = null;
        StepPlan plan = bench.Step();
        BlockCopy copy = Assert.Single(plan.Copies);
        Assert.Equal((copy.Target, copy.Source), (first.Table[1], second.Table[1]));
    }

    [Theory]
    [InlineData(false, SequenceState.Waiting)]
    [InlineData(true, SequenceState.Running)]
    public void A_sequence_whose_blocks_a_failed_step_may_have_written_stays_preempted_and_gives_its_tokens_in_the_end(
        bool untouched, SequenceState expected)
    {
        ServingBench bench = new(20, new SchedulerOptions { AdmissionReserve = 0 }, prefixCaching: false);
        Sequence early = bench.Submit(ServingBench.Prompt(1, 140), 100);
        Sequence late = bench.Submit(ServingBench.Prompt(2, 140), 100);
        StepPlan plan = bench.Scheduler.BeginStep();
        while (plan.Preempted.Count == 0)
        {
            bench.Scheduler.EndStep(plan, bench.Executor.Execute(plan, TestContext.Current.CancellationToken));
            plan = bench.Scheduler.BeginStep();
        }

        if (!untouched)
        {
            bench.Executor.Execute(plan, TestContext.Current.CancellationToken); // has written everything, and is then given up
        }

        bench.Scheduler.Abandon(plan, untouched);
        Assert.Equal((SequenceState.Running, expected), (early.State, late.State));
        bench.Scheduler.Cancel(early);
        bench.RunToEnd();
        ServingBench.CheckTokens(late);
    }

    [Fact]
    public void Drafts_that_a_draft_model_filled_in_are_mere_places_again_after_a_failed_step()
    {
        ServingBench bench = new(32, drafts: 3);
        Sequence sequence = bench.Submit(ServingBench.Prompt(1, 6), 20);
        bench.Step();
        string before = StateSnapshot.Of(bench.Scheduler);
        Assert.Equal(3, sequence.DraftCount);
        bench.Executor.OnStep = plan =>
        {
            plan.Chunks[0].ReplaceDraft(0, 1000);
            plan.Chunks[0].ReplaceDraft(2, 1001);
            throw new InjectedException();
        };
        Assert.Throws<InjectedException>(() => bench.Scheduler.Step(bench.Executor, TestContext.Current.CancellationToken));
        Assert.Equal(before, StateSnapshot.Of(bench.Scheduler));
    }

    private static List<Sequence> SubmitAll(ServingBench bench, Load load, Random random, bool withDeadlines = false)
    {
        List<Sequence> sequences = [];
        for (int i = 0; i < load.Requests; i++)
        {
            double? deadline = withDeadlines && random.Next(3) == 0 ? random.NextDouble() / 2 : null;
            int[] prompt = ServingBench.Prompt(random.Next(4), random.Next(1, 60));
            sequences.Add(bench.Submit(prompt, random.Next(0, 50), random.Next(3), deadline));
        }

        return sequences;
    }

    private static string Describe(StepPlan plan) => string.Join(
        ';',
        plan.Chunks.Select(c => $"{c.Sequence.Id} {c.PastTokens} {c.TokenCount} {c.DraftTokens} {c.LogitRows}")
            .Concat(plan.Chunks.Select(c => string.Join(' ', c.BlockTable.ToArray())))
            .Concat(plan.Copies.Select(c => $"{c.Source}>{c.Target}"))
            .Concat(plan.Admitted.Concat(plan.Preempted).Concat(plan.Expired).Select(s => $"{s.Id}")));

    /// <summary>What was there when a step began.</summary>
    private sealed class State
    {
        private readonly string _all;
        private readonly Dictionary<Sequence, string> _running;
        private readonly Dictionary<Sequence, string> _waiting;
        private readonly List<int> _cached;
        private readonly Dictionary<Sequence, int> _computed;

        public State(ServingBench bench)
        {
            _all = StateSnapshot.Of(bench.Scheduler);
            _running = bench.Scheduler.Running.ToDictionary(s => s, StateSnapshot.Of);
            _waiting = bench.Scheduler.Waiting.ToDictionary(s => s, StateSnapshot.Of);
            _computed = bench.Scheduler.Running.ToDictionary(s => s, s => s.ComputedTokens);
            _cached = StateSnapshot.Cached(bench.Pool);
            Evictions = bench.Pool.Statistics.Evictions;
        }

        public long Evictions { get; }

        public void Check(ServingBench bench, bool mayDiffer)
        {
            string after = StateSnapshot.Of(bench.Scheduler);
            if (!mayDiffer || string.Equals(after, _all, StringComparison.Ordinal))
            {
                Assert.Equal(_all, after);
                return;
            }

            // The exception: who lost blocks to the step may stay preempted, evicted prefixes stay forgotten; nobody else notices.
            Assert.Equal(_running.Count + _waiting.Count, bench.Scheduler.RunningCount + bench.Scheduler.WaitingCount);
            Assert.All(_waiting, pair => Assert.Equal(pair.Value, StateSnapshot.Of(pair.Key)));
            var untouched = _running.Where(p => p.Key.State == SequenceState.Running);
            Assert.All(untouched, pair => Assert.Equal(pair.Value, StateSnapshot.Of(pair.Key)));
            Sequence[] stayed = [.. _running.Keys.Where(s => s.State == SequenceState.Waiting)];
            Assert.All(stayed, s => Assert.True(_computed[s] > 0 && s.ComputedTokens == 0 && s.Table.Count == 0));
            HashSet<int> cached = [.. StateSnapshot.Cached(bench.Pool)];
            if (stayed.Length == 0)
            {
                Assert.Equal(_cached.Where(cached.Contains), StateSnapshot.Cached(bench.Pool)); // fewer, in the same order
            }

            Assert.Equal(Evictions, bench.Pool.Statistics.Evictions);
        }
    }
}
