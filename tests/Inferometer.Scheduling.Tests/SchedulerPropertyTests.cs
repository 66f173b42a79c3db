using FsCheck;
using FsCheck.Fluent;

namespace Inferometer.Scheduling.Tests;

/// <summary>
/// Random loads on small pools: whatever the policy, every request ends with exactly the tokens that it would have alone.
/// </summary>
public sealed class SchedulerPropertyTests
{
    private sealed record Load(int Seed, int Requests, int Blocks, int Budget, int MaxSequences, int Policy, int Drafts)
    {
        public SchedulerOptions Options => new()
        {
            MaxTokensPerStep = Budget,
            MaxSequences = MaxSequences,
            MaxSequenceTokens = 160,
            Batching = (BatchingMode)(Policy % 3),
            ChunkedPrefill = (Policy / 3) % 2 == 0,
            KeepKeysAndValues = (Policy / 6) % 3 != 0,
            ReserveForOutput = (Policy / 18) % 2 == 0,
        };
    }

    private static Arbitrary<Load> Loads { get; } = (
        from seed in Gen.Choose(0, 1_000_000)
        from requests in Gen.Choose(1, 20)
        from blocks in Gen.Choose(40, 100)
        from budget in Gen.Choose(1, 64)
        from sequences in Gen.Choose(1, 12)
        from policy in Gen.Choose(0, 35)
        from drafts in Gen.Choose(0, 4)
        select new Load(seed, requests, blocks, budget, sequences, policy, drafts)).ToArbitrary();

