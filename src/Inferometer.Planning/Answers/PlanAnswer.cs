using Inferometer.Planning.Deployments;
using Inferometer.Planning.Prices;
using Inferometer.Planning.Trials;

namespace Inferometer.Planning.Answers;

/// <summary>A deployment that keeps the level, as it was simulated whole.</summary>
public sealed record PlanAnswer
{
    /// <summary>The deployment.</summary>
    public required Deployment Deployment { get; init; }

    /// <summary>Replicas that the load takes.</summary>
    public required ReplicaCount Replicas { get; init; }

    /// <summary>What is rented: these, spares, and what spot devices that are away are made up for by.</summary>
    public required Provision Provision { get; init; }

    /// <summary>The simulation of all replicas under the whole load.</summary>
    public required Trial Trial { get; init; }

    /// <summary>What the times rest on, a sentence without its full stop; null = the cost model does not say.</summary>
    public string? RestsOn { get; init; }

    /// <summary>Requests that all replicas answer a second: those of the rate that is asked for, or of the users as simulated.</summary>
    public required double RequestsPerSecond { get; init; }

    /// <summary>Tokens that all replicas generate a second: those of the rate that is asked for, or of the users as simulated.</summary>
    public required double OutputTokensPerSecond { get; init; }

    /// <summary>Rent over <see cref="OutputTokensPerSecond"/>, US dollars per million tokens; null = no price is known.</summary>
    public double? DollarsPerMillionTokens =>
        OutputTokensPerSecond > 0 ? Provision.DollarsPerHour / 3600 / OutputTokensPerSecond * 1e6 : null;

    /// <summary>Tokens a second that the median user sees: 1 / TPOT.</summary>
    public double TokensPerSecondPerUser => Trial.TimePerOutputToken > 0 ? 1 / Trial.TimePerOutputToken : 0;

    /// <summary>Tokens generated a second by a device that serves.</summary>
    public double TokensPerSecondPerDevice => OutputTokensPerSecond / (Replicas.Total * Deployment.Shape.Devices);

    /// <summary>A limit can be missed though the prediction keeps it.</summary>
    public bool IsAtRisk => Trial.Limits.Any(l => l.IsAtRisk);
}
