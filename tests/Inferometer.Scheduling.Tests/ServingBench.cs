using Inferometer.Scheduling.Blocks;

namespace Inferometer.Scheduling.Tests;

/// <summary>A scheduler with its pool, clock and recording executor, and the checks every test makes of them.</summary>
internal sealed class ServingBench
{
    public ServingBench(
        int blocks, SchedulerOptions? options = null, int blockSize = 16, bool prefixCaching = true, int drafts = 0, Func<Sequence,
        bool>? hold = null)
    {
        Pool = new BlockPool(new BlockPoolOptions { BlockCount = blocks, BlockSize = blockSize, PrefixCaching = prefixCaching });
        Scheduler = new Scheduler(options ?? new SchedulerOptions(), Pool, Clock);
        Executor = new RecordingExecutor(Pool, Clock) { Drafts = drafts, Hold = hold };
    }

    public VirtualClock Clock { get; } = new();

    public BlockPool Pool { get; }

    public Scheduler Scheduler { get; }

    public RecordingExecutor Executor { get; }

    public Sequence Submit(int[] prompt, int newTokens, int priority = 0, double? deadline = null, ulong salt = 0)
    {
        SequenceRequest request = new()
        {
            Prompt = prompt,
            MaxNewTokens = newTokens,
            Priority = priority,
            DeadlineSeconds = deadline,
            CacheSalt = salt,
        };
        Assert.True(Scheduler.TrySubmit(request, out Sequence? sequence, out Rejection? rejection), rejection?.Message);
        return sequence;
    }

    public StepPlan Step()
    {
        StepPlan plan = Scheduler.Step(Executor, TestContext.Current.CancellationToken);
        CheckConservation();
        return plan;
    }

    public void RunToEnd(int maxSteps = 200_000)
    {
        while (Scheduler.HasWork)
        {
            Assert.True(maxSteps-- > 0, "the scheduler does not come to an end");
            Step();
        }

        Assert.Equal(0, Pool.UsedBlocks);
        Assert.Equal(0, Pool.FilledSlots);
    }

    public void CheckConservation()
    {
        Assert.Equal(Pool.BlockCount, Pool.FreeBlocks + Pool.CachedBlocks + Pool.UsedBlocks);
        Dictionary<int, int> references = [];
        foreach (Sequence sequence in Scheduler.Running)
        {
            foreach (int block in sequence.Table.Blocks.Span)
            {
                references[block] = references.GetValueOrDefault(block) + 1;
            }
        }

        Assert.Equal(references.Count, Pool.UsedBlocks);
        Assert.All(references, pair => Assert.Equal(pair.Value, Pool.ReferenceCount(pair.Key)));
    }

    public static int[] Prompt(int seed, int length)
    {
        Random random = new(seed);
        int[] prompt = new int[length];
        for (int i = 0; i < length; i++)
        {
            prompt[i] = random.Next(RecordingExecutor.Vocabulary);
        }

        return prompt;
    }

    public static void CheckTokens(Sequence sequence) =>
        Assert.Equal(
            RecordingExecutor.Reference(sequence.Request.Prompt.Span, sequence.MaxTokens - sequence.PromptTokens),
            sequence.Tokens.ToArray());
}
