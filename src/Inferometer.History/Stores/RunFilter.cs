using Inferometer.History.Records;

namespace Inferometer.History.Stores;

/// <summary>Which runs are wanted; what is null or empty limits nothing.</summary>
public sealed record RunFilter
{
    /// <summary>Of one of these commands.</summary>
    public IReadOnlyList<RunKind> Kinds { get; init; } = [];

    /// <summary>Computed, or taken.</summary>
    public RunArm? Arm { get; init; }

    /// <summary>A part of the model's name, whatever its case.</summary>
    public string? Model { get; init; }

    /// <summary>A tag that is stuck on them.</summary>
    public string? Tag { get; init; }

    /// <summary>The whole name.</summary>
    public string? Name { get; init; }

    /// <summary>Begun then or later.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Begun before that.</summary>
    public DateTimeOffset? Before { get; init; }

    /// <summary>First digits of the id.</summary>
    public string? IdPrefix { get; init; }

    /// <summary>The hash of what was asked for (<see cref="RunConfig.Hash"/>).</summary>
    public string? ConfigHash { get; init; }

    /// <summary>Predictions of this measured run; runs that predict a measured one are otherwise left out.</summary>
    public string? PredictionOf { get; init; }

    /// <summary>Parts of this run; runs that are parts of another are otherwise left out.</summary>
    public string? PartOf { get; init; }

    /// <summary>Also runs that are parts of another.</summary>
    public bool WithParts { get; init; }

    /// <summary>Also runs that predict a measured one.</summary>
    public bool WithPredictions { get; init; }

    /// <summary>Most runs, at least 1; null = all.</summary>
    public int? Limit { get; init; }

    /// <summary>Latest runs passed over.</summary>
    public int Skip { get; init; }
}
