namespace Inferometer.Measurement.Watch;

/// <summary>What a serving program calls a metric.</summary>
/// <param name="Name">The name, as its page has it; of a histogram without <c>_sum</c> and the like.</param>
/// <param name="Versions">Versions that call it so, in words; null = all that the file is of.</param>
public sealed record WatchedName(string Name, string? Versions);
