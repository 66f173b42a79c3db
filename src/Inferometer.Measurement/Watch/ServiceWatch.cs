using Inferometer.Core;

namespace Inferometer.Measurement.Watch;

/// <summary>Reads a service's metrics again and again, predicts what it should do, and tells what happens.</summary>
/// <param name="source">Gives the page of metrics.</param>
/// <param name="name">What the page is of, for errors.</param>
/// <param name="deployment">What the service runs on; null = nothing is predicted.</param>
/// <param name="options">How it is watched.</param>
/// <param name="time">The clock.</param>
public sealed class ServiceWatch(
    Func<CancellationToken, Task<string>> source, string name, WatchedDeployment? deployment, WatchOptions options, TimeProvider time)
{
    private readonly LoadWindow _window = new(options.Window, options.OutputTokens);
    private readonly long _began = time.GetTimestamp();
    private readonly HashSet<WatchedLatency> _drifting = []; // a drift lasts until its latency is seen within its interval
    private readonly Lock _gate = new(); // a look may end while a page is read
    private Task _look = Task.CompletedTask;
    private int _beginnings;
    private WatchState _state = new();

    /// <summary>Runs a look beside the reading of pages, which are read when they are due, however long a prediction takes.</summary>
    internal Func<Action, CancellationToken, Task> Aside { get; init; } = Task.Run;

    /// <summary>How things stand. Any thread may ask.</summary>
    public WatchState State => Volatile.Read(ref _state);

    /// <summary>Watches.</summary>
    /// <param name="duration">For how long; null = until it is told to stop.</param>
    /// <param name="looksOnce">Looks at the window at the end alone, and gives up when a page cannot be read.</param>
    /// <param name="tell">Is told what happens, one after the other.</param>
    /// <param name="cancellationToken">Tells it to stop, which is no error.</param>
    /// <exception cref="InferometerException">
    /// A page could not be read and <paramref name="looksOnce"/> is set, or not one could be until <paramref name="duration"/> was over.
    /// </exception>
    public async Task RunAsync(TimeSpan? duration, bool looksOnce, Action<WatchEvent> tell, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(tell);
        try
        {
            await ReadAsync(duration, looksOnce, tell, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await _look.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return;
        }

        if (State.Scrapes == 0)
        {
            throw new InferometerException($"{name}: not once could the metrics be read: {State.Error}");
        }
    }

    private async Task ReadAsync(TimeSpan? duration, bool looksOnce, Action<WatchEvent> tell, CancellationToken cancellationToken)
    {
        TimeSpan due = TimeSpan.Zero;
        while (true)
        {
            // A wait may end a moment early: the page that is due at the end is the last one all the same.
            bool isLast = duration is { } span && (due >= span || time.GetElapsedTime(_began) >= span);
            await TurnAsync(isLast, looksOnce, tell, cancellationToken).ConfigureAwait(false);
            if (isLast)
            {
                await _look.ConfigureAwait(false);
                return;
            }

            // From the beginning, so that what a turn takes does not make the next ones later; those that it went past are left out.
            TimeSpan now = time.GetElapsedTime(_began);
            due += options.Interval;
            due = due < now ? Math.Ceiling(now / options.Interval) * options.Interval : due;
            due = duration is { } end && end < due ? end : due;
            TimeSpan wait = due - now;
            await Task.Delay(wait > TimeSpan.Zero ? wait : TimeSpan.FromMilliseconds(1), time, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task TurnAsync(bool isLast, bool looksOnce, Action<WatchEvent> tell, CancellationToken cancellationToken)
    {
        Scrape page;
        try
        {
            TimeSpan at = time.GetElapsedTime(_began);
            string text = await source(cancellationToken).ConfigureAwait(false);
            page = Scrape.Read(text, at, options.Model, name);
        }
        catch (InferometerException error) when (!looksOnce)
        {
            Fail(error.Message, tell);
            return;
        }

        Note(page, tell);
        if (_window.IsOpen && (isLast || (!looksOnce && _look.IsCompleted)))
        {
            await _look.ConfigureAwait(false);
            ObservedLoad load = _window.Observe();
            int beginning = _beginnings;
            _look = Aside(() => Look(load, beginning, tell, cancellationToken), cancellationToken);
        }
    }

    private void Note(Scrape page, Action<WatchEvent> tell)
    {
        using Lock.Scope held = _gate.EnterScope();
        bool wasLost = State is { IsUp: false, Failures: > 0 };
        bool isRestarted = _window.Add(page);
        _beginnings += isRestarted ? 1 : 0;
        Set(State with
        {
            IsUp = true,
            Error = null,
            LostSince = null,
            Models = page.Models,
            IsOutdated = State.IsOutdated || isRestarted,
            Scrapes = State.Scrapes + 1,
            Restarts = State.Restarts + (isRestarted ? 1 : 0),
        });
        if (wasLost)
        {
            Tell(WatchEventKind.Returned, tell);
        }

        if (isRestarted)
        {
            Tell(WatchEventKind.Restarted, tell);
        }
    }

    private void Look(ObservedLoad load, int beginning, Action<WatchEvent> tell, CancellationToken cancellationToken)
    {
        PredictedLoad? predicted = deployment?.Predict(load, options.FewestRequests, cancellationToken);
        using Lock.Scope held = _gate.EnterScope();
        WatchState state = State with { Load = load, Predicted = predicted, IsOutdated = beginning != _beginnings };
        WatchedFigure[] began = [.. state.Drifting.Where(f => _drifting.Add(f.Latency))];
        WatchedFigure[] ended = [.. predicted?.Figures.Where(f => f.Drift is Drift.None && _drifting.Remove(f.Latency)) ?? []];
        Set(state with { Alerts = [.. state.Alerts.Select((n, i) => n + began.Count(f => (int)f.Latency == i))] });
        Tell(WatchEventKind.Looked, tell);
        foreach (WatchedFigure figure in began)
        {
            Tell(WatchEventKind.DriftBegan, tell, figure);
        }

        foreach (WatchedFigure figure in ended)
        {
            Tell(WatchEventKind.DriftEnded, tell, figure);
        }
    }

    // What was seen before stays, as it was: that the service is away ends no drift.
    private void Fail(string error, Action<WatchEvent> tell)
    {
        using Lock.Scope held = _gate.EnterScope();
        bool isNew = State.IsUp || State.Failures == 0;
        _window.Clear();
        _beginnings++;
        Set(State with
        {
            IsUp = false,
            Error = error,
            Failures = State.Failures + 1,
            LostSince = State.LostSince ?? time.GetUtcNow(),
            IsOutdated = true,
        });
        if (isNew)
        {
            Tell(WatchEventKind.Lost, tell);
        }
    }

    private void Set(WatchState state) => Volatile.Write(ref _state, state);

    private void Tell(WatchEventKind kind, Action<WatchEvent> tell, WatchedFigure? figure = null) =>
        tell(new WatchEvent(time.GetUtcNow(), kind, State, figure));
}
