
namespace Inferometer.Scheduling.Tests;

/// <summary>What may happen between the beginning and the end of a step, and what may not.</summary>
public sealed class StepSeamTests
{
    [Fact]
    public void A_request_submitted_during_a_step_joins_the_next_one()
    {
        ServingBench bench = new(64);
        bench.Submit(ServingBench.Prompt(1, 10), 5);
        StepPlan plan = bench.Scheduler.BeginStep();
        Sequence late = bench.Submit(ServingBench.Prompt(2, 10), 5);
        Assert.Single(plan.Chunks);
        Finish(bench, plan);
        Assert.Equal(SequenceState.Waiting, late.State);
        plan = bench.Scheduler.BeginStep();
        Assert.Equal([late], plan.Admitted);
        Finish(bench, plan);
        bench.RunToEnd();
        ServingBench.CheckTokens(late);
    }

    [Fact]
    public void A_request_submitted_during_a_step_stays_queued_when_the_step_is_abandoned()
    {
        ServingBench bench = new(64);
        Sequence first = bench.Submit(ServingBench.Prompt(1, 10), 5);
        StepPlan plan = bench.Scheduler.BeginStep();
        Assert.Equal(SequenceState.Running, first.State);
        Sequence late = bench.Submit(ServingBench.Prompt(2, 10), 5);
        bench.Scheduler.Abandon(plan);
        Assert.Equal((SequenceState.Waiting, SequenceState.Waiting), (first.State, late.State));
        Assert.Equal(2, bench.Scheduler.Statistics.Submitted);
        bench.RunToEnd();
        ServingBench.CheckTokens(first);
        ServingBench.CheckTokens(late);
    }

    [Fact]
    public void A_sequence_cancelled_during_its_step_keeps_its_blocks_until_the_end_and_gets_no_token()
    {
        ServingBench bench = new(64);
        Sequence sequence = bench.Submit(ServingBench.Prompt(1, 40), 5);
        Sequence other = bench.Submit(ServingBench.Prompt(2, 10), 5);
        StepPlan plan = bench.Scheduler.BeginStep();
        bench.Scheduler.Cancel(sequence);
        bench.Scheduler.End(sequence, FinishReason.Error); // the first reason stands
        Assert.Equal((SequenceState.Running, 3), (sequence.State, sequence.Table.Count));
        Finish(bench, plan);
        Assert.Equal((SequenceState.Finished, FinishReason.Cancelled), (sequence.State, sequence.FinishReason));
        Assert.Equal(0, sequence.GeneratedTokens);
        Assert.Equal([sequence], plan.Finished);
        Assert.Equal(1, bench.Scheduler.Statistics.GeneratedTokens);
        Assert.Equal(1, bench.Pool.UsedBlocks);
        bench.RunToEnd();
        ServingBench.CheckTokens(other);
    }

    [Fact]
    public void A_sequence_cancelled_during_a_step_ends_when_the_step_is_abandoned()
    {
        ServingBench bench = new(64);
        Sequence sequence = bench.Submit(ServingBench.Prompt(1, 40), 5);
        StepPlan plan = bench.Scheduler.BeginStep();
        bench.Scheduler.Cancel(sequence);
        bench.Scheduler.Abandon(plan);
        Assert.Equal((SequenceState.Finished, FinishReason.Cancelled), (sequence.State, sequence.FinishReason));
        Assert.False(bench.Scheduler.HasWork);
        Assert.Equal(64, bench.Pool.FreeBlocks);
    }

    [Fact]
    public void A_request_still_in_the_queue_is_cancelled_at_once_during_a_step()
    {
        ServingBench bench = new(64, new SchedulerOptions { MaxSequences = 1 });
        bench.Submit(ServingBench.Prompt(1, 10), 5);
        Sequence waiting = bench.Submit(ServingBench.Prompt(2, 10), 5);
        StepPlan plan = bench.Scheduler.BeginStep();
        bench.Scheduler.Cancel(waiting);
        Assert.Equal(SequenceState.Finished, waiting.State);
        Finish(bench, plan);
        Assert.Empty(plan.Finished);
    }

    [Fact]
    public void A_sequence_that_expired_in_an_abandoned_step_lives_until_the_next_unless_its_owner_ended_it_meanwhile()
    {
        ServingBench bench = new(64);
        Sequence first = bench.Submit(ServingBench.Prompt(1, 10), 5, deadline: 0.5);
        Sequence second = bench.Submit(ServingBench.Prompt(2, 10), 5, deadline: 0.5);
        bench.Clock.Advance(1);
        StepPlan plan = bench.Scheduler.BeginStep();
        Assert.Equal([first, second], plan.Expired);
        bench.Scheduler.Cancel(second);
        bench.Scheduler.Abandon(plan);
        Assert.Equal((SequenceState.Waiting, FinishReason.Cancelled), (first.State, second.FinishReason));
        Assert.Equal(0, bench.Scheduler.Statistics.Expired);
        plan = bench.Step();
        Assert.Equal([first], plan.Finished);
        Assert.Equal(FinishReason.Deadline, first.FinishReason);
    }

