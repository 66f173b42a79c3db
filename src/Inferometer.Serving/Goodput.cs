namespace Inferometer.Serving;

/// <summary>What a service gave within its level.</summary>
public sealed record Goodput
{
    /// <summary>The level.</summary>
    public required Slo Slo { get; init; }

    /// <summary>Completed requests that kept every limit.</summary>
    public required long Requests { get; init; }

    /// <summary>Those over all that ended, whatever their reason, and that were refused; 0..1, and 1 when there was none.</summary>
    public required double Attainment { get; init; }

    /// <summary>Good requests a second.</summary>
    public required double RequestsPerSecond { get; init; }

    /// <summary>Output tokens of good requests a second.</summary>
    public required double OutputTokensPerSecond { get; init; }
}
