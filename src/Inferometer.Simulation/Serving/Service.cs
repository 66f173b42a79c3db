using Inferometer.Core;
using Inferometer.Scheduling;
using Inferometer.Serving;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Costs;

namespace Inferometer.Simulation.Serving;

/// <summary>
/// Replicas, a router and what arrives, on one line of time. Events are ordered by time; at one time steps end first, then keys and values
/// arrive, then requests, each in order of their numbers, and then steps begin.
/// </summary>
internal sealed class Service
{
    /// <summary>The longest time that is simulated, soon before the replicas' clocks end.</summary>
    public const double MostSeconds = 100 * 86_400.0;

    private readonly IArrivalSource _source;
    private readonly ICostPlan _plan;
    private readonly Replica[] _replicas;
    private readonly Router _router;
    private readonly Router? _decodeRouter;
    private readonly PriorityQueue<ServiceRequest, (double Seconds, long Number)> _transfers = new();
    private readonly List<RequestOutcome> _outcomes = []; // by number of the request
    private readonly ServingTally _tally;
    private readonly double _handOver;
    private readonly ServiceCoefficients _coefficients;
    private readonly int _ranks;
    private readonly List<double> _beside = []; // likewise: seconds outside the engine's steps
    private double _gapSeconds;
    private long _gapCount;

    public Service(IArrivalSource source, ICostPlan plan, ServingSimulationOptions options, int blocks, ICostPlan? draft)
    {
        (_source, _plan, Options) = (source, plan, options);
        _handOver = options.HandOverSeconds ?? plan.HandOverSeconds;
        _coefficients = options.Coefficients ?? plan.Service;
        _ranks = plan.Request.Parallelism.AttentionDataParallel ? plan.Request.Parallelism.Data : 1;
        _tally = new ServingTally(options.Recorder);
        int prefill = options.Disaggregation?.PrefillReplicas ?? 0;
        _replicas =
        [
            .. Enumerable.Range(0, options.Replicas).Select(i => new Replica(
                i, this, plan, blocks, draft, prefill == 0 ? ReplicaRole.Both : i < prefill ? ReplicaRole.Prefill : ReplicaRole.Decode)),
        ];
        _router = new Router(options.Routing, prefill == 0 ? _replicas : _replicas[..prefill]);
        _decodeRouter = prefill == 0 ? null : new Router(RoutingPolicy.LeastTokens, _replicas[prefill..]);
    }

    public ServingSimulationOptions Options { get; }

    public PromptSource Prompts { get; } = new();

    public IReadOnlyList<Replica> Replicas => _replicas;

    public IReadOnlyList<RequestOutcome> Outcomes => _outcomes;

    /// <summary>Requests come when others are answered.</summary>
    public bool IsClosed => _source.Listens;

    public double LastArrivalSeconds { get; private set; }

    public void Run(CancellationToken cancellationToken)
    {
        // Alone, a replica may finish a step before what arrives meanwhile is looked at: nobody asks how it stands then. One of several
        // may do so
        // where neither the router nor the source does.
        bool mayPass = _replicas.Length == 1
            || (Options.Disaggregation is null && !_source.Listens && !_router.LooksAtState);
        while (NextEvent() is var now && (double.IsFinite(now) || _source.NextSeconds is not null))
        {
            RequireShowable(now);
            EndSteps(now);
            Deliver(now);
            Admit(now);
            foreach (Replica replica in _replicas)
            {
                if (replica.NextSeconds <= now)
                {
                    replica.Proceed(now, HorizonOf(replica), mayPass, cancellationToken);
                }
            }

            cancellationToken.ThrowIfCancellationRequested();
        }

        for (int i = 0; i < _outcomes.Count; i++)
        {
            if (IsMeasured(i, _outcomes[i].ArrivalSeconds))
            {
                _tally.Add(_outcomes[i]);
            }
        }
    }

    /// <summary>Refuses what would pass the end of the replicas' clocks, whatever led there: arrivals, users or steps.</summary>
    public static void RequireShowable(double seconds)
    {
        if (!(seconds <= MostSeconds))
        {
            throw new InferometerException(
                "the simulated time passes 100 days, which is more than its clock can show; ask for fewer requests, at a higher rate or "
                    + "with less time between them.");
        }
    }

    public ServingReport Report()
    {
        _tally.AddGaps(_gapSeconds, _gapCount);
        _gapCount = 0;
        return _tally.Report();
    }

    /// <summary>Gaps between deliveries. Those of one step are mostly equal and are added together.</summary>
    public void Gaps(double seconds, int count)
    {
        if (seconds == _gapSeconds)
        {
            _gapCount += count;
            return;
        }

        _tally.AddGaps(_gapSeconds, _gapCount);
        (_gapSeconds, _gapCount) = (seconds, count);
    }

    /// <summary>Why the first request was refused that was; null when none was.</summary>
    public string? FirstRefusal { get; private set; }

