using Inferometer.Serving;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Serving;

namespace Inferometer.Planning.Trials;

/// <summary>
/// What came out of a simulation, before it is held against any level: the times of the measured requests. Thread-safe.
/// </summary>
internal sealed class ServedRequests
{
    private readonly double[] _first;
    private readonly double[] _each;
    private readonly double[] _gap;
    private readonly double[] _whole;
    private readonly Lazy<double[]>[] _sorted;

    /// <summary>Takes the times of a simulation.</summary>
    /// <param name="result">The simulation.</param>
    /// <param name="warm">Requests at its begin that are not measured.</param>
    /// <param name="basis">What the times rest on.</param>
    public ServedRequests(ServiceResult result, int warm, EstimateBasis? basis)
    {
        (Result, Basis) = (result with { Outcomes = [], OverTime = [] }, basis);
        RequestOutcome[] done = [.. result.Outcomes.Skip(warm).Where(o => o.OutputTokens > 0)];
        _first = [.. done.Select(o => o.FirstTokenSeconds - o.ArrivalSeconds)];
        _each = [.. done.Select(o => (o.LastTokenSeconds - o.FirstTokenSeconds) / (o.OutputTokens - 1))];
        _gap = [.. done.Select(o => o.LongestGapSeconds)];
        _whole = [.. done.Select(o => o.LastTokenSeconds - o.ArrivalSeconds)];
        _sorted = [.. new[] { _first, _each, _gap, _whole }.Select(t => new Lazy<double[]>(() => [.. t.Where(double.IsFinite).Order()]))];
    }

    /// <summary>The simulation without its requests.</summary>
    public ServiceResult Result { get; }

    /// <summary>What the times rest on; null = the cost model does not say.</summary>
    public EstimateBasis? Basis { get; }

    /// <summary>Measured requests that were answered.</summary>
    public int Count => _first.Length;

    /// <summary>The times of a metric that there are, seconds, least first.</summary>
    public double[] Sorted(LatencyMetric metric) => _sorted[PlaceOf(metric)].Value;

    /// <summary>Share of the requests that keep every limit.</summary>
    public double Attainment(IReadOnlyList<SloLimit> limits)
    {
        int kept = 0;
        for (int i = 0; i < Count; i++)
        {
            bool keeps = true;
            foreach (SloLimit limit in limits)
            {
                keeps &= !(TimesOf(limit.Metric)[i] > limit.Seconds); // what a request does not have keeps any limit
            }

            kept += keeps ? 1 : 0;
        }

        return Count == 0 ? 0 : (double)kept / Count;
    }

    private double[] TimesOf(LatencyMetric metric) => PlaceOf(metric) switch
    {
        0 => _first,
        1 => _each,
        2 => _gap,
        _ => _whole,
    };

    private static int PlaceOf(LatencyMetric metric) => metric switch
    {
        LatencyMetric.TimeToFirstToken => 0,
        LatencyMetric.TimePerOutputToken => 1,
        LatencyMetric.InterTokenLatency => 2,
        _ => 3,
    };
}
