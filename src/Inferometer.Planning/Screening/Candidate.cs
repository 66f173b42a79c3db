using Inferometer.Planning.Deployments;
using Inferometer.Planning.Prices;
using Inferometer.Simulation.Costs;

namespace Inferometer.Planning.Screening;

/// <summary>A deployment that passed the analytic model, with the least that it could take.</summary>
internal sealed record Candidate
{
    /// <summary>The deployment.</summary>
    public required Deployment Deployment { get; init; }

    /// <summary>Place among all candidates, by which equals are told apart.</summary>
    public required int Index { get; init; }

    /// <summary>What one replica carries.</summary>
    public required Capacity Capacity { get; init; }

    /// <summary>Requests that a replica's caches hold.</summary>
    public required KvRoom Room { get; init; }

    /// <summary>The least replicas, as the analytic model has it.</summary>
    public required ReplicaCount Least { get; init; }

    /// <summary>Devices that there may be; null = as many as are wanted.</summary>
    public required int? MostDevices { get; init; }

    /// <summary>What its system costs; null = not known.</summary>
    public required SystemPrice? Price { get; init; }

    /// <summary>A decode step with as many requests as the least replicas have, seconds: what orders candidates by speed.</summary>
    public required double TimePerOutputToken { get; init; }

    /// <summary>What its times rest on.</summary>
    public required EstimateBasis? Basis { get; init; }
}
