using Inferometer.Simulation.Costs;

namespace Inferometer.Measurement.Watch;

/// <summary>A latency observed beside the one predicted for the same load.</summary>
/// <param name="Latency">Which.</param>
/// <param name="ObservedSeconds">Mean observed; null = the service does not show it, or nothing ended.</param>
/// <param name="PredictedSeconds">Mean predicted; null = nothing is predicted.</param>
/// <param name="Interval">
/// Where the observed mean is expected, seconds: what the cost model knows of its errors, and what chance does to as many requests.
/// </param>
/// <param name="Drift">How the two lie to each other.</param>
public sealed record WatchedFigure(
    WatchedLatency Latency, double? ObservedSeconds, double? PredictedSeconds, Interval? Interval, Drift Drift);
