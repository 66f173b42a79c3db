namespace Inferometer.Scheduling;

/// <summary>What a step took. What it gave, the executor has told the chunks: tokens, accepted drafts, ends.</summary>
/// <param name="DurationSeconds">
/// Measured time, or the predicted time on a virtual clock that the executor has advanced; at least 0.
/// </param>
public readonly record struct StepOutcome(double DurationSeconds);
