namespace Inferometer.Measurement.Replay;

/// <summary>What a published name stands for, or why nothing does.</summary>
public sealed record NameMatch
{
    private NameMatch(string? name, string? problem) => (Name, Problem) = (name, problem);

    /// <summary>The name here; null where there is none.</summary>
    public string? Name { get; }

    /// <summary>Why there is none; null where there is.</summary>
    public string? Problem { get; }

    internal static NameMatch Of(string name) => new(name, null);

    internal static NameMatch None(string problem) => new(null, problem);
}
