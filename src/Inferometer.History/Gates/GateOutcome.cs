namespace Inferometer.History.Gates;

/// <summary>What a gate finds of a figure.</summary>
public enum GateOutcome
{
    /// <summary>It is not worse than allowed, or not certainly worse at all.</summary>
    Passed,

    /// <summary>It is worse than allowed, and certainly worse.</summary>
    Failed,

    /// <summary>It is worse than allowed, and nothing says whether that is chance: a run has no spread, or one too wide.</summary>
    Unproven,
}
