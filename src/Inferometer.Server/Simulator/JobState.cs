namespace Inferometer.Server.Simulator;

/// <summary>How far a job is.</summary>
internal enum JobState
{
    /// <summary>It waits for others.</summary>
    Queued,

    /// <summary>It runs.</summary>
    Running,

    /// <summary>It has a result.</summary>
    Done,

    /// <summary>It has an error.</summary>
    Failed,

    /// <summary>Nobody wanted it any more.</summary>
    Cancelled,
}
