namespace Inferometer.Measurement.Watch;

/// <summary>A latency as a service's metrics show it.</summary>
/// <param name="Latency">Which.</param>
/// <param name="MeanSeconds">Its mean.</param>
/// <param name="Count">Values that the mean is of.</param>
public sealed record ObservedLatency(WatchedLatency Latency, double MeanSeconds, double Count);
