using Inferometer.Core;

namespace Inferometer.Measurement.Load;

/// <summary>
/// Finds the highest rate that a service keeps up with: doubles a rate until it no longer does, or halves it until it does, and then closes
/// in between the last two by halving their ratio.
/// </summary>
public sealed class LoadSweep
{
    // 2^12 above and 2^-6 below the first rate; four halvings of a factor of two leave 4.4 %.
    private const int Doublings = 12;
    private const int Halvings = 6;
    private const int Refinements = 4;

    // Requests of the second half that may be left over before the service counts as falling behind.
    private const double Backlog = 0.05;
    private const double Attainment = 0.9;

    private readonly List<LoadPoint> _points = [];
    private readonly List<(double RequestsPerSecond, string Error)> _failed = [];

    private LoadSweep()
    {
    }

    /// <summary>What was measured, by rising rate.</summary>
    public IReadOnlyList<LoadPoint> Points => _points;

    /// <summary>Rates at which every request failed, with how, in the order in which they were tried.</summary>
    public IReadOnlyList<(double RequestsPerSecond, string Error)> Failed => _failed;

    /// <summary>The highest rate that the service kept up with; null = not even the lowest.</summary>
    public LoadPoint? Knee => _points.LastOrDefault(p => p.KeepsUp);

    /// <summary>The rate that was under way when the sweep was stopped, requests a second; null = it ran to its end.</summary>
    public double? StoppedAt { get; private set; }

    /// <summary>
    /// What was answered at <see cref="StoppedAt"/> until then: of a load that was cut short, so that whether the service keeps up with it
    /// is not known. Null where nothing was.
    /// </summary>
    public LoadResult? CutShort { get; private set; }

    /// <summary>The highest rate of those that bound the knee that was kept up with, requests a second; null = none yet.</summary>
    public double? Above { get; private set; }

    /// <summary>The lowest that was not kept up with, requests a second; null = none yet.</summary>
    public double? Below { get; private set; }

    /// <summary>Runs the sweep.</summary>
    /// <param name="measure">Measures a load at a rate, requests a second.</param>
    /// <param name="firstRate">The rate to begin with.</param>
    /// <param name="stop">
    /// Ends the sweep early: the load under way is to end by it too (<see cref="LoadOptions.Stop"/>), and what was measured is the result.
    /// </param>
    /// <exception cref="InferometerException">Every load failed as a whole; the message is that of the last.</exception>
    /// <exception cref="OperationCanceledException">It was stopped before anything was answered.</exception>
    public static async Task<LoadSweep> RunAsync(
        Func<double, Task<LoadResult>> measure, double firstRate, CancellationToken stop = default)
    {
        ArgumentNullException.ThrowIfNull(measure);
        LoadSweep sweep = new();
        await sweep.TryAsync(measure, firstRate, stop).ConfigureAwait(false);
        bool rises = sweep.Above is not null;
        double rate = firstRate;
        for (int i = 0; i < (rises ? Doublings : Halvings) && !sweep.IsOver && (sweep.Above is null || sweep.Below is null); i++)
        {
            rate = rises ? rate * 2 : rate / 2;
            await sweep.TryAsync(measure, rate, stop).ConfigureAwait(false);
        }

        for (int i = 0; i < Refinements && !sweep.IsOver && sweep is { Above: { } low, Below: { } high }; i++)
        {
            await sweep.TryAsync(measure, Math.Sqrt(low * high), stop).ConfigureAwait(false);
        }

        if (sweep._points.Count == 0 && sweep.CutShort is null)
        {
            throw sweep.IsOver ? new OperationCanceledException(stop) : new InferometerException(sweep._failed[^1].Error);
        }

        sweep._points.Sort((a, b) => a.RequestsPerSecond.CompareTo(b.RequestsPerSecond));
        return sweep;
    }

    private bool IsOver => StoppedAt is not null;

    /// <summary>
    /// Whether a service kept up: every request was answered; with a service level nine in ten kept it; and of the requests of the second
    /// half no more than a twentieth were left over when the last one came, beside as many as were under way halfway.
    /// </summary>
    /// <param name="result">What was measured.</param>
    public static bool KeepsUp(LoadResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        if (result.Errors.Count > 0 || result.Report.Value.Goodput is { } goodput && goodput.Attainment < Attainment)
        {
            return false;
        }

        int half = result.Timelines.Count / 2;
        int halfway = UnderWay(result, half), atEnd = UnderWay(result, result.Timelines.Count - 1);
        return atEnd - halfway <= Math.Max(1, Backlog * (result.Timelines.Count - half));
    }

    // Requests that came before that one and were not yet answered when it came.
    private static int UnderWay(LoadResult result, int index) =>
        result.Timelines.Take(index).Count(t => t.FinishSeconds > result.Timelines[index].ArrivalSeconds);

    private async Task TryAsync(Func<double, Task<LoadResult>> measure, double rate, CancellationToken stop)
    {
        bool keepsUp = false;
        try
        {
            LoadResult result = await measure(rate).ConfigureAwait(false);
            if (result.IsStoppedEarly)
            {
                (StoppedAt, CutShort) = (rate, result);
                return;
            }

            keepsUp = KeepsUp(result);
            _points.Add(new LoadPoint(rate, result, keepsUp));
        }
        catch (InferometerException error)
        {
            // A service that is overrun may refuse every request: no reason to lose what it did at other rates.
            _failed.Add((rate, error.Message));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            StoppedAt = rate;
            return;
        }

        if (keepsUp)
        {
            Above = rate;
        }
        else
        {
            Below = rate;
        }
    }
}
