namespace Inferometer.History.Records;

/// <summary>One figure of a run.</summary>
public sealed record RunMetric
{
    /// <summary>Its name for machines, snake case with the unit, as the tables of docs/metrics.md have it where it is there.</summary>
    public required string Key { get; init; }

    /// <summary>Its name for people.</summary>
    public required string Name { get; init; }

    /// <summary>Unit of the value; empty for a plain ratio.</summary>
    public required string Unit { get; init; }

    /// <summary>Which way it is better.</summary>
    public required Better Better { get; init; }

    /// <summary>The figure, finite.</summary>
    public required double Value { get; init; }

    /// <summary>How it comes from the values of <see cref="Series"/>.</summary>
    public Statistic Statistic { get; init; }

    /// <summary>Key of the series that it comes from (<see cref="RunSeries.Key"/>); null = it stands alone.</summary>
    public string? Series { get; init; }

    /// <summary>
    /// Standard error of the figure where it is known without the values behind it, in the unit of the figure; null = unknown, or to be
    /// had from the series.
    /// </summary>
    public double? StandardError { get; init; }

    /// <summary>Among the few figures that lists of runs show.</summary>
    public bool IsHeadline { get; init; }
}
