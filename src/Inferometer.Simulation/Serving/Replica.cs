using System.Globalization;
using Inferometer.Scheduling;
using Inferometer.Scheduling.Blocks;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Costs;

namespace Inferometer.Simulation.Serving;

/// <summary>
/// One replica of a service: the engine's scheduler over a pool, on a clock of its own. Requests wait outside until the scheduler is near
/// taking them, as a number and not as a prompt: a long queue costs little.
/// </summary>
internal sealed partial class Replica : ISchedulerObserver
{
    /// <summary>Quantities of <see cref="Series"/>.</summary>
    public const int KvBlocks = 0, Batch = 1, Tokens = 2, Quantities = 3;

    private readonly Service _service;
    private readonly ServingSimulationOptions _options;
    private readonly VirtualClock _clock = new();
    private readonly Scheduler _scheduler;
    private readonly SimulatedStepExecutor _executor;
    private readonly PriorityQueue<ServiceRequest, (double Key, long Number)> _pending = new();
    private readonly bool _isPrefillOnly;
    private readonly bool _repeats;
    private readonly bool _runsAhead;
    private IReadOnlyList<Sequence> _batch = [];
    private int _measured;
    private double _firstEnd;
    private double _longestLater;
    private StepPlan? _open;
    private StepOutcome _openOutcome;
    private int _usedAtBegin;
    private int _delivered; // in the step that is ending
    private bool _isWaking; // its next step is of the request that woke it
    private double _lastKey = double.NegativeInfinity; // of all in the scheduler's queue the greatest, or greater

    public Replica(int index, Service service, ICostPlan plan, int blocks, ICostPlan? draft, ReplicaRole role)
    {
        Index = index;
        _service = service;
        _options = service.Options;
        _isPrefillOnly = role == ReplicaRole.Prefill;
        BlockPool pool = new(new BlockPoolOptions
        {
            BlockCount = blocks,
            BlockSize = _options.BlockSize,
            PrefixCaching = _options.PrefixCaching && role != ReplicaRole.Decode,
        });
        bool keepTokens = pool.PrefixCaching || plan.Request.Speculative is not null;

        // Prompts that come with their keys and values take no part of a step's budget. Ranks that have their own attention have their own
        // limits too.
        int ranks = plan.Request.Parallelism.AttentionDataParallel ? plan.Request.Parallelism.Data : 1;
        SchedulerOptions scheduler = _options.Scheduler with
        {
            KeepTokens = keepTokens,
            MaxQueueLength = int.MaxValue,
            MaxTokensPerStep = (int)Math.Min(
                int.MaxValue / 2, role == ReplicaRole.Decode ? int.MaxValue : (long)ranks * _options.Scheduler.MaxTokensPerStep),
            MaxSequences = (int)Math.Min(int.MaxValue / 2, (long)ranks * _options.Scheduler.MaxSequences),
        };
        _scheduler = new Scheduler(scheduler, pool, _clock) { Observer = this };
        _executor = new SimulatedStepExecutor(plan, _clock, _options, draft, role == ReplicaRole.Decode)
        {
            Owner = this,
            IsObserved = _options.Observer is not null,
        };
        _repeats = _options.RepeatSteps && _options.Observer is null;
        _runsAhead = _repeats && _scheduler.CanRunAhead && _executor.CanRunAhead;
    }

    public int Index { get; }

    public StepMeter Meter => _executor.Meter;

    public LoadSeries Series { get; } = new(Quantities);

    public BlockPool Pool => _scheduler.Pool;

    /// <summary>Prompt and output tokens of its requests that have not ended.</summary>
    public long OutstandingTokens { get; private set; }

    /// <summary>When its step ends, or its next one could begin; infinite when it has nothing to do.</summary>
    public double NextSeconds => _open is not null || _scheduler.IsStepAheadOpen || HasWork ? _clock.Seconds : double.PositiveInfinity;

    /// <summary>Whether it has nothing to do.</summary>
    public bool IsIdle => double.IsInfinity(NextSeconds);

    private bool HasWork => _scheduler.HasWork || _pending.Count > 0;

