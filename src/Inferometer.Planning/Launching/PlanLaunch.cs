using Inferometer.Core;
using Inferometer.Core.Catalog;
using Inferometer.Planning.Answers;
using Inferometer.Planning.Deployments;
using Inferometer.Planning.Programs;

namespace Inferometer.Planning.Launching;

/// <summary>What starts the deployment that a plan chose: commands of its program, one for each role, or a manifest.</summary>
public sealed record PlanLaunch
{
    /// <summary>The kind that is a manifest of Kubernetes.</summary>
    public const string Kubernetes = "kubernetes";

    /// <summary>The kind that is a file for Docker Compose.</summary>
    public const string Compose = "compose";

    /// <summary>What can be asked for: a framework's command, <see cref="Kubernetes"/> or <see cref="Compose"/>.</summary>
    public static IReadOnlyList<string> Kinds { get; } = [.. ServingPrograms.All.Select(p => p.Framework), Kubernetes, Compose];

    /// <summary>What was asked for.</summary>
    public required string Kind { get; init; }

    /// <summary>The commands, each with how many replicas of it there are; empty where it is a manifest.</summary>
    public required EquatableList<ReplicaCommand> Commands { get; init; }

    /// <summary>The command of what stands before them; null where each does all, or where it is a manifest.</summary>
    public RouterCommand? Router { get; init; }

    /// <summary>The manifest or compose file; null where there are commands.</summary>
    public string? Manifest { get; init; }

    /// <summary>The same question where what is asked for can be had: a command only for a framework that was looked at.</summary>
    /// <param name="request">The question.</param>
    /// <param name="kind">One of <see cref="Kinds"/>.</param>
    /// <returns>Null where the question names frameworks, and others than this one.</returns>
    public static PlanRequest? Narrowed(PlanRequest request, string kind)
    {
        ArgumentNullException.ThrowIfNull(request);
        EquatableList<string> frameworks = request.Space.Frameworks;
        return kind is Kubernetes ? request
            : kind is Compose ? request with { Space = request.Space with { Disaggregated = !request.Space.Aggregated } }
            : frameworks.Count == 0 || (frameworks is [var only] && string.Equals(only, kind, StringComparison.Ordinal))
                ? request with { Space = request.Space with { Frameworks = [kind] } }
                : null;
    }

    /// <summary>What starts the chosen deployment.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="models">Where the model and checkpoints of it are known.</param>
    /// <param name="kind">One of <see cref="Kinds"/>.</param>
    /// <returns>Null where the plan chose none.</returns>
    /// <exception cref="InferometerException">The program has no words for something of it, or a manifest cannot say it.</exception>
    public static PlanLaunch? Of(PlanResult plan, ModelCatalog models, string kind)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return plan.Chosen is { } chosen ? Of(chosen, plan.Request, models, kind) : null;
    }

    /// <summary>What starts a deployment.</summary>
    /// <param name="chosen">The deployment and its replicas.</param>
    /// <param name="request">The question that it answers.</param>
    /// <param name="models">Where the model and checkpoints of it are known.</param>
    /// <param name="kind">One of <see cref="Kinds"/>.</param>
    /// <exception cref="InferometerException">The program has no words for something of it, or a manifest cannot say it.</exception>
    public static PlanLaunch Of(PlanAnswer chosen, PlanRequest request, ModelCatalog models, string kind)
    {
        ArgumentNullException.ThrowIfNull(chosen);
        ArgumentNullException.ThrowIfNull(request);
        int longest = request.Demand.LongestTokens();
        Checkpoint checkpoint = Checkpoint.Of(models, request.Model, chosen.Deployment.Shape.Weights);
        ReplicaCount rented = chosen.Replicas with { Total = chosen.Provision.Replicas };
        if (kind is Kubernetes or Compose)
        {
            return new PlanLaunch
            {
                Kind = kind,
                Commands = [],
                Manifest = kind is Compose
                    ? ComposeFile.Of(chosen.Deployment, rented, checkpoint, longest)
                    : KubernetesManifest.Of(chosen.Deployment, rented, checkpoint, longest),
            };
        }

        string?[] roles = chosen.Deployment.IsDisaggregated ? ["prefill", "decode"] : [null];
        return new PlanLaunch
        {
            Kind = kind,
            Commands =
            [
                .. roles.Select(role => new ReplicaCommand(
                    LaunchCommand.Of(chosen.Deployment, checkpoint, longest, role),
                    ReplicasOf(rented, role),
                    chosen.Deployment.Shape.Devices,
                    chosen.Deployment.Shape.System.Name)),
            ],
            Router = chosen.Deployment.IsDisaggregated
                ? RouterCommand.Of(chosen.Deployment, rented, (role, i) => FormattableString.Invariant($"{role}-{i}"))
                : null,
        };
    }

    /// <summary>The manifest, or the commands for a POSIX shell, each under a line that says how many of it there are.</summary>
    public override string ToString() =>
        Manifest ?? string.Join('\n', [.. Commands.Select(c => c.ToString()), .. Router is null ? [] : new[] { Router.ToString() }]);

    private static int ReplicasOf(ReplicaCount rented, string? role) => role switch
    {
        "prefill" => rented.Prefill,
        "decode" => rented.Decode,
        _ => rented.Total,
    };
}
