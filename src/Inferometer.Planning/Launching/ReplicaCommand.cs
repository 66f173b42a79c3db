namespace Inferometer.Planning.Launching;

/// <summary>The command of one kind of replica, and how often it is run.</summary>
/// <param name="Command">The command.</param>
/// <param name="Replicas">Replicas that are started with it.</param>
/// <param name="Devices">Devices of each.</param>
/// <param name="System">What they run on.</param>
public sealed record ReplicaCommand(LaunchCommand Command, int Replicas, int Devices, string System)
{
    /// <summary>For a POSIX shell, under a line that says how many of it there are.</summary>
    public override string ToString() =>
        FormattableString.Invariant($"# {Replicas} of these, each on {Devices} x {System}\n") + Command.ToShell();
}