    /// <summary>Takes a request.</summary>
    /// <returns>Null, or why not, for people.</returns>
    public string? Submit(ServiceRequest request, double seconds)
    {
        // Before its prompt is made: one that is far too long would take memory for nothing.
        Arrival arrival = request.Arrival;
        long total = (long)arrival.InputTokens + arrival.OutputTokens;
        long most = Math.Min(_options.Scheduler.MaxSequenceTokens, (long)Pool.BlockCount * Pool.BlockSize);
        if (total > most)
        {
            return string.Create(
                CultureInfo.InvariantCulture,
                $"{arrival.InputTokens:#,0} prompt and {arrival.OutputTokens:#,0} new tokens, where the model and the KV cache have room "
                    + $"for {most:#,0}.");
        }

        long taken = (long)_pending.Count + _scheduler.WaitingCount + _scheduler.RunningCount;
        if (taken >= (long)_options.Scheduler.EffectiveMaxSequences + _options.Scheduler.MaxQueueLength)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{_options.Scheduler.MaxQueueLength:#,0} requests waited already.");
        }

        _isWaking |= _service.HandsOver && IsIdle;
        request.GoTo(this);
        OutstandingTokens += total;
        _pending.Enqueue(request, (seconds - (arrival.Priority * _options.Scheduler.PriorityHeadStartSeconds), request.Number));
        return null;
    }

    /// <summary>Ends the step that is under way, if one is.</summary>
    public void Finish()
    {
        if (_scheduler.IsStepAheadOpen)
        {
            _scheduler.EndStepAhead(_executor);
        }
        else if (_open is { } plan)
        {
            _open = null;
            _scheduler.EndStep(plan, _openOutcome);
        }
    }

    /// <summary>
    /// Runs steps from a time on. None begins at the horizon or later, and where <paramref name="mayPass"/> is off, one that ends after it
    /// is left under way, so that what happens meanwhile finds the replica as it is then.
    /// </summary>
    public void Proceed(double seconds, double horizon, bool mayPass, CancellationToken cancellationToken)
    {
        _clock.AdvanceTo(seconds);
        _executor.MayPass = mayPass;
        _executor.Cancellation = cancellationToken;
        bool first = true;
        while (HasWork)
        {
            cancellationToken.ThrowIfCancellationRequested();

            // The end of a request may have brought the next one of the same user, which is looked at before the next step.
            horizon = Math.Min(horizon, _service.NextFromOutside());
            if (!first && _clock.Seconds >= horizon)
            {
                return;
            }

            _ignoresHorizon = first;
            first = false;
            Service.RequireShowable(_clock.Seconds);
            Feed();
            _executor.HorizonSeconds = horizon;
            if (_runsAhead)
            {
                int steps = _scheduler.RunAhead(_executor, stay: true);
                if (_scheduler.IsStepAheadOpen)
                {
                    return;
                }

                if (steps > 0 || _scheduler.IsAhead)
                {
                    continue;
                }
            }

            if (_repeats && _scheduler.RepeatDecode(_executor) > 0)
            {
                continue;
            }

            _isWaking = false;
            _usedAtBegin = Pool.UsedBlocks;
            StepPlan plan = _scheduler.BeginStep();
            if (plan.IsEmpty)
            {
                _scheduler.EndStep(plan, default);
                throw new InvalidOperationException($"replica {Index}: {_scheduler.WaitingCount} requests wait and none can be computed");
            }

            _openOutcome = _executor.Execute(plan, cancellationToken);
            _open = plan;
            if (!mayPass && _clock.Seconds > horizon)
            {
                return;
            }

            Finish();
        }

        Service.RequireShowable(_clock.Seconds);
    }

    /// <summary>A step that read a part of a prompt ended for those that decode in it so long before that part was computed.</summary>
    public void AddLeft(Sequence sequence, double seconds) => RequestOf(sequence).AddPromptLeft(seconds);

    public void BeginRepeated(IReadOnlyList<Sequence> batch)
    {
        _batch = batch;
        _firstEnd = double.NaN;
        _longestLater = double.NaN;
        _measured = 0;
        for (int i = 0; i < batch.Count; i++)
        {
            _measured += RequestOf(batch[i]).IsMeasured ? 1 : 0;
        }
    }

