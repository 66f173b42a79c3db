using FsCheck;
using FsCheck.Fluent;
using Inferometer.Core;
using Inferometer.Scheduling.Blocks;

namespace Inferometer.Scheduling.Tests;

/// <summary>Sequences whose tokens are counted and not kept take the same steps as those whose tokens are.</summary>
public sealed class CountedTokensTests
{
    [Fact]
    public void Counted_tokens_make_the_same_steps_as_kept_ones()
    {
        var loads = (
            from seed in Gen.Choose(0, 1_000_000)
            from blocks in Gen.Choose(20, 80)
            from budget in Gen.Choose(1, 48)
            from drafts in Gen.Choose(0, 3)
            select (seed, blocks, budget, drafts)).ToArbitrary();
        Prop.ForAll(loads, load => Assert.Equal(
            Steps(load.seed, load.blocks, load.budget, load.drafts, keep: true),
            Steps(load.seed, load.blocks, load.budget, load.drafts, keep: false))).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Counted_tokens_cannot_be_read()
    {
        Scheduler scheduler = Make(20, 8, keep: false);
        Assert.True(scheduler.TrySubmit(new SequenceRequest { Prompt = new int[9], MaxNewTokens = 2 }, out Sequence? sequence, out _));
        Assert.Equal((9, 11), (sequence.TokenCount, sequence.MaxTokens));
        Assert.Throws<InvalidOperationException>(() => sequence.Tokens.Length);
        Assert.Throws<InvalidOperationException>(() => sequence.TokensAt(0, 1));
    }

    [Fact]
    public void A_prefix_cache_needs_the_tokens()
    {
        BlockPool pool = new(new BlockPoolOptions { BlockCount = 8, BlockSize = 4, PrefixCaching = true });
        string message = Assert.Throws<InferometerException>(
            () => new Scheduler(new SchedulerOptions { KeepTokens = false }, pool, new VirtualClock())).Message;
        Assert.Contains("KeepTokens", message, StringComparison.Ordinal);
    }

    private static Scheduler Make(int blocks, int budget, bool keep)
    {
        BlockPool pool = new(new BlockPoolOptions { BlockCount = blocks, BlockSize = 4, PrefixCaching = false });
        return new(new SchedulerOptions { MaxTokensPerStep = budget, MaxSequences = 6, KeepTokens = keep }, pool, new VirtualClock());
    }

    // What every step computed, and for whom.
    private static List<string> Steps(int seed, int blocks, int budget, int drafts, bool keep)
    {
        Random random = new(seed);
        Scheduler scheduler = Make(blocks, budget, keep);
        Counting executor = new(drafts);
        List<string> steps = [];
        for (int left = 12; left > 0 || scheduler.HasWork;)
        {
            if (left > 0 && (random.Next(2) == 0 || !scheduler.HasWork))
            {
                left--;
                SequenceRequest request = new() { Prompt = new int[random.Next(1, 40)], MaxNewTokens = random.Next(0, 30) };
                steps.Add(scheduler.TrySubmit(request, out _, out Rejection? rejection) ? "taken" : rejection.Message);
                continue;
            }

            StepPlan plan = scheduler.Step(executor, TestContext.Current.CancellationToken);
            steps.Add(string.Join(' ', plan.Chunks.Select(c => $"{c.Sequence.Id}:{c.PastTokens}+{c.TokenCount}/{c.DraftTokens}"))
                + $" ended {string.Join(' ', plan.Finished.Select(s => $"{s.Id}:{s.TokenCount}"))}"
                + $" preempted {string.Join(' ', plan.Preempted.Select(s => s.Id))}");
        }

        return steps;
    }

    private sealed class Counting(int drafts) : IStepExecutor
    {
        public StepOutcome Execute(StepPlan plan, CancellationToken cancellationToken)
        {
            foreach (StepChunk chunk in plan.Chunks.Where(c => c.LogitRows > 0))
            {
                chunk.EmitAccepted(0, 0);
                chunk.ProposeDraftPlaces(drafts);
            }

            return new StepOutcome(1);
        }
    }
}
