namespace Inferometer.Cli.Hosting;

/// <summary>What the program returns; the table in docs/commands.md.</summary>
public static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Success = 0;

    /// <summary>
    /// The command line was understood and the work could not be done: a file is missing or damaged, a name is in no catalog, a model does
    /// not fit, a check found a difference.
    /// </summary>
    public const int Failed = 1;

    /// <summary>
    /// The command line is wrong: an unknown option, something missing, a value that its option does not take, a contradiction.
    /// </summary>
    public const int Usage = 2;

    /// <summary>A fault of the program itself (EX_SOFTWARE of sysexits.h).</summary>
    public const int Internal = 70;

    /// <summary>Stopped by the user: 128 and the number of SIGINT.</summary>
    public const int Cancelled = 130;
}