    [Fact]
    public void Misuse_is_refused_with_what_to_do_instead()
    {
        ServingBench bench = new(64, hold: _ => true);
        ServingBench other = new(64);
        Sequence sequence = bench.Submit(ServingBench.Prompt(1, 10), 5);
        StepPlan plan = bench.Scheduler.BeginStep();
        Assert.True(bench.Scheduler.IsStepOpen);
        Assert.Contains("end or abandon it", Throws(() => bench.Scheduler.BeginStep()), StringComparison.Ordinal);
        Assert.Contains("another scheduler", Throws(() => other.Scheduler.EndStep(plan, default)), StringComparison.Ordinal);
        Assert.Contains("another scheduler", Throws(() => other.Scheduler.Abandon(plan)), StringComparison.Ordinal);
        Assert.Contains("under way", Throws(() => bench.Scheduler.Append(sequence, 1)), StringComparison.Ordinal);
        Assert.Contains("under way", Throws(() => bench.Scheduler.Fork(sequence, null)), StringComparison.Ordinal);
        Assert.Contains("under way", Throws(() => bench.Scheduler.Overwrite(sequence, sequence)), StringComparison.Ordinal);
        Assert.Contains("under way", Throws(bench.Pool.ForgetPrefixes), StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => bench.Scheduler.EndStep(plan, new StepOutcome(double.NaN)));
        Assert.True(bench.Scheduler.IsStepOpen);
        Finish(bench, plan);
        Assert.Contains("already", Throws(() => bench.Scheduler.EndStep(plan, default)), StringComparison.Ordinal);
        Assert.Contains("already", Throws(() => bench.Scheduler.Abandon(plan)), StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => bench.Scheduler.End(sequence, FinishReason.None));
    }

    [Fact]
    public void A_plan_tells_a_cost_model_what_it_computes_and_when_it_came()
    {
        ServingBench bench = new(64, drafts: 2);
        Sequence talker = bench.Submit(ServingBench.Prompt(1, 10), 20);
        bench.Step();
        bench.Submit(ServingBench.Prompt(2, 30), 5);
        StepPlan plan = bench.Scheduler.BeginStep();
        Assert.Equal((3, 30, 33, 4), (plan.DecodeTokens, plan.PrefillTokens, plan.TokenCount, plan.LogitRows));
        Assert.Equal((10, 10, 13), (plan.PastTokens, plan.Chunks[0].PastTokens, plan.Chunks[0].ContextTokens));
        Assert.True(double.IsNaN(plan.EndSeconds));
        Finish(bench, plan);
        Assert.Equal((0.01, 0.02), (Math.Round(plan.BeginSeconds, 9), Math.Round(plan.EndSeconds, 9)));
        Assert.Equal(0.02, talker.LastTokenSeconds, 9);
        Assert.Equal(0.01, talker.FirstTokenSeconds, 9);
    }

    [Fact]
    public void Acceptance_of_drafts_is_emulated_without_tokens()
    {
        ServingBench bench = new(64);
        Sequence sequence = bench.Submit(ServingBench.Prompt(1, 10), 12);
        int[] accepted = [0, 2, 0, 3, 1]; // of 3 drafts a step; the first step has none
        List<int> tokens = [];
        for (int step = 0; sequence.State != SequenceState.Finished; step++)
        {
            StepPlan plan = bench.Scheduler.BeginStep();
            StepChunk chunk = plan.Chunks[0];
            chunk.EmitAccepted(step < accepted.Length ? Math.Min(accepted[step], chunk.DraftTokens) : 0, token: 0);
            chunk.ProposeDraftPlaces(3);
            tokens.Add(chunk.EmittedCount);
            bench.Scheduler.EndStep(plan, new StepOutcome(0.01));
            bench.CheckConservation();
        }

        Assert.Equal([1, 3, 1, 4, 2, 1], tokens);
        Assert.Equal((12, 6), (sequence.GeneratedTokens, bench.Scheduler.Statistics.AcceptedDraftTokens));
    }

    [Fact]
    public void More_accepted_drafts_than_there_are_and_a_second_emission_are_refused()
    {
        ServingBench bench = new(64);
        bench.Submit(ServingBench.Prompt(1, 10), 12);
        StepChunk chunk = bench.Scheduler.BeginStep().Chunks[0];
        Assert.Throws<ArgumentOutOfRangeException>(() => chunk.EmitAccepted(1, 0));
        chunk.EmitAccepted(0, 5);
        Assert.Throws<InvalidOperationException>(() => chunk.EmitAccepted(0, 5));
        Assert.Throws<ArgumentOutOfRangeException>(() => chunk.ProposeDraftPlaces(-1));
    }