    public void RepeatStep(double begin, double end)
    {
        if (double.IsNaN(_firstEnd))
        {
            _firstEnd = end;
        }
        else
        {
            double gap = end - begin;
            _service.Gaps(gap, _measured);
            _longestLater = _longestLater >= gap ? _longestLater : gap;
        }

        Note(begin, end, Pool.UsedBlocks, _batch.Count, _batch.Count);
    }

    public void EndRepeated(int steps)
    {
        if (steps == 0)
        {
            return;
        }

        double now = _clock.Seconds;
        for (int i = 0; i < _batch.Count; i++)
        {
            ServiceRequest request = RequestOf(_batch[i]);
            double gap = request.Deliver(1, _firstEnd);
            if (request.IsMeasured)
            {
                _service.Gaps(gap, 1);
            }

            if (steps > 1)
            {
                request.DeliverMore(steps - 1, now, _longestLater);
            }
        }
    }

    void ISchedulerObserver.OnSubmitted(Sequence sequence)
    {
    }

    void ISchedulerObserver.OnRejected(SequenceRequest request, Rejection rejection)
    {
    }

    void ISchedulerObserver.OnTokens(Sequence sequence, int count, double seconds)
    {
        ServiceRequest request = RequestOf(sequence);
        _delivered += count;
        double gap = request.Deliver(count, seconds);
        if (request.IsMeasured && !double.IsNaN(gap))
        {
            _service.Gaps(gap, 1);
        }
    }

    void ISchedulerObserver.OnEnded(Sequence sequence)
    {
        ServiceRequest request = RequestOf(sequence);
        OutstandingTokens -= TokensOf(request);
        request.Note(sequence);
        _options.Observer?.OnEnded(request.Number, request.IsMeasured, sequence);
        _service.End(request, sequence.FinishReason, sequence.FinishSeconds);
    }

    void ISchedulerObserver.OnStepEnded(StepPlan plan, StepOutcome outcome)
    {
        int tokens = _delivered;
        _delivered = 0;
        Note(plan.BeginSeconds, plan.EndSeconds, _usedAtBegin, plan.Chunks.Count, tokens);
        _options.Observer?.OnStep(new ServiceStep(
            Index, plan, _executor.DecodeSeconds, _scheduler.RunningCount + plan.Finished.Count));
    }

    private static ServiceRequest RequestOf(Sequence sequence) => (ServiceRequest)sequence.Request.Owner!;

    private static long TokensOf(ServiceRequest request) => (long)request.Arrival.InputTokens + request.Arrival.OutputTokens;

    private void Note(double begin, double end, int usedBlocks, int sequences, int tokens)
    {
        bool delivers = tokens > 0 && end > begin;
        if (delivers && Series.TryAdd(begin, end, usedBlocks, sequences, tokens / (end - begin)))
        {
            return;
        }

        Series.Add(KvBlocks, begin, end, usedBlocks);
        Series.Add(Batch, begin, end, sequences);
        if (delivers)
        {
            Series.Add(Tokens, begin, end, tokens / (end - begin));
        }
    }

    // The scheduler takes the most urgent first and never another before it, at most as many in a step as may run: it need not see more.
    private void Feed()
    {
        while (_pending.TryPeek(out ServiceRequest? request, out (double Key, long Number) order)
            && (_scheduler.WaitingCount <= _scheduler.Options.EffectiveMaxSequences || order.Key < _lastKey))
        {
            _pending.Dequeue();
            _lastKey = order.Key;
            Arrival arrival = request.Arrival;
            bool taken = _scheduler.TrySubmit(
                new SequenceRequest
                {
                    Prompt = request.IsTransferred ? _service.Prompts.Any(arrival.InputTokens + request.OutputTokens)
                        : _scheduler.Options.KeepTokens ? _service.Prompts.PromptOf(arrival)
                        : _service.Prompts.Any(arrival.InputTokens),
                    MaxNewTokens = _isPrefillOnly ? Math.Min(1, arrival.OutputTokens) : arrival.OutputTokens - request.OutputTokens,
                    ArrivalSeconds = request.IsTransferred ? request.LastTokenSeconds : arrival.Seconds,
                    Priority = arrival.Priority,
                    Owner = request,
                },
                out _,
                out Rejection? rejection);
            if (!taken)
            {
                throw new InvalidOperationException(rejection!.Message); // looked at when it came
            }
        }
    }
}
