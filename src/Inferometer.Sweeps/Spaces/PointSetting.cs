namespace Inferometer.Sweeps.Spaces;

/// <summary>Something that can be said of a point: an option of the commands that estimate and simulate.</summary>
/// <param name="Name">Name in a space: the option's, without its dashes.</param>
/// <param name="Key">Column in results.</param>
public sealed record PointSetting(string Name, string Key)
{
    /// <summary>Further names that a space may use.</summary>
    public IReadOnlyList<string> Aliases { get; init; } = [];

    /// <summary>It takes no value: true says it, false leaves it.</summary>
    public bool IsFlag { get; init; }

    /// <summary>The field of the workload that it sets; null = it belongs to the deployment, or to a service.</summary>
    public WorkloadField? Workload { get; init; }

    /// <summary>Whether a name means it.</summary>
    public bool IsCalled(string name) => Same(Name, name) || Same(Key, name) || Aliases.Any(a => Same(a, name));

    private static bool Same(string one, string other) =>
        string.Equals(one.Replace('_', '-'), other.Replace('_', '-'), StringComparison.OrdinalIgnoreCase);
}
