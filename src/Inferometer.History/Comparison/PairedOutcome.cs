namespace Inferometer.History.Comparison;

/// <summary>What rounds by turns have decided.</summary>
public enum PairedOutcome
{
    /// <summary>One is better.</summary>
    Differ,

    /// <summary>They differ by no more than what does not matter.</summary>
    Alike,

    /// <summary>All rounds were run, and it is neither.</summary>
    Undecided,
}
