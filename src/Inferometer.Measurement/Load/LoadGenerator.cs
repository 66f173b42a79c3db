using System.Globalization;
using System.Runtime.InteropServices;
using Inferometer.Core;
using Inferometer.Core.Origins;
using Inferometer.Measurement.Energy;
using Inferometer.Scheduling;
using Inferometer.Serving;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Serving;

namespace Inferometer.Measurement.Load;

/// <summary>
/// Puts a load on a service in real time: sends each request when it is due, whatever became of those before (open loop), or when its user
/// was answered (closed loop), as the source of arrivals says. The same sources drive <see cref="Simulation.Serving.ServingSimulation"/>.
/// </summary>
/// <param name="target">The service.</param>
/// <param name="options">How it is measured.</param>
public sealed class LoadGenerator(ILoadTarget target, LoadOptions options)
{
    // A wait that something can end ends up to this much late; the rest of the time is slept through to the microsecond.
    private static readonly TimeSpan Oversleep = TimeSpan.FromMilliseconds(1.5);

    private readonly Lock _lock = new();
    private readonly AutoResetEvent _answered = new(false);
    private readonly List<Sent> _sent = [];
    private int _underWay;
    private long _answers;

    /// <summary>Runs the load to its end.</summary>
    /// <param name="source">What is asked and when; used up.</param>
    /// <param name="cancellationToken">Gives up all requests under way.</param>
    /// <exception cref="InferometerException">Every request failed; the message says how.</exception>
    /// <exception cref="OperationCanceledException">It was given up, or stopped before anything was answered.</exception>
    public async Task<LoadResult> RunAsync(IArrivalSource source, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        DateTimeOffset began = DateTimeOffset.UtcNow;
        Func<MeasuredEnergy?>? taken = options.Energy?.Begin();
        LoadClock clock = new();
        using CancellationTokenSource ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, options.Stop);

        // A thread of its own: what is due must not wait for a free one.
        await Task.Factory.StartNew(
            () => Send(source, clock, ending.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default)
            .ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return Result(began, taken?.Invoke(), options.Stop.IsCancellationRequested && IsCutShort(source));
    }

    // Requests that were given up tell nothing of the service: they are left out.
    private bool IsCutShort(IArrivalSource source)
    {
        int givenUp = _sent.RemoveAll(s => s.Answer!.FinishReason == FinishReason.Cancelled);
        return _sent.Count > 0 ? givenUp > 0 || source.NextSeconds is not null : throw new OperationCanceledException(options.Stop);
    }

    private void Send(IArrivalSource source, LoadClock clock, CancellationToken cancellationToken)
    {
        ShortSleep.MakeExact();
        while (!cancellationToken.IsCancellationRequested)
        {
            Sent sent;
            lock (_lock)
            {
                double? next = source.NextSeconds;
                if (next is null && _underWay == 0)
                {
                    return;
                }

                double wait = (next ?? double.PositiveInfinity) - clock.Seconds;
                if (wait > 0)
                {
                    sent = default;
                }
                else
                {
                    Arrival arrival = source.Take();
                    sent = new Sent(arrival, clock.Seconds, _sent.Count, null);
                    _sent.Add(sent);
                    _underWay++;
                }
            }

            if (sent.Arrival is not null)
            {
                _ = Task.Run(() => AskAsync(source, sent, clock, cancellationToken), CancellationToken.None);
                continue;
            }

            Wait(source, clock, cancellationToken);
        }

        // What is under way ends by the token; nobody may write to the list after it is read.
        while (true)
        {
            lock (_lock)
            {
                if (_underWay == 0)
                {
                    return;
                }
            }

            _answered.WaitOne(TimeSpan.FromMilliseconds(50));
        }
    }

    // Until the next request is due, or an answer may have brought one.
    private void Wait(IArrivalSource source, LoadClock clock, CancellationToken cancellationToken)
    {
        double? next;
        lock (_lock)
        {
            next = source.NextSeconds;
        }

        TimeSpan wait = next is { } due ? TimeSpan.FromSeconds(Math.Clamp(due - clock.Seconds, 0, 0.1)) : TimeSpan.FromSeconds(0.1);
        if (wait > Oversleep)
        {
            TimeSpan asleep = wait - Oversleep;
            if (source.Listens)
            {
                _answered.WaitOne(asleep);
            }
            else
            {
                cancellationToken.WaitHandle.WaitOne(asleep);
            }

            return;
        }

        while (next is { } at && at - clock.Seconds is > 0 and var left)
        {
            ShortSleep.For(TimeSpan.FromSeconds(left));
        }
    }

    private async Task AskAsync(IArrivalSource source, Sent sent, LoadClock clock, CancellationToken cancellationToken)
    {
        LoadAnswer answer;
        using (CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken))
        {
            limit.CancelAfter(options.Timeout);
            try
            {
                answer = await target.AskAsync(new LoadQuestion(sent.Index, sent.Arrival), clock, limit.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                answer = Failed(clock, FinishReason.Deadline, $"no complete answer within {options.Timeout.TotalSeconds:0.#######} s");
            }
            catch (OperationCanceledException)
            {
                answer = Failed(clock, FinishReason.Cancelled, "given up");
            }
            catch (InferometerException error)
            {
                answer = Failed(clock, FinishReason.Error, error.Message);
            }
        }

        lock (_lock)
        {
            _sent[(int)sent.Index] = sent with { Answer = answer };
            source.Answered(sent.Arrival, answer.EndSeconds, answer.Error is not null);
            _underWay--;
        }

        _answered.Set();
        options.Progress?.Invoke(Interlocked.Increment(ref _answers));
    }

