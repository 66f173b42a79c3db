using System.Diagnostics.CodeAnalysis;
using Inferometer.Core;
using Inferometer.Scheduling.Blocks;

namespace Inferometer.Scheduling;

/// <summary>
/// Continuous batching over a paged KV pool: decides at every step which sequences compute how many tokens in which blocks. It
/// knows neither tensors nor the wall clock; an <see cref="IStepExecutor"/> runs the steps and a <see cref="TimeProvider"/> tells
/// the time, so the same code serves real requests and simulated ones. One thread owns it; nothing here is thread-safe.
/// Decode steps allocate no memory on the heap.
/// </summary>
public sealed partial class Scheduler
{
    private readonly TimeProvider _time;
    private readonly long _startTimestamp;
    private readonly StepPlan _plan = new();
    private readonly List<Sequence> _running = []; // most urgent first
    private readonly List<Sequence> _waiting = []; // most urgent last, so that taking one is cheap
    private long _nextId;
    private int _sequencesWithDeadline;
    private SchedulerStatistics _statistics;

    /// <summary>Creates a scheduler over a pool that nobody else uses.</summary>
    /// <exception cref="InferometerException">An option is out of range.</exception>
    public Scheduler(SchedulerOptions options, BlockPool pool, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(pool);
        ArgumentNullException.ThrowIfNull(time);
        options.Validate();
        Options = options;
        Pool = pool;
        _time = time;
        _startTimestamp = time.GetTimestamp();
    }

    /// <summary>The policy.</summary>
    public SchedulerOptions Options { get; }

    /// <summary>The blocks.</summary>
    public BlockPool Pool { get; }

    /// <summary>Requests in the queue.</summary>
    public int WaitingCount => _waiting.Count;

    /// <summary>Sequences that hold blocks.</summary>
    public int RunningCount => _running.Count;

    /// <summary>True when a request waits or runs.</summary>
    public bool HasWork => _waiting.Count + _running.Count > 0;

    /// <summary>Running sequences, most urgent first.</summary>
    public IReadOnlyList<Sequence> Running => _running;

    /// <summary>Requests in the queue, the most urgent last.</summary>
    public IReadOnlyList<Sequence> Waiting => _waiting;

    /// <summary>Counts since construction.</summary>
    public SchedulerStatistics Statistics => _statistics;

    /// <summary>Seconds on the scheduler's clock since it was made.</summary>
    public double NowSeconds => (_time.GetTimestamp() - _startTimestamp) / (double)_time.TimestampFrequency;

    /// <summary>Takes a request into the queue, or says why not.</summary>
    /// <exception cref="ArgumentException">The prompt is empty or a count is negative.</exception>
    public bool TrySubmit(SequenceRequest request, [NotNullWhen(true)] out Sequence? sequence, [NotNullWhen(false)] out Rejection? rejection)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentOutOfRangeException.ThrowIfLessThan(request.ParallelSequences, 1, nameof(request));
        ArgumentOutOfRangeException.ThrowIfNegative(request.MaxNewTokens ?? 0, nameof(request));
        if (request.Prompt.IsEmpty)
        {
            throw new ArgumentException("a request needs at least one prompt token", nameof(request));
        }

        int blocksEach = Pool.BlockCount / request.ParallelSequences;
        long poolTokens = (long)blocksEach * Pool.BlockSize;
        long longest = Math.Min(Options.MaxSequenceTokens, poolTokens);
        long total = request.MaxNewTokens is { } wanted ? (long)request.Prompt.Length + wanted : Math.Max(longest, request.Prompt.Length + 1L);
        rejection = Refuse(request, total, poolTokens);
        if (rejection is not null)
        {
            _statistics.Rejected++;
            sequence = null;
            return false;
        }

