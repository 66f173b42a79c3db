using Inferometer.Scheduling.Blocks;

namespace Inferometer.Scheduling;

/// <summary>
/// A request on its way: its tokens, how far they are computed, its blocks and its times. Changed by the scheduler alone, on the
/// scheduler's thread.
/// </summary>
public sealed class Sequence
{
    private const int InitialSpareTokens = 256;

    private readonly List<UInt128> _hashes = [];
    private int[]? _tokens; // null = counted alone

    internal Sequence(long id, SequenceRequest request, int maxTokens, double orderKey, BlockPool pool, bool keepTokens = true)
    {
        Id = id;
        Request = request;
        MaxTokens = maxTokens;
        OrderKey = orderKey;
        Table = new BlockTable(pool);
        ArrivalSeconds = request.ArrivalSeconds ?? 0;
        PromptTokens = request.Prompt.Length;
        TokenCount = PromptTokens;
        if (keepTokens)
        {
            _tokens = new int[Math.Min(maxTokens, PromptTokens + InitialSpareTokens)];
            request.Prompt.Span.CopyTo(_tokens);
        }

        RootHash = BlockHash.Root(request.CacheSalt, pool.HashSeed);
    }

    /// <summary>Running number, in order of submission.</summary>
    public long Id { get; }

    /// <summary>True when it was forked from another, of whose request it is a part.</summary>
    public bool IsFork { get; internal init; }

    /// <summary>What was asked.</summary>
    public SequenceRequest Request { get; }

    /// <summary>Where the sequence is.</summary>
    public SequenceState State { get; internal set; }

    /// <summary>Why it ended.</summary>
    public FinishReason FinishReason { get; internal set; }

    /// <summary>Tokens of the prompt.</summary>
    public int PromptTokens { get; }

    /// <summary>Prompt and generated tokens.</summary>
    public int TokenCount { get; private set; }

    /// <summary>Generated tokens.</summary>
    public int GeneratedTokens => TokenCount - PromptTokens;

    /// <summary>Tokens the sequence may grow to.</summary>
    public int MaxTokens { get; }

    /// <summary>Tokens it may still generate.</summary>
    public int RemainingTokens => MaxTokens - TokenCount;

    /// <summary>Leading tokens whose keys and values are in the cache.</summary>
    public int ComputedTokens { get; internal set; }

    /// <summary>Tokens still to be computed.</summary>
    public int PendingTokens => TokenCount - ComputedTokens;

    /// <summary>Prompt tokens taken from the prefix cache when the sequence was first admitted.</summary>
    public int CachedPromptTokens { get; internal set; }

    /// <summary>Times it was preempted.</summary>
    public int Preemptions { get; internal set; }

    /// <summary>Tokens drafted for the next step.</summary>
    public int DraftCount { get; private set; }

    /// <summary>When it arrived, seconds on the scheduler's clock.</summary>
    public double ArrivalSeconds { get; internal set; }

    /// <summary>When it was first admitted; NaN before.</summary>
    public double AdmittedSeconds { get; internal set; } = double.NaN;

    /// <summary>When the step ended that gave its first token; NaN before.</summary>
    public double FirstTokenSeconds { get; internal set; } = double.NaN;

    /// <summary>
    /// Prompt tokens that the steps from its first one to its first token computed, its own and those of others; 0 before the first token.
    /// </summary>
    public long PromptTokensUntilFirst { get; internal set; }

    /// <summary>When the step ended that gave its latest tokens; NaN before the first.</summary>
    public double LastTokenSeconds { get; internal set; } = double.NaN;

    /// <summary>When it ended; NaN before.</summary>
    public double FinishSeconds { get; internal set; } = double.NaN;

    /// <summary>Prompt and generated tokens; valid until the sequence changes.</summary>
    /// <exception cref="InvalidOperationException"><see cref="SchedulerOptions.KeepTokens"/> is off.</exception>
    public ReadOnlySpan<int> Tokens => Kept.AsSpan(0, TokenCount);

    /// <summary>Its blocks.</summary>
    public BlockTable Table { get; }

    /// <summary>Whether rows of logits of its prompt are still wanted: they are there before it has generated anything.</summary>
    internal bool WantsPromptRows => Request.WantsPromptRows && GeneratedTokens == 0;

    /// <summary>Prompt tokens that are in the counts already, however often they are computed.</summary>
    internal int PromptTokensRead { get; set; }

    /// <summary>Smaller is served earlier.</summary>
    internal double OrderKey { get; }

    internal UInt128 RootHash { get; }

