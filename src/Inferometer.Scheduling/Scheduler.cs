using System.Diagnostics.CodeAnalysis;
using Inferometer.Core;
using Inferometer.Scheduling.Blocks;

namespace Inferometer.Scheduling;

/// <summary>
/// Continuous batching over a paged KV pool: decides at every step which sequences compute how many tokens in which blocks. It
/// knows neither tensors nor the wall clock; an <see cref="IStepExecutor"/> runs the steps and a <see cref="TimeProvider"/> tells
/// the time, so the same code serves real requests and simulated ones. One thread owns it; nothing here is thread-safe.
/// Decode steps allocate no memory on the heap. Either <see cref="Step"/> runs a step in one call, or <see cref="BeginStep"/> and
/// <see cref="EndStep"/> mark its ends, with time for other events between them.
/// </summary>
public sealed partial class Scheduler
{
    private readonly TimeProvider _time;
    private readonly long _startTimestamp;
    private readonly StepPlan _plan = new();
    private readonly List<Sequence> _running = []; // most urgent first
    private readonly SequenceHeap<ByUrgency> _waiting = new();
    private readonly SequenceHeap<ByDeadline> _deadlines = new();
    private long _nextId;
    private SchedulerStatistics _statistics;

    /// <summary>Creates a scheduler over a pool that nobody else uses.</summary>
    /// <exception cref="InferometerException">
    /// An option is out of range, or the pool keeps a prefix cache where sequences keep no tokens.
    /// </exception>
    public Scheduler(SchedulerOptions options, BlockPool pool, TimeProvider time)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(pool);
        ArgumentNullException.ThrowIfNull(time);
        options.Validate();
        if (pool.PrefixCaching && !options.KeepTokens)
        {
            throw new InferometerException(
                $"scheduler: {nameof(options.KeepTokens)} is off and the pool's prefix cache on; prefixes are found by their tokens.");
        }

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

    /// <summary>Requests in the queue: the most urgent first, the others in no particular order.</summary>
    public IReadOnlyList<Sequence> Waiting => _waiting;

    /// <summary>Is told what becomes of requests; null = nobody.</summary>
    public ISchedulerObserver? Observer { get; set; }

    /// <summary>
    /// Whether a cached prefix that ends with a block, so many tokens long, can be gone on with; null = every one can. For models whose
    /// layers keep states, of which there are fewer than blocks.
    /// </summary>
    public Func<int, int, bool>? CanResume { get; set; }

    /// <summary>Counts since construction.</summary>
    public SchedulerStatistics Statistics => _statistics;

    /// <summary>Seconds on the scheduler's clock since it was made.</summary>
    public double NowSeconds => (_time.GetTimestamp() - _startTimestamp) / (double)_time.TimestampFrequency;

    /// <summary>
    /// Takes a request into the queue, or says why not. While a step is under way it does just that, and stays queued whether the step
    /// ends or is abandoned.
    /// </summary>
    /// <exception cref="ArgumentException">The prompt is empty, a count is negative or a time is not a number.</exception>
    public bool TrySubmit(
        SequenceRequest request, [NotNullWhen(true)] out Sequence? sequence, [NotNullWhen(false)] out Rejection? rejection)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentOutOfRangeException.ThrowIfLessThan(request.ParallelSequences, 1, nameof(request));
        ArgumentOutOfRangeException.ThrowIfNegative(request.MaxNewTokens ?? 0, nameof(request));
        if (request.Prompt.IsEmpty)
        {
            throw new ArgumentException("a request needs at least one prompt token", nameof(request));
        }

        if (double.IsNaN(request.ArrivalSeconds ?? 0) || double.IsNaN(request.DeadlineSeconds ?? 0))
        {
            throw new ArgumentException("arrival and deadline of a request must be numbers", nameof(request));
        }

        int blocksEach = Pool.BlockCount / request.ParallelSequences;
        long poolTokens = (long)blocksEach * Pool.BlockSize;
        long longest = Math.Min(Options.MaxSequenceTokens, poolTokens);
        long total = request.MaxNewTokens is { } wanted
            ? (long)request.Prompt.Length + wanted
            : Math.Max(longest, request.Prompt.Length + 1L);
        rejection = Refuse(request, total, poolTokens);
        if (rejection is not null)
        {
            _statistics.Rejected++;
            sequence = null;
            Observer?.OnRejected(request, rejection);
            return false;
        }