        double arrival = request.ArrivalSeconds ?? NowSeconds;
        double key = arrival - (request.Priority * Options.PriorityHeadStartSeconds);
        sequence = new Sequence(_nextId++, request, (int)total, key, Pool) { ArrivalSeconds = arrival };
        _statistics.Submitted++;
        _sequencesWithDeadline += request.DeadlineSeconds is null ? 0 : 1;
        Enqueue(sequence);
        return true;
    }

    /// <summary>
    /// Splits a sequence: the new one has the same tokens and shares the blocks until one of the two writes. It keeps the parent's
    /// place in the order and its limits; the caller stays within <see cref="SequenceRequest.ParallelSequences"/>.
    /// </summary>
    /// <exception cref="InvalidOperationException">The parent has ended.</exception>
    public Sequence Fork(Sequence parent, object? owner)
    {
        ArgumentNullException.ThrowIfNull(parent);
        RequireAlive(parent);
        Sequence child = new(_nextId++, parent.Request with { Owner = owner }, parent.MaxTokens, parent.OrderKey, Pool)
        {
            ArrivalSeconds = parent.ArrivalSeconds,
            AdmittedSeconds = parent.AdmittedSeconds,
            FirstTokenSeconds = parent.FirstTokenSeconds,
        };
        child.CopyFrom(parent, Pool.BlockSize);
        _statistics.Submitted++;
        _sequencesWithDeadline += parent.Request.DeadlineSeconds is null ? 0 : 1;
        if (parent.State == SequenceState.Waiting)
        {
            Enqueue(child);
        }
        else
        {
            child.Table.ShareFrom(parent.Table);
            child.State = SequenceState.Running;
            InsertRunning(child);
        }

        return child;
    }

    /// <summary>Makes one sequence a copy of another, as a beam does that is replaced by a better one. Shares blocks; allocates nothing in the steady state.</summary>
    /// <exception cref="InvalidOperationException">Either has ended.</exception>
    public void Overwrite(Sequence target, Sequence source)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(source);
        RequireAlive(target);
        RequireAlive(source);
        target.CopyFrom(source, Pool.BlockSize);
        if (target.State == SequenceState.Running && source.State == SequenceState.Running)
        {
            target.Table.ShareFrom(source.Table);
            return;
        }

        target.Table.Truncate(0);
        target.ComputedTokens = 0;
        target.PublishedBlocks = 0;
        target.IsHeld = false;
    }

    /// <summary>Appends a token that the owner chose to a sequence for which the executor emitted none.</summary>
    /// <exception cref="InvalidOperationException">The sequence has ended or has all its tokens.</exception>
    public void Append(Sequence sequence, int token)
    {
        ArgumentNullException.ThrowIfNull(sequence);
        RequireAlive(sequence);
        if (sequence.RemainingTokens == 0)
        {
            throw new InvalidOperationException($"sequence {sequence.Id} already has its {sequence.MaxTokens} tokens");
        }

        sequence.Append(token);
        NoteTokens(sequence, 1, NowSeconds);
    }

    /// <summary>Ends a sequence and frees its blocks at once. One that has ended already is left as it is.</summary>
    public void End(Sequence sequence, FinishReason reason)
    {
        ArgumentNullException.ThrowIfNull(sequence);
        if (sequence.State == SequenceState.Finished)
        {
            return;
        }

        if (sequence.State == SequenceState.Waiting)
        {
            _waiting.Remove(sequence);
        }
        else
        {
            _running.Remove(sequence);
        }

        sequence.Table.Truncate(0);
        sequence.State = SequenceState.Finished;
        sequence.FinishReason = reason;
        sequence.FinishSeconds = NowSeconds;
        _sequencesWithDeadline -= sequence.Request.DeadlineSeconds is null ? 0 : 1;
        switch (reason)
        {
            case FinishReason.Deadline:
                _statistics.Expired++;
                break;
            case FinishReason.Cancelled or FinishReason.Error:
                _statistics.Cancelled++;
                break;
            default:
                _statistics.Completed++;
                break;
        }
    }

    /// <summary>Ends a sequence because its owner no longer wants it; its blocks are free when the call returns.</summary>
    public void Cancel(Sequence sequence) => End(sequence, FinishReason.Cancelled);

    /// <summary>Plans a step, has it executed and takes in what it gave.</summary>
    /// <returns>The step; valid until the next one. Empty when nothing needed computing (expired sequences may still be listed as finished).</returns>
    public StepPlan Step(IStepExecutor executor, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(executor);
        Plan();
        if (!_plan.IsEmpty)
        {
            StepOutcome outcome = executor.Execute(_plan, cancellationToken);
            Commit(outcome);
        }

        return _plan;
    }

    private Rejection? Refuse(SequenceRequest request, long total, long poolTokens)
    {
        if (total > Options.MaxSequenceTokens)
        {
            return new Rejection(
                RejectionReason.TooLong,
                $"request of {request.Prompt.Length} prompt and {request.MaxNewTokens ?? 1} new tokens: a sequence may have {Options.MaxSequenceTokens} tokens.");
        }

        if (total > poolTokens)
        {
            return new Rejection(
                RejectionReason.NeverFits,
                $"request of {total} tokens in {request.ParallelSequences} sequence(s): the KV cache of {Pool.BlockCount} blocks of {Pool.BlockSize} holds {poolTokens} for each.");
        }

        return _waiting.Count >= Options.MaxQueueLength
            ? new Rejection(RejectionReason.QueueFull, $"{_waiting.Count} requests wait already; allowed are {Options.MaxQueueLength}. Try again later.")
            : null;
    }

    private void Enqueue(Sequence sequence)
    {
        sequence.State = SequenceState.Waiting;
        int low = 0;
        int high = _waiting.Count;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (IsMoreUrgent(_waiting[middle], sequence))
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        _waiting.Insert(low, sequence);
    }

    private void InsertRunning(Sequence sequence)
    {
        int index = _running.Count;
        while (index > 0 && IsMoreUrgent(sequence, _running[index - 1]))
        {
            index--;
        }

        _running.Insert(index, sequence);
    }

    private static bool IsMoreUrgent(Sequence a, Sequence b) =>
        a.OrderKey < b.OrderKey || (a.OrderKey == b.OrderKey && a.Id < b.Id);

    private static void RequireAlive(Sequence sequence)
    {
        if (sequence.State == SequenceState.Finished)
        {
            throw new InvalidOperationException($"sequence {sequence.Id} has ended ({sequence.FinishReason})");
        }
    }
}
