namespace Inferometer.Server.Upstreams;

/// <summary>How a request that was passed on went.</summary>
internal enum UpstreamOutcome
{
    /// <summary>It was answered, if perhaps by an error that is the request's fault.</summary>
    Answered,

    /// <summary>The upstream had no room or was about to stop, and another was asked.</summary>
    Refused,

    /// <summary>The upstream was not there, or gone before the first byte.</summary>
    Failed,

    /// <summary>The upstream was gone in the middle of its answer.</summary>
    Broken,

    /// <summary>The client was.</summary>
    Left,
}
