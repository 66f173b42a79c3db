namespace Inferometer.Scheduling.Tests;

public sealed class SchedulerTests
{
    [Fact]
    public void Slots_of_allocated_blocks_are_used_to_95_percent_or_more_under_a_mixed_length_load()
    {
        ServingBench bench = new(4096, new SchedulerOptions { MaxTokensPerStep = 512, MaxSequences = 32 }, prefixCaching: false);
        Random random = new(5);
        for (int i = 0; i < 200; i++)
        {
            bench.Submit(ServingBench.Prompt(i, random.Next(100, 1500)), random.Next(20, 300));
        }

        while (bench.Scheduler.HasWork)
        {
            bench.Scheduler.Step(bench.Executor, TestContext.Current.CancellationToken);
        }

        Assert.True(bench.Scheduler.Statistics.SlotUtilisation >= 0.95, $"{bench.Scheduler.Statistics.SlotUtilisation:P2}");
    }

    [Fact]
    public void Only_the_last_block_of_a_sequence_holds_empty_slots()
    {
        ServingBench bench = new(64);
        Sequence sequence = bench.Submit(ServingBench.Prompt(1, 37), 20);
        while (bench.Scheduler.HasWork)
        {
            bench.Step();
            if (sequence.State == SequenceState.Running)
            {
                Assert.Equal((sequence.ComputedTokens + 15) / 16, bench.Pool.UsedBlocks);
                Assert.Equal(sequence.ComputedTokens, bench.Pool.FilledSlots);
            }
        }
    }

    [Fact]
    public void A_repeated_prompt_reuses_its_full_blocks_and_counts_them()
    {
        ServingBench bench = new(64);
        int[] prompt = ServingBench.Prompt(1, 50);
        bench.Submit(prompt, 4);
        bench.RunToEnd();
        Assert.Equal((0, 3), (bench.Pool.Statistics.Hits, bench.Pool.Statistics.Misses));
        Sequence again = bench.Submit(prompt, 4);
        bench.RunToEnd();
        Assert.Equal(48, again.CachedPromptTokens);
        Assert.Equal((3, 3), (bench.Pool.Statistics.Hits, bench.Pool.Statistics.Misses));
        ServingBench.CheckTokens(again);
    }

    [Fact]
    public void A_sequence_tells_how_much_of_all_prompts_was_read_until_its_first_token()
    {
        ServingBench bench = new(64, new SchedulerOptions { MaxTokensPerStep = 100, MaxSequences = 8 });
        Sequence[] together = [bench.Submit(ServingBench.Prompt(1, 60), 4), bench.Submit(ServingBench.Prompt(2, 90), 4)];
        bench.Step(); // 60 of the first, 40 of the second
        Sequence later = bench.Submit(ServingBench.Prompt(3, 30), 4);
        Assert.Equal(0, later.PromptTokensUntilFirst);
        bench.RunToEnd(); // 50 of the second and the third
        Assert.Equal([100L, 180L, 80L], together.Append(later).Select(s => s.PromptTokensUntilFirst));
        Sequence alone = bench.Submit(ServingBench.Prompt(1, 60), 4);
        bench.RunToEnd();
        Assert.Equal(60 - 48, alone.PromptTokensUntilFirst); // three blocks are in the cache
    }

    [Fact]
    public void A_conversation_reuses_the_blocks_of_the_answer_too()
    {
        ServingBench bench = new(64);
        Sequence first = bench.Submit(ServingBench.Prompt(1, 20), 30);
        bench.RunToEnd();
        Sequence second = bench.Submit([.. first.Tokens, 1, 2, 3], 4);
        bench.RunToEnd();
        Assert.Equal(48, second.CachedPromptTokens); // 49 of 50 tokens are computed when the first ends: three full blocks
        ServingBench.CheckTokens(second);
    }

    [Fact]
    public void Different_salts_share_nothing()
    {
        ServingBench bench = new(64);
        int[] prompt = ServingBench.Prompt(1, 50);
        bench.Submit(prompt, 4, salt: 1);
        bench.RunToEnd();
        Sequence other = bench.Submit(prompt, 4, salt: 2);
        bench.RunToEnd();
        Assert.Equal(0, other.CachedPromptTokens);
    }

    [Fact]
    public void A_prompt_that_is_wholly_cached_still_computes_its_last_token()
    {
        ServingBench bench = new(64);
        int[] prompt = ServingBench.Prompt(1, 32);
        bench.Submit(prompt, 4);
        bench.RunToEnd();
        Sequence again = bench.Submit(prompt, 4);
        StepPlan plan = bench.Step();
        Assert.Equal(16, again.CachedPromptTokens);
        Assert.Equal(1, plan.LogitRows);
        bench.RunToEnd();
        ServingBench.CheckTokens(again);
    }

