using Inferometer.Core;
using Inferometer.Planning.Deployments;
using Inferometer.Planning.Programs;

namespace Inferometer.Planning.Launching;

/// <summary>The command line that starts what stands before replicas of which some read prompts and others decode.</summary>
/// <param name="Router">The program.</param>
/// <param name="Arguments">Program and arguments, one each.</param>
public sealed record RouterCommand(ServingRouter Router, EquatableList<string> Arguments)
{
    /// <summary>The command for a deployment.</summary>
    /// <param name="deployment">The deployment.</param>
    /// <param name="replicas">How many replicas of each kind there are.</param>
    /// <param name="host">Name of a machine by the role and the number, from 0 up, of its replica.</param>
    /// <exception cref="InferometerException">No such program is known for what serves the deployment.</exception>
    public static RouterCommand Of(Deployment deployment, ReplicaCount replicas, Func<string, int, string> host)
    {
        ArgumentNullException.ThrowIfNull(deployment);
        ArgumentNullException.ThrowIfNull(host);
        ServingProgram program = ServingPrograms.Find(deployment.Shape.Framework.Name, "framework");
        ServingRouter router = program.Router ?? throw new InferometerException(
            $"--emit: what stands before replicas of {program.Program} with roles is not known; plan with --modes aggregated.");
        Core.Deployments.Parallelism spread = deployment.Shape.Parallelism;
        IEnumerable<string> Addresses(string role, int count) =>
            Enumerable.Range(0, count).Select(i => FormattableString.Invariant($"http://{host(role, i)}:{program.Port}"));
        return new RouterCommand(router, router.Arguments(
            Addresses("prefill", replicas.Prefill), Addresses("decode", replicas.Decode), spread.AttentionDataParallel ? spread.Data : 1));
    }

    /// <summary>For a POSIX shell, under a line that says what the names in it stand for.</summary>
    public override string ToString() =>
        Comment.Of($"{Router.Program}, once: prefill-0, decode-0 and so on stand for the machines of the replicas ({Router.Source})")
            + LaunchCommand.Shell(Arguments);
}