    [Fact]
    public void Every_request_ends_with_exactly_its_tokens_under_any_policy()
    {
        Prop.ForAll(Loads, load =>
        {
            Random random = new(load.Seed);
            ServingBench bench = new(load.Blocks, load.Options, blockSize: 4, prefixCaching: load.Seed % 2 == 0, drafts: load.Drafts);
            List<Sequence> sequences = [];
            for (int i = 0; i < load.Requests; i++)
            {
                // Few distinct prompts, so that prefixes repeat.
                sequences.Add(bench.Submit(ServingBench.Prompt(random.Next(4), random.Next(1, 90)), random.Next(0, 60), random.Next(3)));
                if (random.Next(2) == 0)
                {
                    bench.Step();
                }
            }

            bench.RunToEnd();
            Assert.All(sequences, s => Assert.Equal(FinishReason.Length, s.FinishReason));
            Assert.All(sequences, ServingBench.CheckTokens);
            if (load.Options is { ChunkedPrefill: true, KeepKeysAndValues: true })
            {
                Assert.True(bench.Executor.LargestStep <= load.Budget, "a step went over the token budget");
            }
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Every_prompt_whose_rows_are_wanted_has_one_behind_each_of_its_tokens_and_steps_hold_few_of_them()
    {
        Prop.ForAll(Loads, load =>
        {
            Random random = new(load.Seed);
            SchedulerOptions options = load.Options with { MaxPromptRowsPerStep = 1 + (load.Seed % 20) };
            ServingBench bench = new(load.Blocks, options, blockSize: 4, drafts: load.Drafts);
            List<(Sequence Sequence, bool[] Seen)> wanted = [];
            bench.Executor.OnStep = plan =>
            {
                foreach (StepChunk chunk in plan.Chunks)
                {
                    Assert.True(chunk.PromptRows == 0 || chunk.PromptRows + chunk.LogitRows == chunk.TokenCount);
                    if (chunk.PromptRows > 0)
                    {
                        wanted.Find(w => w.Sequence == chunk.Sequence).Seen.AsSpan(chunk.PastTokens, chunk.PromptRows).Fill(true);
                    }
                }

                if (options is { ChunkedPrefill: true, KeepKeysAndValues: true })
                {
                    int rows = plan.Chunks.Where(c => c.PromptRows > 0).Sum(c => c.PromptRows + c.LogitRows);
                    Assert.InRange(rows, 0, options.MaxPromptRowsPerStep);
                }
            };
            List<Sequence> sequences = [];
            for (int i = 0; i < load.Requests; i++)
            {
                int[] prompt = ServingBench.Prompt(random.Next(4), random.Next(1, 90));
                bool isWanted = random.Next(2) == 0;
                SequenceRequest request = new() { Prompt = prompt, MaxNewTokens = random.Next(0, 60), WantsPromptRows = isWanted };
                Assert.True(bench.Scheduler.TrySubmit(request, out Sequence? sequence, out _));
                sequences.Add(sequence);
                if (isWanted)
                {
                    wanted.Add((sequence, new bool[prompt.Length]));
                }

                if (random.Next(2) == 0)
                {
                    bench.Step();
                }
            }

            bench.RunToEnd();
            Assert.All(sequences, ServingBench.CheckTokens);
            Assert.All(wanted, w => Assert.DoesNotContain(false, w.Seen.SkipLast(1))); // behind the last token comes an answer, or nothing
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Random_cancellations_give_every_block_back_at_once_and_leave_the_others_untouched()
    {
        Prop.ForAll(Loads, load =>
        {
            Random random = new(load.Seed);
            ServingBench bench = new(load.Blocks, load.Options, blockSize: 4, drafts: load.Drafts);
            List<Sequence> sequences = [];
            for (int i = 0; i < load.Requests; i++)
            {
                sequences.Add(bench.Submit(ServingBench.Prompt(random.Next(3), random.Next(1, 80)), random.Next(1, 60)));
            }

            while (bench.Scheduler.HasWork)
            {
                bench.Step();
                if (random.Next(4) == 0)
                {
                    Sequence victim = sequences[random.Next(sequences.Count)];
                    bench.Scheduler.Cancel(victim);
                    Assert.Equal(0, victim.Table.Count);
                    bench.CheckConservation();
                }
            }

            Assert.Equal(0, bench.Pool.UsedBlocks);
            Assert.All(sequences.Where(s => s.FinishReason == FinishReason.Length), ServingBench.CheckTokens);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Forks_share_blocks_until_they_write_and_then_diverge_correctly()
    {
        Prop.ForAll(Loads, load =>
        {
            Random random = new(load.Seed);
            ServingBench bench =
                new(load.Blocks * 2, load.Options with { MaxSequenceTokens = 100 }, blockSize: 4, hold: s => s.Request.Owner is "held");
            SequenceRequest request = new()
            {
                Prompt = ServingBench.Prompt(load.Seed, random.Next(1, 40)),
                MaxNewTokens = 30,
                ParallelSequences = 3,
                Owner = "held",
            };
            Assert.True(bench.Scheduler.TrySubmit(request, out Sequence? first, out _));
            List<Sequence> beams = [first];
            Sequence other = bench.Submit(ServingBench.Prompt(1, 30), 40); // competes for memory
            while (beams[0].State == SequenceState.Waiting || beams[0].NeedsStep)
            {
                bench.Step();
            }

            beams.Add(bench.Scheduler.Fork(beams[0], "held"));
            beams.Add(bench.Scheduler.Fork(beams[0], "held"));
            bench.CheckConservation();
            List<int>[] expected = [.. beams.Select(_ => request.Prompt.ToArray().ToList())];
            for (int step = 0; step < 30; step++)
            {
                for (int i = 0; i < beams.Count; i++)
                {
                    expected[i].Add(random.Next(RecordingExecutor.Vocabulary));
                    bench.Scheduler.Append(beams[i], expected[i][^1]);
                }

                while (step < 29 && beams.Exists(b => b.State == SequenceState.Waiting || b.NeedsStep))
                {
                    bench.Step();
                }

                if (step < 29 && random.Next(3) == 0)
                {
                    bench.Scheduler.Overwrite(beams[2], beams[0]);
                    expected[2] = [.. expected[0]];
                    bench.CheckConservation();
                }
            }

            for (int i = 0; i < beams.Count; i++)
            {
                Assert.Equal(expected[i], beams[i].Tokens.ToArray());
                bench.Scheduler.End(beams[i], FinishReason.Length);
            }

            bench.RunToEnd();
            ServingBench.CheckTokens(other);
        }).QuickCheckThrowOnFailure();
    }
}
