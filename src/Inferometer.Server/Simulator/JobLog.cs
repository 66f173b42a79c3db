using Microsoft.Extensions.Logging;

namespace Inferometer.Server.Simulator;

/// <summary>What of jobs is written to the log.</summary>
internal static partial class JobLog
{
    [LoggerMessage(101, LogLevel.Error, "{Kind}: a fault of the server (job {Id})")]
    public static partial void Faulted(ILogger logger, Exception error, string kind, string id);
}
