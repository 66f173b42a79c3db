using Microsoft.Extensions.Logging;

namespace Inferometer.Server.Upstreams;

/// <summary>What of the servers behind this one is written to the log.</summary>
internal static partial class UpstreamLog
{
    [LoggerMessage(201, LogLevel.Warning, "Upstream {Upstream} {What}")]
    public static partial void Changed(ILogger logger, string upstream, string what);
}