    [Fact]
    public void Decoding_sequences_get_a_token_in_every_step_while_a_long_prompt_is_computed_in_chunks()
    {
        ServingBench bench = new(256, new SchedulerOptions { MaxTokensPerStep = 32 });
        Sequence talker = bench.Submit(ServingBench.Prompt(1, 5), 60);
        bench.Step();
        bench.Submit(ServingBench.Prompt(2, 500), 5, priority: 5);
        int steps = 0;
        while (talker.State == SequenceState.Running)
        {
            int before = talker.GeneratedTokens;
            StepPlan plan = bench.Step();
            Assert.Equal(before + 1, talker.GeneratedTokens);
            Assert.True(plan.TokenCount <= 32);
            steps++;
        }

        Assert.Equal(59, steps);
    }

    [Fact]
    public void Memory_pressure_preempts_the_latest_request_which_then_gives_the_same_tokens()
    {
        ServingBench bench = new(20, new SchedulerOptions { AdmissionReserve = 0 }, prefixCaching: false);
        Sequence early = bench.Submit(ServingBench.Prompt(1, 140), 100);
        Sequence late = bench.Submit(ServingBench.Prompt(2, 140), 100);
        bench.RunToEnd();
        Assert.Equal(0, early.Preemptions);
        Assert.True(late.Preemptions > 0);
        Assert.True(bench.Scheduler.Statistics.DiscardedTokens > 0);
        Assert.Equal(280, bench.Scheduler.Statistics.PromptTokensRead); // each once, however often it was computed
        ServingBench.CheckTokens(early);
        ServingBench.CheckTokens(late);
    }

    [Fact]
    public void Reserving_for_output_never_preempts()
    {
        ServingBench bench = new(20, new SchedulerOptions { ReserveForOutput = true }, prefixCaching: false);
        for (int i = 0; i < 10; i++)
        {
            bench.Submit(ServingBench.Prompt(i, 60), 80);
        }

        bench.RunToEnd();
        Assert.Equal(0, bench.Scheduler.Statistics.Preemptions);
        Assert.Equal(10, bench.Scheduler.Statistics.Completed);
    }

    [Fact]
    public void Admission_waits_until_the_whole_prompt_has_room()
    {
        ServingBench bench = new(20, new SchedulerOptions { MaxTokensPerStep = 64 }, prefixCaching: false);
        bench.Submit(ServingBench.Prompt(1, 200), 10); // 13 blocks, promised from the first chunk on
        Sequence second = bench.Submit(ServingBench.Prompt(2, 150), 10); // 10 blocks
        bench.Step();
        Assert.Equal(SequenceState.Waiting, second.State);
        bench.RunToEnd();
        Assert.Equal(0, second.Preemptions);
    }

    [Fact]
    public void A_higher_priority_is_served_first_and_a_lower_one_is_served_in_the_end()
    {
        SchedulerOptions options = new() { MaxSequences = 1, PriorityHeadStartSeconds = 1 };
        ServingBench bench = new(64, options);
        Sequence low = bench.Submit(ServingBench.Prompt(1, 10), 10);
        Sequence high = bench.Submit(ServingBench.Prompt(2, 10), 10, priority: 1);
        for (int i = 0; i < 400 && low.State != SequenceState.Finished; i++)
        {
            // A stream of urgent requests that alone would keep the machine busy for ever.
            if (bench.Scheduler.WaitingCount < 3)
            {
                bench.Submit(ServingBench.Prompt(i, 10), 10, priority: 1);
            }

            bench.Step();
        }

        Assert.True(high.FinishSeconds < low.FinishSeconds);
        Assert.Equal(FinishReason.Length, low.FinishReason);
        Assert.True(low.AdmittedSeconds >= 1);
    }

    [Fact]
    public void Requests_past_their_deadline_end_whether_they_wait_or_run()
    {
        ServingBench bench = new(64, new SchedulerOptions { MaxSequences = 1 });
        Sequence running = bench.Submit(ServingBench.Prompt(1, 10), 100, deadline: 0.055);
        Sequence waiting = bench.Submit(ServingBench.Prompt(2, 10), 100, deadline: 0.035);
        bench.RunToEnd();
        Assert.Equal((FinishReason.Deadline, 6), (running.FinishReason, running.GeneratedTokens));
        Assert.Equal((FinishReason.Deadline, 0), (waiting.FinishReason, waiting.GeneratedTokens));
        Assert.Equal(0.04, waiting.FinishSeconds, 9);
        Assert.Equal(2, bench.Scheduler.Statistics.Expired);
    }

