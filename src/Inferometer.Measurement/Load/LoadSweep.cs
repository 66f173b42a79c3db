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

    /// <summary>Runs the sweep.</summary>
    /// <param name="measure">Measures a load at a rate, requests a second.</param>
    /// <param name="firstRate">The rate to begin with.</param>
    /// <exception cref="InferometerException">Every load failed as a whole; the message is that of the last.</exception>
    public static async Task<LoadSweep> RunAsync(Func<double, Task<LoadResult>> measure, double firstRate)
    {
        ArgumentNullException.ThrowIfNull(measure);
        LoadSweep sweep = new();
        bool keeps = await sweep.AddAsync(measure, firstRate).ConfigureAwait(false);
        double low = keeps ? firstRate : 0, high = keeps ? 0 : firstRate, rate = firstRate;
        for (int i = 0; i < (keeps ? Doublings : Halvings) && (low == 0 || high == 0); i++)
        {
            rate = keeps ? rate * 2 : rate / 2;
            if (await sweep.AddAsync(measure, rate).ConfigureAwait(false))
            {
                low = rate;
            }
            else
            {
                high = rate;
            }
        }

        for (int i = 0; i < Refinements && low > 0 && high > 0; i++)
        {
            rate = Math.Sqrt(low * high);
            if (await sweep.AddAsync(measure, rate).ConfigureAwait(false))
            {
                low = rate;
            }
            else
            {
                high = rate;
            }
        }

        if (sweep._points.Count == 0)
        {
            throw new InferometerException(sweep._failed[^1].Error);
        }

        sweep._points.Sort((a, b) => a.RequestsPerSecond.CompareTo(b.RequestsPerSecond));
        return sweep;
    }

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

    private async Task<bool> AddAsync(Func<double, Task<LoadResult>> measure, double rate)
    {
        LoadResult result;
        try
        {
            result = await measure(rate).ConfigureAwait(false);
        }
        catch (InferometerException error)
        {
            // A service that is overrun may refuse every request: no reason to lose what it did at other rates.
            _failed.Add((rate, error.Message));
            return false;
        }

        LoadPoint point = new(rate, result, KeepsUp(result));
        _points.Add(point);
        return point.KeepsUp;
    }
}