    private static LoadAnswer Failed(LoadClock clock, FinishReason reason, string error) =>
        new() { EndSeconds = clock.Seconds, FinishReason = reason, Error = error };

    private LoadResult Result(DateTimeOffset began, MeasuredEnergy? energy, bool isEarly)
    {
        // An answer can bring a question that was due before one that was sent meanwhile.
        Sent[] all = [.. _sent.OrderBy(s => s.Arrival.Seconds).ThenBy(s => s.Index)];
        (string Error, int Count)[] errors =
        [
            .. all.Select(s => s.Answer!.Error).OfType<string>().GroupBy(e => e, StringComparer.Ordinal)
                .OrderByDescending(g => g.Count()).ThenBy(g => g.Key, StringComparer.Ordinal).Select(g => (g.Key, g.Count())),
        ];
        if (all.Length > 0 && all.All(s => s.Answer!.Error is not null))
        {
            throw new InferometerException($"{target.Name}: all {all.Length} requests failed: {errors[0].Error}");
        }

        RequestTimeline[] timelines = [.. all.Select(Timeline)];
        WarmUp warmUp = options.WarmUp;
        RequestTimeline[] measured = Behind(warmUp);
        if (isEarly && measured.Length == 0)
        {
            // What was to warm the service up is all there is.
            warmUp = WarmUp.None;
            measured = timelines;
        }

        double[] late = [.. all.Select(s => Math.Max(0, s.SentSeconds - s.Arrival.Seconds))];
        return new LoadResult
        {
            Report = new Measured<ServingReport>(
                ServingReport.Of(measured, options.Slo), new MeasurementSource(target.Name, began, measured.Length)),
            Timelines = timelines,
            Asked = new ArrivalTrace(
                all.Select((s, i) => (s, t: timelines[i])).Where(x => x.t.IsCompleted)
                    .Select(x => x.s.Arrival with
                    {
                        InputTokens = x.t.PromptTokens,
                        OutputTokens = x.t.OutputTokens,
                        Segments = Fitted(x.s, x.t),
                    }),
                "measured requests"),
            WarmUp = warmUp,
            IsStoppedEarly = isEarly,
            Energy = energy,
            EnergyRefusal = options.Energy?.Refusal,
            Errors = errors,
            Notes = Notes([.. all.Select(s => s.Answer!).Where(a => a.Error is null)]),
            Lateness = MetricSummary.Of(late) ?? throw new InferometerException("load: there was nothing to ask."),
        };

        RequestTimeline[] Behind(WarmUp begin) =>
            [.. timelines.Where((t, i) => i >= begin.Requests && t.ArrivalSeconds >= begin.Seconds)];
    }

    // Of complete answers, those of the warm-up included: what they are counted by is the service's way.
    private static string[] Notes(LoadAnswer[] answers)
    {
        int all = answers.Length, uncounted = answers.Count(a => !a.HasUsage);
        int[] missing = [.. answers.Select(a => a.MissingTokens).Where(n => n > 0)];
        List<string> notes = [];
        if (uncounted > 0)
        {
            notes.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"The service reported no usage with {uncounted:#,0} of {all:#,0} answers: there every piece of text is counted as "
                    + $"a token, however many it stands for, and prompt tokens are what was asked for."));
        }

        if (missing.Length > 0)
        {
            notes.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"{missing.Length:#,0} of {all:#,0} answers ended earlier than asked for, by {missing.Average():#,0.#} tokens on average: "
                    + $"the service does not heed ignore_eos, or has a limit of its own."));
        }

        return [.. notes];
    }

    // Stretches of a prompt that is shorter than was asked for are cut; what is longer is like nothing else.
    private static PromptSegment[] Fitted(Sent sent, RequestTimeline timeline)
    {
        List<PromptSegment> fitted = [];
        int left = timeline.PromptTokens;
        foreach (PromptSegment segment in sent.Arrival.Segments.Span)
        {
            if (left > 0)
            {
                fitted.Add(segment with { Tokens = Math.Min(left, segment.Tokens) });
                left -= fitted[^1].Tokens;
            }
        }

        return [.. fitted];
    }

    private static RequestTimeline Timeline(Sent sent)
    {
        LoadAnswer answer = sent.Answer!;
        return new RequestTimeline
        {
            Id = sent.Index,
            ArrivalSeconds = sent.Arrival.Seconds,
            FinishSeconds = answer.EndSeconds,
            FinishReason = answer.FinishReason,
            PromptTokens = answer.PromptTokens > 0 ? answer.PromptTokens : sent.Arrival.InputTokens,
            CachedTokens = answer.CachedTokens,
            Deliveries = answer.Deliveries,
        };
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Sent(Arrival Arrival, double SentSeconds, long Index, LoadAnswer? Answer);
}
