using System.Text.Json.Serialization;

namespace Inferometer.History.Records;

/// <summary>
/// One run: what was asked, of what, where and when, and the figures with the values behind them. What is in it never changes, and its
/// <see cref="Id"/> is the SHA-256 of it; name and tags are stuck on from outside and may change.
/// </summary>
public sealed record RunRecord
{
    /// <summary>SHA-256 of the content, 64 hexadecimal digits; empty until <see cref="Sealed"/>.</summary>
    [JsonIgnore]
    public string Id { get; init; } = "";

    /// <summary>Of which command.</summary>
    public required RunKind Kind { get; init; }

    /// <summary>Computed or taken.</summary>
    public required RunArm Arm { get; init; }

    /// <summary>When it began, to the millisecond.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The model, as lists name it.</summary>
    public required string Model { get; init; }

    /// <summary>
    /// What it ran on, or was computed for, as lists name it: the address of a service, a system of the catalog, this processor.
    /// </summary>
    public required string On { get; init; }

    /// <summary>What was asked for.</summary>
    public required RunConfig Config { get; init; }

    /// <summary>The machine of the program that took or computed the figures; null = of another program, which did not say.</summary>
    public RunMachine? Machine { get; init; }

    /// <summary>
    /// Version of the product, with its commit behind a plus sign where it is known; of an import, of the program that measured.
    /// </summary>
    public required string Product { get; init; }

    /// <summary>Commit of the git tree that it was run in; null = in none.</summary>
    public string? TreeCommit { get; init; }

    /// <summary>Words behind the program's name that make the same run again, without those on where it is kept; empty = unknown.</summary>
    public IReadOnlyList<string> CommandLine { get; init; } = [];

    /// <summary>Id of the measured run that this one predicts; null = it predicts none.</summary>
    public string? PredictionOf { get; init; }

    /// <summary>Id of the run that this one is a part of, as one rate is of a sweep; null = of none.</summary>
    public string? PartOf { get; init; }

    /// <summary>The figures, in the order of tables.</summary>
    public required IReadOnlyList<RunMetric> Metrics { get; init; }

    /// <summary>Values behind the figures; empty also where a list left them out.</summary>
    [JsonIgnore]
    public IReadOnlyList<RunSeries> Series { get; init; } = [];

    /// <summary>A name given to it; null = none.</summary>
    [JsonIgnore]
    public string? Name { get; init; }

    /// <summary>Tags stuck on it, in order of their names.</summary>
    [JsonIgnore]
    public IReadOnlyList<string> Tags { get; init; } = [];

    /// <summary>The first digits of the id: enough to tell runs apart, and what lists show.</summary>
    [JsonIgnore]
    public string ShortId => Id.Length > 10 ? Id[..10] : Id;

    /// <summary>The figure of a key; null = it has none.</summary>
    public RunMetric? Find(string key) => Metrics.FirstOrDefault(m => string.Equals(m.Key, key, StringComparison.Ordinal));

    /// <summary>The series behind a figure; null = there is none, or it was left out.</summary>
    public RunSeries? SeriesOf(RunMetric metric)
    {
        ArgumentNullException.ThrowIfNull(metric);
        return Series.FirstOrDefault(s => string.Equals(s.Key, metric.Series, StringComparison.Ordinal));
    }

    /// <summary>The same with its time to the millisecond and its id.</summary>
    /// <exception cref="InvalidOperationException">
    /// A figure is not finite, or of a series that is not here; a series is over one that is not here, or of another length.
    /// </exception>
    public RunRecord Sealed()
    {
        foreach (RunMetric metric in Metrics)
        {
            if (!double.IsFinite(metric.Value))
            {
                throw new InvalidOperationException($"The figure {metric.Key} is not finite.");
            }

            if (metric.Series is not null && SeriesOf(metric) is null)
            {
                throw new InvalidOperationException($"The figure {metric.Key} is of the series {metric.Series}, which is not there.");
            }
        }

        foreach (RunSeries series in Series.Where(s => s.Axis is not null))
        {
            int? points = Series.FirstOrDefault(s => string.Equals(s.Key, series.Axis, StringComparison.Ordinal))?.Values.Count;
            if (points != series.Values.Count)
            {
                throw new InvalidOperationException(
                    $"The series {series.Key} is over {series.Axis}, which {(points is null ? "is not there" : "has another length")}.");
            }
        }

        RunRecord exact = this with { At = DateTimeOffset.FromUnixTimeMilliseconds(At.ToUnixTimeMilliseconds()) };
        return exact with { Id = RunText.IdOf(exact) };
    }
}
