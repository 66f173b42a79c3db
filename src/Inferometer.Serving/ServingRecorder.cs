using Inferometer.Core;
using Inferometer.Core.Origins;
using Inferometer.Scheduling;

namespace Inferometer.Serving;

/// <summary>
/// Keeps what became of every request: the scheduler's observer in a real engine and in a simulated one (<see cref="Scheduler.Observer"/>).
/// Used on the scheduler's thread; not thread-safe. Its memory is that of the requests under way and of what the options let it keep; per
/// token nothing is allocated once the longest request under way has been seen. Forked sequences (beams) are parts of the request that
/// they were forked from and are not recorded themselves.
/// </summary>
public sealed class ServingRecorder : ISchedulerObserver
{
    private readonly ServingRecorderOptions _options;
    private readonly ServingTotals _totals;
    private readonly Queue<RequestTimeline> _timelines = new();
    private readonly Dictionary<long, Deliveries> _delivering = []; // requests that have tokens: a long queue costs nothing
    private readonly Stack<Deliveries> _spare = new();

    /// <summary>Creates a recorder that has seen nothing.</summary>
    /// <exception cref="InferometerException">An option is out of range.</exception>
    public ServingRecorder(ServingRecorderOptions? options = null)
    {
        _options = options ?? new ServingRecorderOptions();
        _options.Validate();
        _totals = new ServingTotals(_options.MaxSamples ?? int.MaxValue, _options.Slo);
    }

    /// <summary>Timelines of requests that ended, in that order: all of them, or the latest where the options set a limit.</summary>
    public IReadOnlyCollection<RequestTimeline> Timelines => _timelines;

    /// <summary>Requests that were submitted and have not ended.</summary>
    public int UnderWay { get; private set; }

    /// <summary>Steps that ended.</summary>
    public long Steps { get; private set; }

    /// <summary>Sum of the steps' durations, seconds.</summary>
    public double StepSeconds { get; private set; }

    /// <summary>The report of what a real engine did so far.</summary>
    /// <param name="machine">What it ran on.</param>
    /// <param name="takenAt">When.</param>
    public Measured<ServingReport> Measured(string machine, DateTimeOffset takenAt)
    {
        ServingReport report = _totals.Report();
        return new Measured<ServingReport>(report, new MeasurementSource(machine, takenAt, report.Completed));
    }

    /// <summary>The report of what a simulated engine did so far.</summary>
    /// <param name="model">What priced its steps.</param>
    public Predicted<ServingReport> Predicted(string model) => new(_totals.Report(), model);

    /// <inheritdoc/>
    public void OnSubmitted(Sequence sequence)
    {
        ArgumentNullException.ThrowIfNull(sequence);
        UnderWay += sequence.IsFork ? 0 : 1;
    }

    /// <inheritdoc/>
    public void OnRejected(SequenceRequest request, Rejection rejection) => _totals.Rejected++;

    /// <inheritdoc/>
    public void OnTokens(Sequence sequence, int count, double seconds)
    {
        ArgumentNullException.ThrowIfNull(sequence);
        if (!sequence.IsFork)
        {
            DeliveriesOf(sequence).Add(new TokenDelivery(seconds, count));
        }
    }

    /// <inheritdoc/>
    public void OnEnded(Sequence sequence)
    {
        ArgumentNullException.ThrowIfNull(sequence);
        if (sequence.IsFork)
        {
            return;
        }

        UnderWay--;
        _delivering.Remove(sequence.Id, out Deliveries? deliveries);
        ReadOnlySpan<TokenDelivery> tokens = deliveries is null ? [] : deliveries.Span;
        ServingTotals.Request request = new(
            sequence.ArrivalSeconds,
            sequence.AdmittedSeconds,
            sequence.FinishSeconds,
            sequence.FinishReason,
            sequence.PromptTokens,
            sequence.CachedPromptTokens,
            sequence.Preemptions);
        _totals.Add(request, tokens);
        if (_options.MaxTimelines is not 0)
        {
            Keep(sequence, tokens);
        }

        if (deliveries is not null)
        {
            deliveries.Clear();
            _spare.Push(deliveries);
        }
    }

    /// <inheritdoc/>
    public void OnStepEnded(StepPlan plan, StepOutcome outcome)
    {
        Steps++;
        StepSeconds += outcome.DurationSeconds;
    }

    private void Keep(Sequence sequence, ReadOnlySpan<TokenDelivery> deliveries)
    {
        if (_timelines.Count == _options.MaxTimelines)
        {
            _timelines.Dequeue();
        }

        _timelines.Enqueue(new RequestTimeline
        {
            Id = sequence.Id,
            ArrivalSeconds = sequence.ArrivalSeconds,
            AdmittedSeconds = double.IsNaN(sequence.AdmittedSeconds) ? null : sequence.AdmittedSeconds,
            FinishSeconds = sequence.FinishSeconds,
            FinishReason = sequence.FinishReason,
            PromptTokens = sequence.PromptTokens,
            CachedTokens = sequence.CachedPromptTokens,
            Preemptions = sequence.Preemptions,
            Deliveries = deliveries.ToArray(),
        });
    }

    private Deliveries DeliveriesOf(Sequence sequence)
    {
        if (!_delivering.TryGetValue(sequence.Id, out Deliveries? deliveries))
        {
            deliveries = _spare.TryPop(out Deliveries? spare) ? spare : new Deliveries();
            _delivering.Add(sequence.Id, deliveries);
        }

        return deliveries;
    }

    /// <summary>Tokens of a request under way; the storage goes on to another request when it ends.</summary>
    private sealed class Deliveries
    {
        private TokenDelivery[] _items = new TokenDelivery[64];
        private int _count;

        public ReadOnlySpan<TokenDelivery> Span => _items.AsSpan(0, _count);

        public void Add(TokenDelivery delivery)
        {
            if (_count == _items.Length)
            {
                Array.Resize(ref _items, _count * 2);
            }

            _items[_count++] = delivery;
        }

        public void Clear() => _count = 0;
    }
}
