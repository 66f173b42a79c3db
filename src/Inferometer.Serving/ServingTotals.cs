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
        foreach (TokenDelivery delivery in deliveries)
        {
            tokens += delivery.Tokens;
        }

        _finishedBy[(int)request.Reason]++;
        _firstArrival = Math.Min(_firstArrival, request.Arrival);
        _lastFinish = Math.Max(_lastFinish, request.Finish);
        _secondsInSystem += request.Finish - request.Arrival;
        _preemptions += request.Preemptions;
        if (request.Reason is not (FinishReason.Length or FinishReason.Stop))
        {
            _wastedTokens += tokens;
            return;
        }

        _promptTokens += request.PromptTokens;
        _cachedTokens += request.CachedTokens;
        _outputTokens += tokens;
        if (!double.IsNaN(request.Admitted))
        {
            _queue.Add(request.Admitted - request.Arrival);
        }

        if (tokens > 0)
        {
            AddLatencies(request.Arrival, deliveries, tokens);
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
            InterTokenLatency = _gaps.Summarize(),
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

    private void AddLatencies(double arrival, ReadOnlySpan<TokenDelivery> deliveries, int tokens)
    {
        double first = deliveries[0].Seconds - arrival;
        double endToEnd = deliveries[^1].Seconds - arrival;
        double perToken = tokens < 2 ? double.NaN : (deliveries[^1].Seconds - deliveries[0].Seconds) / (tokens - 1);
        double longest = double.NaN;
        for (int i = 1; i < deliveries.Length; i++)
        {
            double gap = deliveries[i].Seconds - deliveries[i - 1].Seconds;
            _gaps.Add(gap);
            longest = longest >= gap ? longest : gap;
        }

        _firstToken.Add(first);
        _endToEnd.Add(endToEnd);
        if (tokens > 1)
        {
            _perToken.Add(perToken);
        }

        if (slo?.IsKeptBy(first, perToken, longest, endToEnd) == true)
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
