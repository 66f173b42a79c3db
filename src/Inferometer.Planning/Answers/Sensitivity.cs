using Inferometer.Planning.Deployments;
using Inferometer.Planning.Prices;

namespace Inferometer.Planning.Answers;

/// <summary>What the question changed in one point is answered with, by a search of all that may be chosen from.</summary>
/// <param name="Change">The change, in words.</param>
/// <param name="Deployment">The cheapest deployment then; null = nothing keeps the level.</param>
/// <param name="Replicas">Replicas that the load takes then.</param>
/// <param name="Provision">What is rented then.</param>
public sealed record Sensitivity(string Change, Deployment? Deployment, ReplicaCount Replicas, Provision Provision);