    /// <summary>Prompt tokens that the scheduler had computed when it was first admitted.</summary>
    internal long PromptTokensBefore { get; set; }

    /// <summary>Place in the queue; -1 when not in it.</summary>
    internal int WaitingSlot { get; set; } = -1;

    /// <summary>Place in the order of deadlines; -1 when not in it.</summary>
    internal int DeadlineSlot { get; set; } = -1;

    /// <summary>Of steps that are run ahead, in how many the batch had decoded when it joined.</summary>
    internal int JoinStep { get; set; }

    /// <summary>How many there are when it ends.</summary>
    internal int EndStep { get; set; }

    /// <summary>Place in the order of these ends; -1 when not in it.</summary>
    internal int EndSlot { get; set; } = -1;

    /// <summary>Number of the last step that computes some of its tokens.</summary>
    internal long PlannedStep { get; set; }

    /// <summary>Number of the last step that admitted, preempted or expired it.</summary>
    internal long MovedStep { get; set; }

    /// <summary>Why its owner ended it while a step was under way; it ends with the step.</summary>
    internal FinishReason PendingEnd { get; set; }

    /// <summary>The executor gave logits and no token: nothing to compute until the owner appends one.</summary>
    internal bool IsHeld { get; set; }

    internal bool NeedsStep => !IsHeld && PendingTokens > 0;

    /// <summary>Full blocks already offered to the prefix cache.</summary>
    internal int PublishedBlocks { get; set; }

    internal ReadOnlyMemory<int> TokenMemory => Kept;

    private int[] Kept => _tokens ?? throw new InvalidOperationException("the tokens of this sequence are counted, not kept");

    /// <summary>A stretch of the tokens, drafted ones included; valid until the sequence changes.</summary>
    /// <exception cref="InvalidOperationException"><see cref="SchedulerOptions.KeepTokens"/> is off.</exception>
    public ReadOnlyMemory<int> TokensAt(int first, int count) => Kept.AsMemory(0, TokenCount + DraftCount).Slice(first, count);

    internal void SetDraft(ReadOnlySpan<int> tokens)
    {
        if (_tokens is not null)
        {
            tokens.CopyTo(Room(tokens.Length));
        }

        DraftCount = tokens.Length;
    }

    internal void ReplaceDraft(int index, int token) => Kept[TokenCount + index] = token;

    internal void Append(int token)
    {
        if (_tokens is not null)
        {
            Room(1)[0] = token;
        }

        TokenCount++;
        DraftCount = 0;
        IsHeld = false;
    }

    internal void AppendZeros(int count)
    {
        if (count > 0)
        {
            if (_tokens is not null)
            {
                Room(count).Clear();
            }

            TokenCount += count;
        }
    }

    internal void DropDraft() => DraftCount = 0;

    /// <summary>Takes back that drafts were dropped or replaced; the tokens themselves are still in their places.</summary>
    internal void RestoreDraftCount(int count) => DraftCount = count;

    /// <summary>Hash of the prefix that ends with block <paramref name="index"/>, which must be full; computed once.</summary>
    internal UInt128 HashOf(int index, int blockSize)
    {
        while (_hashes.Count <= index)
        {
            int block = _hashes.Count;
            _hashes.Add(BlockHash.Next(ParentHashOf(block), Kept.AsSpan(block * blockSize, blockSize)));
        }

        return _hashes[index];
    }

    internal UInt128 ParentHashOf(int index) => index == 0 ? RootHash : _hashes[index - 1];

    internal void CopyFrom(Sequence source, int blockSize)
    {
        TokenCount = 0;
        if (_tokens is not null)
        {
            source.Tokens.CopyTo(Room(source.TokenCount));
        }

        TokenCount = source.TokenCount;
        ComputedTokens = source.ComputedTokens;
        PublishedBlocks = source.PublishedBlocks;
        PromptTokensRead = source.PromptTokensRead;
        CachedPromptTokens = source.CachedPromptTokens;
        DraftCount = 0;
        IsHeld = source.IsHeld;
        _hashes.Clear();
        for (int i = 0; i < source.TokenCount / blockSize && i < source._hashes.Count; i++)
        {
            _hashes.Add(source._hashes[i]);
        }
    }

    // Places after the last token.
    private Span<int> Room(int count)
    {
        int tokens = TokenCount + count;
        if (tokens > _tokens!.Length)
        {
            Array.Resize(ref _tokens, Math.Max(tokens, Math.Min(MaxTokens, _tokens.Length * 2)));
        }

        return _tokens.AsSpan(TokenCount, count);
    }
}
