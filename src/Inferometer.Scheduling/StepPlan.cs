using Inferometer.Scheduling.Blocks;

namespace Inferometer.Scheduling;

/// <summary>
/// One step: block copies, then chunks, and what planning it did to the queue. The scheduler owns it and fills it anew at every
/// <see cref="Scheduler.BeginStep"/>; until then it may be read. A cost model prices the step from its chunks: tokens computed, tokens
/// before them, rows of logits.
/// </summary>
public sealed class StepPlan
{
    private readonly List<StepChunk> _chunks = [];
    private readonly List<StepChunk> _made = []; // the first of them are in use
    private readonly List<BlockCopy> _copies = [];
    private readonly List<Sequence> _admitted = [];
    private readonly List<Sequence> _preempted = [];
    private readonly List<Sequence> _expired = [];
    private readonly List<Sequence> _finished = [];

    internal StepPlan()
    {
    }

    /// <summary>The parts of the step, decoding sequences first.</summary>
    public IReadOnlyList<StepChunk> Chunks => _chunks;

    /// <summary>Block copies to make before the arithmetic, in this order.</summary>
    public IReadOnlyList<BlockCopy> Copies => _copies;

    /// <summary>Sequences that joined the running ones, in that order; those that had been preempted before are among them.</summary>
    public IReadOnlyList<Sequence> Admitted => _admitted;

    /// <summary>Sequences that lost their blocks and went back to the queue, in that order.</summary>
    public IReadOnlyList<Sequence> Preempted => _preempted;

    /// <summary>
    /// Sequences whose deadline had passed when the step began. Should it be abandoned they live again, until the next one.
    /// </summary>
    public IReadOnlyList<Sequence> Expired => _expired;

    /// <summary>
    /// Sequences that ended with this step: by length or stop, by their deadline, or by their owner while the step was under way.
    /// Empty while the step is under way.
    /// </summary>
    public IReadOnlyList<Sequence> Finished => _finished;

    /// <summary>When the step was planned, seconds on the scheduler's clock.</summary>
    public double BeginSeconds { get; private set; }

    /// <summary>When the step ended, which is when its tokens came; NaN before.</summary>
    public double EndSeconds { get; internal set; }

    /// <summary>Tokens of all chunks, drafted ones included.</summary>
    public int TokenCount => PrefillTokens + DecodeTokens;

    /// <summary>Tokens of the chunks that compute prompt, or compute again after a preemption.</summary>
    public int PrefillTokens { get; private set; }

    /// <summary>Tokens of the decode chunks, drafted ones included.</summary>
    public int DecodeTokens { get; private set; }

    /// <summary>Tokens that stand in the cache before the chunks, over all of them: what attention reads beside the new ones.</summary>
    public long PastTokens { get; private set; }

    /// <summary>Logit rows of all chunks.</summary>
    public int LogitRows { get; private set; }

    /// <summary>Nothing could be, or needed to be, computed.</summary>
    public bool IsEmpty => _chunks.Count == 0;

    internal List<StepChunk> ChunkList => _chunks;

    internal List<Sequence> AdmittedList => _admitted;

    internal List<Sequence> PreemptedList => _preempted;

    internal List<Sequence> ExpiredList => _expired;

    internal List<Sequence> FinishedList => _finished;

    internal List<BlockCopy> CopyList => _copies;

    internal void Reset(double now)
    {
        _chunks.Clear();
        _copies.Clear();
        _admitted.Clear();
        _preempted.Clear();
        _expired.Clear();
        _finished.Clear();
        BeginSeconds = now;
        EndSeconds = double.NaN;
        PrefillTokens = 0;
        DecodeTokens = 0;
        PastTokens = 0;
        LogitRows = 0;
    }

    internal void Add(Sequence sequence, int tokens, int drafts, bool isPrefill)
    {
        if (_made.Count == _chunks.Count)
        {
            _made.Add(new StepChunk());
        }

        StepChunk chunk = _made[_chunks.Count];
        chunk.Set(sequence, tokens, drafts, isPrefill);
        _chunks.Add(chunk);
        PrefillTokens += isPrefill ? chunk.TokenCount : 0;
        DecodeTokens += isPrefill ? 0 : chunk.TokenCount;
        PastTokens += chunk.PastTokens;
        LogitRows += chunk.LogitRows;
    }
}
