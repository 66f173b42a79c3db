namespace Inferometer.Measurement.Watch;

/// <summary>Something that happened to a service that is watched.</summary>
/// <param name="At">When.</param>
/// <param name="Kind">What.</param>
/// <param name="State">How things stand after it.</param>
/// <param name="Figure">The latency it is about; null = none.</param>
public sealed record WatchEvent(DateTimeOffset At, WatchEventKind Kind, WatchState State, WatchedFigure? Figure = null);
