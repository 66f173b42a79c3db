namespace Inferometer.Server.Simulator;

/// <summary>What one client, and all of them, may take of the simulator: it shares the machine with the model that is served.</summary>
internal static class SimulatorLimits
{
    /// <summary>Longest body of a request, bytes: a comparison's longest lists take a tenth of it.</summary>
    public const long BodyBytes = 64 << 10;

    /// <summary>Estimates of one comparison.</summary>
    public const int Combinations = 2000;

    /// <summary>Requests of one simulated service.</summary>
    public const int Requests = 200_000;

    /// <summary>Users of one simulated service.</summary>
    public const int Users = 20_000;

    /// <summary>Replicas of one simulated service.</summary>
    public const int Replicas = 256;

    /// <summary>Users that a plan may be made for.</summary>
    public const int PlannedUsers = 1_000_000;

    /// <summary>Values of one axis of a plan's search.</summary>
    public const int Values = 64;

    /// <summary>Longest body of a table to validate, bytes: some ten thousand rows.</summary>
    public const long TableBytes = 4 << 20;

    /// <summary>Jobs that run at once.</summary>
    public const int Running = 2;

    /// <summary>Jobs that wait or run; further ones are refused with status 429.</summary>
    public const int Pending = 32;

    /// <summary>Jobs that are kept, those that ended included; the oldest of these make room.</summary>
    public const int Kept = 128;

    /// <summary>Longest time for a comparison.</summary>
    public static readonly TimeSpan Comparison = TimeSpan.FromSeconds(20);

    /// <summary>Longest time for a job once it runs.</summary>
    public static readonly TimeSpan Job = TimeSpan.FromMinutes(2);

    /// <summary>How long a job that ended can be asked for.</summary>
    public static readonly TimeSpan Age = TimeSpan.FromMinutes(15);

    /// <summary>Longest time that a request waits for the job it started.</summary>
    public const int WaitSeconds = 60;
}
