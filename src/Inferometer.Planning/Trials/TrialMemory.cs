using System.Collections.Concurrent;
using Inferometer.Core.Deployments;
using Inferometer.Planning.Demand;
using Inferometer.Planning.Deployments;

namespace Inferometer.Planning.Trials;

/// <summary>
/// Simulations of one question and of what could be changed about it. What comes out of one depends on the deployment, the load and the
/// seed, not on the level that it is held against: questions that differ by their level share them. Thread-safe.
/// </summary>
internal sealed class TrialMemory
{
    // Of more requests the times would take megabytes a simulation.
    private const int MostMeasured = 10_000;

    private readonly ConcurrentDictionary<Key, Lazy<ServedRequests>> _served = new();

    /// <summary>The simulation of a load, run where it was not before.</summary>
    /// <param name="deployment">The deployment.</param>
    /// <param name="replicas">Its replicas.</param>
    /// <param name="demand">The load.</param>
    /// <param name="measured">Requests that are measured.</param>
    /// <param name="seed">Seed of the requests.</param>
    /// <param name="serve">Runs it.</param>
    public ServedRequests Of(
        Deployment deployment, ReplicaCount replicas, ServiceDemand demand, int measured, ulong seed, Func<ServedRequests> serve)
    {
        if (measured > MostMeasured)
        {
            return serve();
        }

        DeploymentShape shape = deployment.Shape;
        Key key = new(
            shape.SystemName, shape.Framework.Name, shape.Weights, shape.KvCache, shape.Parallelism, deployment.MaxSequences,
            deployment.StepTokens, deployment.IsDisaggregated, replicas, demand, measured, seed);
        return _served.GetOrAdd(key, _ => new Lazy<ServedRequests>(serve)).Value;
    }

    /// <summary>What tells simulations of one model apart; a shape itself would be compared by all figures of its system.</summary>
    private sealed record Key(
        string System, string Framework, string Weights, string KvCache, Parallelism Parallelism, int MaxSequences, int StepTokens,
        bool IsDisaggregated, ReplicaCount Replicas, ServiceDemand Demand, int Measured, ulong Seed);
}
