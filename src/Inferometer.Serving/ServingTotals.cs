using System.Runtime.InteropServices;
using Inferometer.Scheduling;

namespace Inferometer.Serving;

/// <summary>Adds requests up as they end. Allocates nothing per request once its sample sets have their size.</summary>
internal sealed class ServingTotals(int maxSamples, Slo? slo)
{
    private readonly long[] _finishedBy = new long[Enum.GetValues<FinishReason>().Length];
    private readonly SampleSet _firstToken = new(maxSamples);
    private readonly SampleSet _perToken = new(maxSamples);
    private readonly SampleSet _gaps = new(maxSamples);
    private readonly SampleSet _endToEnd = new(maxSamples);
    private readonly SampleSet _queue = new(maxSamples);
    private double _firstArrival = double.PositiveInfinity;
    private double _lastFinish = double.NegativeInfinity;
    private double _secondsInSystem;
    private long _promptTokens;
    private long _cachedTokens;
    private long _outputTokens;
    private long _wastedTokens;
    private long _preemptions;
    private long _good;
    private long _goodTokens;

    public long Rejected { get; set; }

    /// <summary>Gaps where they are counted apart from requests; null = they are taken from deliveries.</summary>
    public GapHistogram? Gaps { get; init; }

    public void Add(RequestTimeline timeline, ReadOnlySpan<TokenDelivery> deliveries) =>
        Add(
            new Request(
                timeline.ArrivalSeconds,
                timeline.AdmittedSeconds ?? double.NaN,
                timeline.FinishSeconds,
                timeline.FinishReason,
                timeline.PromptTokens,
                timeline.CachedTokens,
                timeline.Preemptions),
            deliveries);

    public void Add(Request request, ReadOnlySpan<TokenDelivery> deliveries)
    {
        int tokens = 0;
        double longest = double.NaN;
        for (int i = 0; i < deliveries.Length; i++)
        {
            tokens += deliveries[i].Tokens;
        }

        bool counts = request.Reason is FinishReason.Length or FinishReason.Stop;
        for (int i = 1; i < deliveries.Length && counts; i++)
        {
            double gap = deliveries[i].Seconds - deliveries[i - 1].Seconds;
            _gaps.Add(gap);
            longest = longest >= gap ? longest : gap;
        }

        Add(new RequestOutcome
        {
            ArrivalSeconds = request.Arrival,
            AdmittedSeconds = request.Admitted,
            FirstTokenSeconds = deliveries.IsEmpty ? double.NaN : deliveries[0].Seconds,
            LastTokenSeconds = deliveries.IsEmpty ? double.NaN : deliveries[^1].Seconds,
            LongestGapSeconds = longest,
            FinishSeconds = request.Finish,
            FinishReason = request.Reason,
            PromptTokens = request.PromptTokens,
            CachedTokens = request.CachedTokens,
            OutputTokens = tokens,
            Preemptions = request.Preemptions,
        });
    }

    public void Add(in RequestOutcome request)
    {
        int tokens = request.OutputTokens;
        _finishedBy[(int)request.FinishReason]++;
        _firstArrival = Math.Min(_firstArrival, request.ArrivalSeconds);
        _lastFinish = Math.Max(_lastFinish, request.FinishSeconds);
        _secondsInSystem += request.FinishSeconds - request.ArrivalSeconds;
        _preemptions += request.Preemptions;
        if (request.FinishReason is not (FinishReason.Length or FinishReason.Stop))
        {
            _wastedTokens += tokens;
            return;
        }

        _promptTokens += request.PromptTokens;
        _cachedTokens += request.CachedTokens;
        _outputTokens += tokens;
        if (!double.IsNaN(request.AdmittedSeconds))
        {
            _queue.Add(request.QueueSeconds);
        }

        if (tokens > 0)
        {
            AddLatencies(request);
        }
    }

    public ServingReport Report()
    {
        long finished = _finishedBy.Sum();
        double duration = finished == 0 ? 0 : _lastFinish - _firstArrival;
        return new ServingReport
        {
            FinishedBy = _finishedBy.Index().Where(f => f.Item > 0).ToDictionary(f => (FinishReason)f.Index, f => f.Item),
            Rejected = Rejected,
            Completed = _finishedBy[(int)FinishReason.Length] + _finishedBy[(int)FinishReason.Stop],
            DurationSeconds = duration,
            PromptTokens = _promptTokens,
            CachedTokens = _cachedTokens,
            OutputTokens = _outputTokens,
            WastedTokens = _wastedTokens,
            Preemptions = _preemptions,
            MeanRequestsInSystem = duration > 0 ? _secondsInSystem / duration : 0,
            TimeToFirstToken = _firstToken.Summarize(),
            TimePerOutputToken = _perToken.Summarize(),
            InterTokenLatency = Gaps is null ? _gaps.Summarize() : Gaps.Summarize(),
            EndToEnd = _endToEnd.Summarize(),
            Queue = _queue.Summarize(),
            Goodput = slo is null ? null : new Goodput
            {
                Slo = slo,
                Requests = _good,
                Attainment = finished + Rejected == 0 ? 1 : (double)_good / (finished + Rejected),
                RequestsPerSecond = duration > 0 ? _good / duration : 0,
                OutputTokensPerSecond = duration > 0 ? _goodTokens / duration : 0,
            },
        };
    }

    private void AddLatencies(in RequestOutcome request)
    {
        int tokens = request.OutputTokens;
        double first = request.FirstTokenSeconds - request.ArrivalSeconds;
        double endToEnd = request.LastTokenSeconds - request.ArrivalSeconds;
        double perToken = tokens < 2 ? double.NaN : (request.LastTokenSeconds - request.FirstTokenSeconds) / (tokens - 1);
        _firstToken.Add(first);
        _endToEnd.Add(endToEnd);
        if (tokens > 1)
        {
            _perToken.Add(perToken);
        }

        if (slo?.IsKeptBy(first, perToken, request.LongestGapSeconds, endToEnd) == true)
        {
            _good++;
            _goodTokens += tokens;
        }
    }

    /// <summary>What is added of a request beside its tokens; seconds, NaN when it was never admitted.</summary>
    [StructLayout(LayoutKind.Auto)]
    internal readonly record struct Request(
        double Arrival, double Admitted, double Finish, FinishReason Reason, int PromptTokens, int CachedTokens, int Preemptions);
}
