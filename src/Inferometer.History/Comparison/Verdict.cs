namespace Inferometer.History.Comparison;

/// <summary>What can be said of a difference.</summary>
public enum Verdict
{
    /// <summary>Nothing: there is no spread to judge it by.</summary>
    Unknown,

    /// <summary>The values behind both figures would differ so much by chance alone.</summary>
    Same,

    /// <summary>The second run is better.</summary>
    Better,

    /// <summary>The second run is worse.</summary>
    Worse,

    /// <summary>They differ, in a figure that is neither good nor bad.</summary>
    Different,
}
