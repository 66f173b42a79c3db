namespace Inferometer.Measurement.Watch;

/// <summary>How a service is watched.</summary>
public sealed record WatchOptions
{
    /// <summary>Time from page to page.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>Time that what is shown is of.</summary>
    public TimeSpan Window { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Only what is labelled with this model; null = all.</summary>
    public string? Model { get; init; }

    /// <summary>Mean tokens of an answer, of a program that does not count requests; null = not known.</summary>
    public double? OutputTokens { get; init; }

    /// <summary>Requests that must have ended in the window before anything is called drift.</summary>
    public int FewestRequests { get; init; } = 20;
}
