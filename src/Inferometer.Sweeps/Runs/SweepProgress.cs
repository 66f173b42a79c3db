namespace Inferometer.Sweeps.Runs;

/// <summary>How far a sweep has come.</summary>
/// <param name="Points">Points in all.</param>
/// <param name="Done">Points that are done, those of earlier runs included.</param>
/// <param name="DoneHere">Those that this run did.</param>
/// <param name="Seconds">Time that this run has taken.</param>
/// <param name="Detail">What is at work, in words; may be empty.</param>
public sealed record SweepProgress(long Points, long Done, long DoneHere, double Seconds, string Detail)
{
    /// <summary>Points a second of this run; 0 where it has done none.</summary>
    public double PointsPerSecond => Seconds > 0 ? DoneHere / Seconds : 0;

    /// <summary>Time that the rest takes at this rate, seconds; null where there is none yet.</summary>
    public double? RemainingSeconds => PointsPerSecond > 0 ? (Points - Done) / PointsPerSecond : null;
}
