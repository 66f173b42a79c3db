using Microsoft.Extensions.Logging;

namespace Inferometer.Server.Hosting;

/// <summary>All that is written to the log. What clients send and are answered is never part of it.</summary>
internal static partial class ServerLog
{
    [LoggerMessage(1, LogLevel.Information, "Serving {Model} at {Address}")]
    public static partial void Started(ILogger logger, string model, string address);

    [LoggerMessage(9, LogLevel.Information, "Serving the simulator at {Address}")]
    public static partial void StartedWithoutModel(ILogger logger, string address);

    [LoggerMessage(10, LogLevel.Information, "Passing requests on to {Count} upstream(s) from {Address}")]
    public static partial void StartedInFront(ILogger logger, int count, string address);

    [LoggerMessage(2, LogLevel.Information, "{Method} {Route} {Status} in {Milliseconds:0.0} ms (request {RequestId})")]
    public static partial void Answered(ILogger logger, string method, string route, int status, double milliseconds, string requestId);

    [LoggerMessage(3, LogLevel.Information, "{Method} {Route}: the client left after {Milliseconds:0.0} ms (request {RequestId})")]
    public static partial void Left(ILogger logger, string method, string route, double milliseconds, string requestId);

    [LoggerMessage(4, LogLevel.Warning, "{Method} {Route}: {Code}, status {Status} (request {RequestId})")]
    public static partial void Refused(ILogger logger, string method, string route, string code, int status, string requestId);

    [LoggerMessage(5, LogLevel.Error, "{Method} {Route}: a fault of the server (request {RequestId})")]
    public static partial void Faulted(ILogger logger, Exception fault, string method, string route, string requestId);

    [LoggerMessage(6, LogLevel.Information, "Stopping: {UnderWay} request(s) under way, waiting up to {Seconds:0} s for them")]
    public static partial void Draining(ILogger logger, int underWay, double seconds);

    [LoggerMessage(7, LogLevel.Information, "Stopped")]
    public static partial void Stopped(ILogger logger);

    [LoggerMessage(8, LogLevel.Warning, "Stopped before {UnderWay} request(s) were answered")]
    public static partial void CutShort(ILogger logger, int underWay);

    [LoggerMessage(11, LogLevel.Warning, "What first requests need could not be made ready: {Reason}")]
    public static partial void NotWarm(ILogger logger, string reason);
}
