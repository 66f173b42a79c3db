namespace Inferometer.Scheduling;

/// <summary>When waiting requests join the running ones.</summary>
public enum BatchingMode
{
    /// <summary>At every step, as soon as there is room.</summary>
    Continuous,

    /// <summary>Only when every request of the last batch has finished; kept for comparison.</summary>
    Static,

    /// <summary>One request at a time.</summary>
    Off,
}
