namespace Inferometer.Measurement.Explanation;

/// <summary>What somebody measured of a service under a steady number of users; at least one of the times is there.</summary>
/// <param name="TtftMs">Mean time to first token, milliseconds; null = not measured.</param>
/// <param name="TpotMs">Mean time per output token after the first, milliseconds; null = not measured.</param>
/// <param name="EndToEndMs">Mean time of a whole request, milliseconds; null = not measured.</param>
public sealed record ObservedService(double? TtftMs, double? TpotMs, double? EndToEndMs);