    [Fact]
    public void The_queue_serves_by_urgency_and_then_by_arrival_whatever_the_order_of_submission()
    {
        ServingBench bench = new(64, new SchedulerOptions { MaxSequences = 1, PriorityHeadStartSeconds = 1 });
        Random random = new(7);
        List<Sequence> sequences = [.. Enumerable.Range(0, 200).Select(i => bench.Submit([1, 2, i % 40], 1, random.Next(5)))];
        for (int i = 0; i < 40; i++)
        {
            bench.Scheduler.Cancel(sequences[random.Next(sequences.Count)]);
        }

        Sequence[] expected = [.. sequences.Where(s => s.State == SequenceState.Waiting).OrderBy(s => s.OrderKey).ThenBy(s => s.Id)];
        List<Sequence> served = [];
        while (bench.Scheduler.HasWork)
        {
            served.AddRange(bench.Step().Admitted);
        }

        Assert.Equal(expected, served);
    }

    [Fact]
    public void A_blocked_head_of_the_queue_looks_its_prefix_up_once_and_again_when_a_longer_one_appears()
    {
        ServingBench bench = new(20, new SchedulerOptions { AdmissionReserve = 0 });
        int[] shared = ServingBench.Prompt(3, 40);
        bench.Submit([.. shared, 1, 2, 3], 60); // 3 blocks, later 7; two of them full and shared
        bench.Step();
        Sequence big = bench.Submit([.. shared, .. ServingBench.Prompt(9, 270)], 5); // 20 blocks, the pool: never beside the first
        bench.Step();
        long searches = bench.Pool.Searches;
        for (int i = 0; i < 30; i++)
        {
            bench.Step();
        }

        Assert.Equal(SequenceState.Waiting, big.State);
        Assert.Equal(searches, bench.Pool.Searches);
        bench.RunToEnd();
        Assert.Equal(32, big.CachedPromptTokens);
        ServingBench.CheckTokens(big);
    }

    [Fact]
    public void The_observer_hears_of_everything_once_and_of_an_abandoned_step_nothing()
    {
        ServingBench bench = new(64, new SchedulerOptions { MaxSequences = 2, MaxQueueLength = 1 });
        Log log = new();
        bench.Scheduler.Observer = log;
        Sequence first = bench.Submit(ServingBench.Prompt(1, 10), 2);
        Sequence second = bench.Submit(ServingBench.Prompt(2, 10), 2, deadline: 0.015);
        Sequence third = bench.Submit(ServingBench.Prompt(3, 10), 9);
        Assert.False(bench.Scheduler.TrySubmit(new SequenceRequest { Prompt = ServingBench.Prompt(1, 10) }, out _, out _));
        bench.Scheduler.Abandon(bench.Scheduler.BeginStep());
        bench.Scheduler.Cancel(third);
        bench.RunToEnd();
        Assert.Equal(
            [
                $"submitted {first.Id}", $"submitted {second.Id}", $"submitted {third.Id}", "rejected QueueFull",
                $"ended {third.Id} Cancelled",
                $"tokens {first.Id} 1", $"tokens {second.Id} 1", "step 20",
                $"tokens {first.Id} 1", $"tokens {second.Id} 1", $"ended {first.Id} Length", $"ended {second.Id} Length", "step 2",
            ],
            log.Lines);
    }

    [Fact]
    public void A_clock_moved_to_a_time_does_not_stand_just_before_it()
    {
        Random random = new(3);
        for (int i = 0; i < 10_000; i++)
        {
            double seconds = random.NextDouble() * Math.Pow(10, random.Next(-9, 7));
            VirtualClock clock = new();
            clock.AdvanceTo(seconds);
            Assert.InRange(clock.Seconds, seconds, seconds + 1e-12 + (seconds * 1e-15));
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => new VirtualClock().AdvanceTo(double.PositiveInfinity));
        Assert.Throws<ArgumentOutOfRangeException>(() => new VirtualClock().AdvanceTo(double.NaN));
    }

    private static void Finish(ServingBench bench, StepPlan plan)
    {
        bench.Scheduler.EndStep(plan, bench.Executor.Execute(plan, TestContext.Current.CancellationToken));
        bench.CheckConservation();
    }

    private static string Throws(Action action) => Assert.Throws<InvalidOperationException>(action).Message;

    private sealed class Log : ISchedulerObserver
    {
        public List<string> Lines { get; } = [];

        public void OnSubmitted(Sequence sequence) => Lines.Add($"submitted {sequence.Id}");

        public void OnRejected(SequenceRequest request, Rejection rejection) => Lines.Add($"rejected {rejection.Reason}");

        public void OnTokens(Sequence sequence, int count, double seconds) => Lines.Add($"tokens {sequence.Id} {count}");

        public void OnEnded(Sequence sequence) => Lines.Add($"ended {sequence.Id} {sequence.FinishReason}");

        public void OnStepEnded(StepPlan plan, StepOutcome outcome) => Lines.Add($"step {plan.TokenCount}");
    }
}
