namespace Inferometer.Cli.Hosting;

/// <summary>What the program returns; listed in docs/commands.md.</summary>
public static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Success = 0;

    /// <summary>The work could not be done: a wrong name or value, an unreadable file, a model that does not fit.</summary>
    public const int Failed = 1;

    /// <summary>The command line itself is wrong: an unknown option, a missing argument.</summary>
    public const int Usage = 2;

    /// <summary>Stopped by the user (Ctrl+C).</summary>
    public const int Cancelled = 130;
}
