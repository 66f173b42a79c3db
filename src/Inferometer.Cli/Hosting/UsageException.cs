namespace Inferometer.Cli.Hosting;

/// <summary>The command line is incomplete or contradicts itself; ends in <see cref="ExitCode.Usage"/>.</summary>
internal sealed class UsageException(string message) : Exception(message);