    [Theory]
    [InlineData(100, 0, RejectionReason.NeverFits)]
    [InlineData(10, 2000, RejectionReason.TooLong)]
    [InlineData(10, 10, RejectionReason.QueueFull)]
    public void A_request_that_cannot_be_served_is_refused_with_the_reason(int prompt, int newTokens, RejectionReason expected)
    {
        ServingBench bench = new(4, new SchedulerOptions { MaxSequences = 1, MaxQueueLength = 1, MaxSequenceTokens = 1024 });
        bench.Submit([1], 1);
        bench.Submit([1], 1);
        SequenceRequest request = new() { Prompt = ServingBench.Prompt(1, prompt), MaxNewTokens = newTokens };
        Assert.False(bench.Scheduler.TrySubmit(request, out _, out Rejection? rejection));
        Assert.Equal(expected, rejection.Reason);
        Assert.Equal(1, bench.Scheduler.Statistics.Rejected);
    }

    [Fact]
    public void Free_places_and_the_queue_take_what_comes_at_once_and_no_more()
    {
        ServingBench bench = new(64, new SchedulerOptions { MaxSequences = 4, MaxQueueLength = 4, MaxSequenceTokens = 1024 });
        SequenceRequest request = new() { Prompt = ServingBench.Prompt(1, 4), MaxNewTokens = 3 };
        bool[] taken = [.. Enumerable.Range(0, 20).Select(_ => bench.Scheduler.TrySubmit(request, out Sequence? _, out Rejection? _))];
        Assert.Equal(8, taken.Count(isTaken => isTaken));
        bench.Step();
        Assert.Equal((4, 4), (bench.Scheduler.RunningCount, bench.Scheduler.WaitingCount));
        Assert.False(bench.Scheduler.TrySubmit(request, out _, out Rejection? rejection));
        Assert.Contains("4 sequences run and 4 requests wait already", rejection.Message, StringComparison.Ordinal);
        bench.RunToEnd();
        Assert.True(bench.Scheduler.TrySubmit(request, out _, out _));
    }

    [Fact]
    public void Static_batching_lets_nobody_join_before_the_batch_is_done()
    {
        ServingBench bench = new(256, new SchedulerOptions { Batching = BatchingMode.Static, MaxSequences = 2 });
        Sequence shortOne = bench.Submit(ServingBench.Prompt(1, 5), 3);
        Sequence longOne = bench.Submit(ServingBench.Prompt(2, 5), 30);
        Sequence next = bench.Submit(ServingBench.Prompt(3, 5), 3);
        bench.RunToEnd();
        Assert.True(shortOne.FinishSeconds < longOne.FinishSeconds);
        Assert.Equal(longOne.FinishSeconds, next.AdmittedSeconds, 9);
    }

    [Fact]
    public void A_failing_step_leaves_the_state_from_before_it()
    {
        ServingBench bench = new(64);
        Sequence sequence = bench.Submit(ServingBench.Prompt(1, 40), 10);
        bench.Step();
        bench.Executor.OnStep = _ => throw new TimeoutException();
        Assert.Throws<TimeoutException>(() => bench.Scheduler.Step(bench.Executor, TestContext.Current.CancellationToken));
        bench.Executor.OnStep = null;
        bench.RunToEnd();
        ServingBench.CheckTokens(sequence);
    }

    [Fact]
    public void Accepted_drafts_save_steps_and_rejected_ones_give_their_blocks_back()
    {
        ServingBench plain = new(64);
        plain.Submit(ServingBench.Prompt(1, 10), 50);
        plain.RunToEnd();
        ServingBench drafting = new(64, drafts: 4);
        Sequence sequence = drafting.Submit(ServingBench.Prompt(1, 10), 50);
        drafting.RunToEnd();
        ServingBench.CheckTokens(sequence);
        Assert.True(drafting.Scheduler.Statistics.Steps < plain.Scheduler.Statistics.Steps);
        Assert.InRange(drafting.Scheduler.Statistics.AcceptedDraftTokens, 1, drafting.Scheduler.Statistics.DraftedTokens - 1);
    }

    [Fact]
    public void Decode_steps_allocate_nothing()
    {
        ServingBench bench = new(256, prefixCaching: true);
        QuietExecutor executor = new();
        for (int i = 0; i < 8; i++)
        {
            bench.Submit(ServingBench.Prompt(i, 20), 200);
        }

        for (int i = 0; i < 100; i++)
        {
            bench.Scheduler.Step(executor, TestContext.Current.CancellationToken);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 50; i++)
        {
            bench.Scheduler.Step(executor, CancellationToken.None);
        }

        // The list of block hashes doubles now and then: one small array per sequence at most, not something per token.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 8 * 512);
    }

    private sealed class QuietExecutor : IStepExecutor
    {
        public StepOutcome Execute(StepPlan plan, CancellationToken cancellationToken)
        {
            for (int i = 0; i < plan.Chunks.Count; i++)
            {
                if (plan.Chunks[i].LogitRows > 0)
                {
                    plan.Chunks[i].Emit(i);
                }
            }

            return new StepOutcome(0.001);
        }
    }
}
