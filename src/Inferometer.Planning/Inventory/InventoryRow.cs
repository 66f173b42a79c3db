using Inferometer.Planning.Deployments;
using Inferometer.Planning.Screening;

namespace Inferometer.Planning.Inventory;

/// <summary>The best that can be done with one model on one system's devices.</summary>
public sealed record InventoryRow
{
    /// <summary>Name of the model.</summary>
    public required string Model { get; init; }

    /// <summary>Its parameters.</summary>
    public required long Parameters { get; init; }

    /// <summary>The devices.</summary>
    public required SystemChoice System { get; init; }

    /// <summary>The deployment with the most users; null = none fits, and <see cref="Reason"/> says why.</summary>
    public Deployment? Deployment { get; init; }

    /// <summary>Replicas of it that the devices make.</summary>
    public int Replicas { get; init; }

    /// <summary>Users at once within the level, over all replicas, as the analytic model has it.</summary>
    public int Users { get; init; }

    /// <summary>What keeps it from more.</summary>
    public Binding? Binding { get; init; }

    /// <summary>Longest context of a single request on any of its deployments, tokens.</summary>
    public int LongestContext { get; init; }

    /// <summary>Mean time to first token at those users, seconds.</summary>
    public double TimeToFirstToken { get; init; }

    /// <summary>Mean time per output token at those users, seconds.</summary>
    public double TimePerOutputToken { get; init; }

    /// <summary>Tokens generated a second by all replicas at those users.</summary>
    public double OutputTokensPerSecond { get; init; }

    /// <summary>Why nothing fits; null = something does.</summary>
    public string? Reason { get; init; }
}
