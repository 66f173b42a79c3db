using Inferometer.Core;

namespace Inferometer.Cli.Hosting;

/// <summary>
/// The command line is incomplete, holds a value that is not allowed, or contradicts itself; ends in <see cref="ExitCode.Usage"/>.
/// </summary>
internal sealed class UsageException(string message, Exception? cause = null) : Exception(message, cause)
{
    /// <summary>Runs a check of what options said: what it refuses is a wrong command line.</summary>
    public static void Checking(Action check)
    {
        try
        {
            check();
        }
        catch (InferometerException wrong)
        {
            throw new UsageException(wrong.Message, wrong);
        }
    }
}