    private void Refuse(ServiceRequest request, double seconds, string why)
    {
        FirstRefusal ??= why;
        _outcomes[(int)request.Number] = request.Outcome(FinishReason.None, seconds);
        _source.Answered(request.Arrival, seconds, isRefused: true);
    }

    public void End(ServiceRequest request, FinishReason reason, double seconds)
    {
        bool goesOn = _decodeRouter is not null && !request.IsTransferred && request.OutputTokens < request.Arrival.OutputTokens;
        if (goesOn)
        {
            request.IsTransferred = true;
            _transfers.Enqueue(request, (seconds + TransferSeconds(request.Arrival.InputTokens), request.Number));
            return;
        }

        double beside = _handOver + Admission(request) + request.PromptLeftSeconds;
        MeasuredPromptLeftSeconds += request.IsMeasured && reason != FinishReason.None ? request.PromptLeftSeconds : 0;
        _beside[(int)request.Number] = beside;
        _outcomes[(int)request.Number] = request.Outcome(reason, seconds, beside);
        _source.Answered(request.Arrival, seconds + beside, isRefused: false);
    }

    /// <summary>Of measured requests that were served, the seconds that their prompts took beyond the steps that read them.</summary>
    public double MeasuredPromptLeftSeconds { get; private set; }

    /// <summary>
    /// What a request took outside the engine's steps, the rest of its prompt included, seconds: its tokens were with who asked so much
    /// later than the engine had them.
    /// </summary>
    public double BesideSeconds(int number) => _beside[number];

    // By the steps that ran while it was there. It comes after them: when it does makes no difference to who waits for the answer.
    private double Admission(ServiceRequest request)
    {
        if (!_coefficients.Admits)
        {
            return 0;
        }

        StepMeter.Mark from = request.Came, to = request.Replica!.Meter.Now;
        double busy = to.BusySeconds - from.BusySeconds;
        return _coefficients.Admission(
            busy / Math.Max(1, to.Steps - from.Steps),
            (to.SequenceSeconds - from.SequenceSeconds) / Math.Max(busy, double.Epsilon) / _ranks);
    }

    public bool IsMeasured(int number, double arrival) => number >= Options.WarmUp.Requests && arrival >= Options.WarmUp.Seconds;

    private double NextEvent()
    {
        double next = NextFromOutside();
        foreach (Replica replica in _replicas)
        {
            next = Math.Min(next, replica.NextSeconds);
        }

        return next;
    }

    /// <summary>When something comes that is not a step's end: a request, or keys and values; infinite when none is known.</summary>
    public double NextFromOutside()
    {
        double next = _source.NextSeconds ?? double.PositiveInfinity;
        return _transfers.TryPeek(out _, out (double Seconds, long Number) transfer) ? Math.Min(next, transfer.Seconds) : next;
    }

    // Until then a replica hears of nothing new. What other replicas finish may bring something, but not before they finish it.
    private double HorizonOf(Replica replica)
    {
        double horizon = NextFromOutside();
        if (_source.Listens || _decodeRouter is not null)
        {
            foreach (Replica other in _replicas)
            {
                horizon = ReferenceEquals(other, replica) ? horizon : Math.Min(horizon, other.NextSeconds);
            }
        }

        return horizon;
    }

    private void EndSteps(double now)
    {
        foreach (Replica replica in _replicas)
        {
            if (replica.NextSeconds <= now)
            {
                replica.Finish();
            }
        }
    }

    private void Deliver(double now)
    {
        while (_transfers.TryPeek(out ServiceRequest? request, out (double Seconds, long Number) transfer) && transfer.Seconds <= now)
        {
            _transfers.Dequeue();
            if (_decodeRouter!.For(request.Arrival).Submit(request, transfer.Seconds) is { } why)
            {
                Refuse(request, transfer.Seconds, why);
            }
        }
    }

    /// <summary>Requests come to a replica one after the other: one that has nothing to do begins with the first.</summary>
    public bool HandsOver => _handOver > 0;

    /// <summary>
    /// Takes in what arrives up to a time; where requests are handed over, up to one that wakes a replica, which begins with it alone.
    /// </summary>
    public void Admit(double now)
    {
        while (_source.NextSeconds is { } seconds && seconds <= now)
        {
            Arrival arrival = _source.Take();
            int number = _outcomes.Count;
            _outcomes.Add(default);
            _beside.Add(0);
            ServiceRequest request = new(arrival, number, IsMeasured(number, arrival.Seconds));
            LastArrivalSeconds = arrival.Seconds;
            Replica replica = _router.For(arrival);
            bool wakes = HandsOver && replica.IsIdle;
            if (replica.Submit(request, arrival.Seconds) is { } why)
            {
                Refuse(request, seconds, why);
            }
            else if (wakes)
            {
                return;
            }
        }
    }

    // Each device sends its own part over a link of its own.
    private double TransferSeconds(int tokens)
    {
        Disaggregation link = Options.Disaggregation!;
        return link.LatencySeconds + ((_plan.KvBytesPerToken ?? 0) * tokens / link.BandwidthBytesPerSecond);
    }
}
