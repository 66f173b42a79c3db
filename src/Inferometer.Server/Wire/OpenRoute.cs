namespace Inferometer.Server.Wire;

/// <summary>Among a route's metadata: it is answered without a key, and while the server drains.</summary>
internal sealed class OpenRoute
{
    private OpenRoute()
    {
    }

    /// <summary>The mark.</summary>
    public static OpenRoute Mark { get; } = new();
}
