using Inferometer.Scheduling.Blocks;

namespace Inferometer.Scheduling.Tests;

/// <summary>
/// An executor whose "keys and values" are the token ids themselves, stored in the blocks the plan names. The next token is a hash
/// of the whole prefix as read back through the block table, so a wrong block, a missed copy or a false prefix hit changes the output.
/// </summary>
internal sealed class RecordingExecutor(BlockPool pool, VirtualClock clock) : IStepExecutor
{
    private readonly int[] _slots = new int[pool.BlockCount * pool.BlockSize];

    public const int Vocabulary = 50;

    public int LargestStep { get; private set; }

    public double SecondsPerStep { get; init; } = 0.01;

    /// <summary>Drafted per step; every other draft is made wrong on purpose.</summary>
    public int Drafts { get; init; }

    public Func<Sequence, bool>? Hold { get; init; }

    public Action<StepPlan>? OnStep { get; set; }

    /// <summary>Called before every copy, every token written and every token emitted; may throw.</summary>
    public Action? OnOperation { get; set; }

    public static int NextToken(ReadOnlySpan<int> prefix)
    {
        uint hash = 17;
        foreach (int token in prefix)
        {
            hash = (hash * 31) + (uint)token + 7;
        }

        return (int)((hash ^ (hash >> 15)) % Vocabulary);
    }

    public static int[] Reference(ReadOnlySpan<int> prompt, int count)
    {
        List<int> tokens = [.. prompt];
        for (int i = 0; i < count; i++)
        {
            tokens.Add(NextToken(tokens.ToArray()));
        }

        return [.. tokens];
    }

    public StepOutcome Execute(StepPlan plan, CancellationToken cancellationToken)
    {
        LargestStep = Math.Max(LargestStep, plan.TokenCount);
        OnStep?.Invoke(plan);
        foreach (BlockCopy copy in plan.Copies)
        {
            OnOperation?.Invoke();
            _slots.AsSpan(copy.Source * pool.BlockSize, pool.BlockSize).CopyTo(_slots.AsSpan(copy.Target * pool.BlockSize));
        }

        foreach (StepChunk chunk in plan.Chunks)
        {
            Write(chunk);
        }

        foreach (StepChunk chunk in plan.Chunks)
        {
            Emit(chunk);
        }

        clock.Advance(SecondsPerStep);
        return new StepOutcome(SecondsPerStep);
    }

    private void Write(StepChunk chunk)
    {
        ReadOnlySpan<int> table = chunk.BlockTable.Span;
        for (int i = 0; i < chunk.TokenCount; i++)
        {
            int position = chunk.PastTokens + i;
            int block = table[position / pool.BlockSize];
            OnOperation?.Invoke();
            Assert.Equal(1, pool.ReferenceCount(block)); // nobody writes where somebody else reads
            _slots[(block * pool.BlockSize) + (position % pool.BlockSize)] = chunk.Tokens.Span[i];
        }
    }

    private void Emit(StepChunk chunk)
    {
        if (chunk.LogitRows == 0 || Hold?.Invoke(chunk.Sequence) == true)
        {
            return;
        }

        int firstRow = chunk.PastTokens + chunk.TokenCount - chunk.LogitRows + 1;
        for (int row = 0; row < chunk.LogitRows; row++)
        {
            OnOperation?.Invoke();
            int next = NextToken(Read(chunk, firstRow + row));
            chunk.Emit(next);
            if (row < chunk.DraftTokens && chunk.Tokens.Span[chunk.TokenCount - chunk.DraftTokens + row] != next)
            {
                break;
            }
        }

        ProposeDraft(chunk);
    }

    private void ProposeDraft(StepChunk chunk)
    {
        List<int> prefix = [.. chunk.Sequence.Tokens, .. chunk.Emitted];
        int[] draft = new int[Drafts];
        for (int i = 0; i < Drafts; i++)
        {
            draft[i] = (NextToken(prefix.ToArray()) + ((prefix.Count + i) % 3 == 0 ? 1 : 0)) % Vocabulary;
            prefix.Add(draft[i]);
        }

        chunk.ProposeDraft(draft);
    }

    private int[] Read(StepChunk chunk, int length)
    {
        int[] tokens = new int[length];
        ReadOnlySpan<int> table = chunk.BlockTable.Span;
        for (int position = 0; position < length; position++)
        {
            tokens[position] = _slots[(table[position / pool.BlockSize] * pool.BlockSize) + (position % pool.BlockSize)];
        }

        return tokens;
    }
}