        double arrival = request.ArrivalSeconds ?? NowSeconds;
        double key = arrival - (request.Priority * Options.PriorityHeadStartSeconds);
        sequence = new Sequence(_nextId++, request, (int)total, key, Pool, Options.KeepTokens) { ArrivalSeconds = arrival };
        Register(sequence);
        Enqueue(sequence);
        Observer?.OnSubmitted(sequence);
        return true;
    }

    /// <summary>
    /// Ends a sequence and frees its blocks at once. One that has ended already is left as it is. While a step is under way, a
    /// sequence that was in the queue before and after the step was planned ends at once too; any other may have its blocks read and
    /// written by the step, so it ends when the step does: what the step gave it is dropped, its blocks go to nobody before, and it
    /// is among <see cref="StepPlan.Finished"/>. The first reason given stands.
    /// </summary>
    public void End(Sequence sequence, FinishReason reason)
    {
        ArgumentNullException.ThrowIfNull(sequence);
        if (reason == FinishReason.None)
        {
            throw new ArgumentOutOfRangeException(nameof(reason), reason, "a sequence ends for a reason");
        }

        RequireLanded();

        if (_isStepOpen && (sequence.State == SequenceState.Running || sequence.MovedStep == _stepNumber))
        {
            EndLater(sequence, reason);
        }
        else if (sequence.State != SequenceState.Finished)
        {
            EndNow(sequence, reason, NowSeconds);
            Observer?.OnEnded(sequence);
        }
    }

    /// <summary>Ends a sequence because its owner no longer wants it, as <see cref="End"/> does.</summary>
    public void Cancel(Sequence sequence) => End(sequence, FinishReason.Cancelled);

    private void EndNow(Sequence sequence, FinishReason reason, double now)
    {
        if (sequence.State == SequenceState.Waiting)
        {
            _waiting.Remove(sequence);
        }
        else
        {
            RemoveRunning(sequence);
        }

        _deadlines.Remove(sequence);
        sequence.Table.Truncate(0);
        sequence.State = SequenceState.Finished;
        sequence.FinishReason = reason;
        sequence.FinishSeconds = now;
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

    private Rejection? Refuse(SequenceRequest request, long total, long poolTokens)
    {
        if (total > Options.MaxSequenceTokens)
        {
            return new Rejection(
                RejectionReason.TooLong,
                $"request of {request.Prompt.Length} prompt and {request.MaxNewTokens ?? 1} new tokens: "
                    + $"a sequence may have {Options.MaxSequenceTokens} tokens.");
        }

        if (total > poolTokens)
        {
            return new Rejection(
                RejectionReason.NeverFits,
                $"request of {total} tokens in {request.ParallelSequences} sequence(s): "
                    + $"the KV cache of {Pool.BlockCount} blocks of {Pool.BlockSize} holds {poolTokens} for each.");
        }

        // Those that have come since the last step wait for free places too, and only what is beyond these is the queue.
        int places = Options.EffectiveMaxSequences;
        return (long)_waiting.Count + _running.Count >= (long)places + Options.MaxQueueLength
            ? new Rejection(
                RejectionReason.QueueFull,
                $"{_running.Count} sequences run and {_waiting.Count} requests wait already; "
                    + $"allowed are {places} that run and {Options.MaxQueueLength} that wait. Try again later.")
            : null;
    }

    private void Register(Sequence sequence)
    {
        _statistics.Submitted++;
        if (sequence.Request.DeadlineSeconds is not null)
        {
            _deadlines.Add(sequence);
        }
    }

    private void Enqueue(Sequence sequence)
    {
        sequence.State = SequenceState.Waiting;
        _waiting.Add(sequence);
    }

    private void InsertRunning(Sequence sequence) => Insert(_running, sequence);

    // They are in order.
    private void RemoveRunning(Sequence sequence)
    {
        int low = 0, high = _running.Count - 1;
        while (low < high)
        {
            int middle = (low + high) / 2;
            (low, high) = ByUrgency.IsBefore(_running[middle], sequence) ? (middle + 1, high) : (low, middle);
        }

        if (low <= high && ReferenceEquals(_running[low], sequence))
        {
            _running.RemoveAt(low);
        }
    }
}
