namespace Inferometer.Scheduling;

/// <summary>Where a sequence is.</summary>
public enum SequenceState
{
    /// <summary>In the queue; holds no blocks.</summary>
    Waiting,

    /// <summary>Admitted; holds blocks.</summary>
    Running,

    /// <summary>Ended; holds no blocks.</summary>
    Finished,
}
