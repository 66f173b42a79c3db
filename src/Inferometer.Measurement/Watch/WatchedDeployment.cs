using Inferometer.Core;
using Inferometer.Serving;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Serving;

namespace Inferometer.Measurement.Watch;

/// <summary>
/// Predicts what a deployment does under a load that was observed: as many requests as were seen, at that rate and with those lengths, are
/// simulated several times with different chances. Not thread-safe, as its plan is not.
/// </summary>
public sealed class WatchedDeployment
{
    private const int Runs = 12;
    private const int FewestRequests = 10;
    private const int MostRequests = 500;
    private const int MostLengths = 500;

    private readonly ICostPlan _plan;
    private readonly ServingSimulationOptions _options;
    private readonly double? _tolerance;

    /// <summary>A deployment.</summary>
    /// <param name="plan">What a replica runs on.</param>
    /// <param name="options">How the service is run.</param>
    /// <param name="tolerance">
    /// The share by which an observed latency may be above the predicted one, and as a quotient below it; null = what the cost model knows
    /// of its errors.
    /// </param>
    /// <exception cref="InferometerException">The cost model knows nothing of its errors and nothing else is said.</exception>
    public WatchedDeployment(ICostPlan plan, ServingSimulationOptions options, double? tolerance)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(options);
        (_plan, _options, _tolerance) = (plan, options, tolerance);
        if (tolerance is null && plan.Basis is null)
        {
            throw new InferometerException(
                $"watch: the cost model '{plan.CostModel}' does not say how far it errs on {plan.Request.System.Name}; "
                    + "say what may pass with --tolerance.");
        }
    }

    /// <summary>The model that it predicts for.</summary>
    public string Model => _plan.Request.Architecture.Name;

    /// <summary>What the prediction rests on, one sentence without its full stop.</summary>
    public string RestsOn => _plan.Basis?.RestsOn ?? $"the cost model '{_plan.CostModel}', not fitted to this machine";

    /// <summary>Predicts.</summary>
    /// <param name="load">What was observed.</param>
    /// <param name="fewest">Requests that must have ended before anything is called drift.</param>
    /// <param name="cancellationToken">Ends the simulation.</param>
    /// <returns>Null where nothing came, or the load is not known.</returns>
    public PredictedLoad? Predict(ObservedLoad load, int fewest, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(load);
        if (load is not { RequestsPerSecond: > 0 and { } rate, InputTokens: { } input, OutputTokens: { } output, Requests: { } ended })
        {
            return null;
        }

        int measured = (int)Math.Clamp(ended, FewestRequests, MostRequests);
        int before = (int)Math.Clamp(2 * ((load.Running ?? 0) + (load.Waiting ?? 0)), measured / 5.0, MostRequests);
        double cached = Math.Clamp(load.CachedShare ?? 0, 0, 0.99);
        TrafficOptions traffic = new()
        {
            Process = ArrivalProcess.Parse("poisson", rate, "watch"),
            Input = Lengths(load.InputLengths, input, 1 - cached),
            Output = Lengths(load.OutputLengths, output, 1),
            SharedPrefixTokens = _options.PrefixCaching ? (int)(cached * input) : 0,
            Requests = before + measured,
        };
        ServiceResult[] results =
        [
            .. Enumerable.Range(0, Runs).Select(run => ServingSimulation.Serve(
                new GeneratedArrivals(traffic with { Seed = (ulong)run }), _plan,
                _options with { WarmUp = new WarmUp(before, 0), Seed = (ulong)run }, cancellationToken)),
        ];
        bool overloaded = results.Count(r => r.Overload is not null) > Runs / 2;
        return new PredictedLoad(
            [.. Enum.GetValues<WatchedLatency>().Select(latency => Figure(latency, load, results, ended < fewest, overloaded))],
            results.Average(r => r.Report.Value.MeanRequestsInSystem),
            results.Average(r => r.Load.MeanKvUse),
            overloaded);
    }

    /// <summary>
    /// Lengths with the observed mean: where there are buckets, each bucket's middle as often as it was met, all of them scaled so that
    /// the mean is the observed one.
    /// </summary>
    internal static LengthDistribution Lengths(HistogramReading? seen, double mean, double share)
    {
        double target = Math.Max(1, mean * share);
        if (seen is null || seen.Buckets.Count < 2 || !(seen.Count > 0))
        {
            return LengthDistribution.Fixed((int)Math.Round(target));
        }

        List<double> middles = [];
        double lower = 0, below = 0;
        foreach (HistogramBucket bucket in seen.Buckets)
        {
            double middle = double.IsFinite(bucket.UpTo) ? (lower + bucket.UpTo) / 2 : lower * 1.5;
            int times = (int)Math.Ceiling((bucket.Count - below) / seen.Count * MostLengths);
            middles.AddRange(Enumerable.Repeat(middle, Math.Max(0, times)));
            (lower, below) = (bucket.UpTo, bucket.Count);
        }

        double scale = middles.Count > 0 ? target / middles.Average() : 0;
        return scale > 0
            ? LengthDistribution.Empirical(
                middles.Select(m => (int)Math.Clamp(Math.Round(m * scale), 1, LengthDistribution.MostTokens)))
            : LengthDistribution.Fixed((int)Math.Round(target));
    }

    private WatchedFigure Figure(
        WatchedLatency latency, ObservedLoad load, ServiceResult[] results, bool tooFew, bool overloaded)
    {
        double[] means = [.. results.Select(r => Mean(latency, r)).OfType<double>()];
        double? observed = load.Of(latency)?.MeanSeconds;
        if (means.Length < Runs)
        {
            return new WatchedFigure(latency, observed, null, null, Drift.Unknown);
        }

        Interval? interval = Band(latency) is { } band
            ? new Interval(band.Low * means.Min(), overloaded ? double.PositiveInfinity : band.High * means.Max())
            : null;
        Drift drift = observed is not { } seen || interval is not { } expected || tooFew ? Drift.Unknown
            : seen > expected.High ? Drift.Slower
            : seen < expected.Low ? Drift.Faster : Drift.None;
        return new WatchedFigure(latency, observed, means.Average(), interval, drift);
    }

    private static double? Mean(WatchedLatency latency, ServiceResult result)
    {
        ServingReport report = result.Report.Value;
        return latency switch
        {
            WatchedLatency.TimeToFirstToken => report.TimeToFirstToken?.Mean,
            WatchedLatency.TimePerOutputToken => report.TimePerOutputToken?.Mean,
            WatchedLatency.InterTokenLatency => report.InterTokenLatency?.Mean,
            WatchedLatency.EndToEnd => report.EndToEnd?.Mean,
            WatchedLatency.Prefill => report.TimeToFirstToken?.Mean - report.Queue?.Mean - result.Load.BesideSeconds,
            WatchedLatency.Queue => report.Queue?.Mean,
            _ => throw new ArgumentOutOfRangeException(nameof(latency), latency, null),
        };
    }

    // Of the queue nothing is known: its length goes with how near the load is to what the service can do, and not with its speed alone.
    private Interval? Band(WatchedLatency latency) => latency switch
    {
        WatchedLatency.Queue => null,
        _ when _tolerance is { } share => new Interval(1 / (1 + share), 1 + share),
        WatchedLatency.TimeToFirstToken or WatchedLatency.Prefill => Wide(_plan.Basis!.TimeToFirstToken),
        WatchedLatency.EndToEnd => Wide(_plan.Basis!.EndToEnd),
        _ => Wide(_plan.Basis!.TimePerOutputToken),
    };

    private static Interval Wide(in CalibrationBand band) => EstimateBasis.NineTenths(band, 1);
}
