using System.Globalization;
using System.Text;
using Inferometer.Core;
using Inferometer.Planning.Deployments;
using Inferometer.Planning.Programs;

namespace Inferometer.Planning.Launching;

/// <summary>
/// A Kubernetes manifest of a deployment: a Deployment and a Service before it. Where prompts and answers are apart the router has these,
/// and the replicas of each role are a StatefulSet, so that each has a name that the router can be told. Replicas over several nodes are
/// not in it: they need an operator that starts groups of pods together.
/// </summary>
public static class KubernetesManifest
{
    private const string TokenSecret = "hf-token";

    /// <summary>Writes the manifest.</summary>
    /// <param name="deployment">The deployment.</param>
    /// <param name="replicas">Replicas rented, spares among them.</param>
    /// <param name="checkpoint">What the program is to load.</param>
    /// <param name="longestTokens">Longest request, tokens.</param>
    /// <exception cref="InferometerException">A replica takes more than a node, or no image or resource is known for its
    /// device.</exception>
    public static string Of(Deployment deployment, ReplicaCount replicas, Checkpoint checkpoint, int longestTokens)
    {
        ArgumentNullException.ThrowIfNull(deployment);
        ArgumentNullException.ThrowIfNull(checkpoint);
        DeploymentShape shape = deployment.Shape;
        if (shape.Devices > shape.System.DevicesPerNode)
        {
            throw new InferometerException(string.Create(
                CultureInfo.InvariantCulture,
                $"--emit kubernetes: a replica takes {shape.Devices} devices and a node has {shape.System.DevicesPerNode}: a pod is on one "
                    + $"node. "
                    + $"Plan with --tp {shape.System.DevicesPerNode} at most."));
        }

        string name = NameOf(checkpoint.Name);
        List<string> documents = [];
        if (deployment.IsDisaggregated)
        {
            foreach ((string role, int count) in new[] { ("prefill", replicas.Prefill), ("decode", replicas.Decode) })
            {
                documents.Add(Workload(
                    deployment, count, $"{name}-{role}", LaunchCommand.Of(deployment, checkpoint, longestTokens, role)));
            }

            documents.Add(Router(deployment, replicas, name));
        }
        else
        {
            documents.Add(Workload(deployment, replicas.Total, name, LaunchCommand.Of(deployment, checkpoint, longestTokens)));
        }

        return string.Join("---\n", documents);
    }

    private static string Workload(Deployment deployment, int replicas, string name, LaunchCommand command)
    {
        ServingProgram program = command.Program;
        string vendor = deployment.Shape.System.Device.Vendor;
        string image = program.Images.TryGetValue(vendor, out string? known) ? known : throw new InferometerException(
            $"--emit kubernetes: no image of {program.Program} for devices of {vendor} is known.");
        string resource = vendor switch
        {
            "NVIDIA" => "nvidia.com/gpu",
            "AMD" => "amd.com/gpu",
            _ => throw new InferometerException($"--emit kubernetes: the resource that devices of {vendor} are asked by is not known."),
        };
        StringBuilder text = new();
        void Line(FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
        string[] notes =
        [
            Say($"{program.Program} {program.Version}: {deployment.Shape}"), $"image: {program.ImageSource}",
            $"readiness: {program.HealthSource}", .. command.Notes,
            $"for {deployment.Shape.System.Name}: where nodes have other devices too, a nodeSelector with the label of theirs",
            $"only where the model is gated: kubectl create secret generic {TokenSecret} --from-literal=token=...",
        ];
        text.AppendJoin("", notes.Select(Comment.Of));
        if (command.ConfigLines.Count > 0)
        {
            Line($"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}-config\ndata:\n  {LaunchCommand.ConfigFile}: |");
            foreach (string line in command.ConfigLines)
            {
                Line($"    {line}");
            }

            Line($"---");
        }

        bool isNamed = command.Role is not null;
        Line($"apiVersion: apps/v1\nkind: {(isNamed ? "StatefulSet" : "Deployment")}\nmetadata:\n  name: {name}\nspec:");
        Line($"  replicas: {replicas}");
        if (isNamed)
        {
            Line($"  serviceName: {name}\n  podManagementPolicy: Parallel");
        }

        Line($"  selector:\n    matchLabels:\n      app: {name}\n  template:");
        Line($"    metadata:\n      labels:\n        app: {name}\n    spec:");
        Line($"      containers:\n        - name: server\n          image: {image}\n          command:");
        IEnumerable<string> words = program.ImageExecutable is { } executable
            ? command.Arguments.Skip(1).Prepend(executable)
            : command.Arguments;
        foreach (string word in words)
        {
            string said = string.Equals(word, LaunchCommand.ConfigFile, StringComparison.Ordinal) ? "/etc/serving/" + word : word;
            Line($"            - '{said.Replace("'", "''", StringComparison.Ordinal)}'");
        }

        // Of a model that nobody has to be let in for, the secret need not be there.
        Line($"          env:\n            - name: HF_TOKEN\n              valueFrom:\n                secretKeyRef:");
        Line($"                  name: {TokenSecret}\n                  key: token\n                  optional: true");
        if (isNamed && program.RoleAddress is { } variable)
        {
            Line($"            - name: {variable}\n              valueFrom:\n                fieldRef:");
            Line($"                  fieldPath: status.podIP");
        }

        Line($"          ports:\n            - containerPort: {program.Port}");
        Line($"          resources:\n            limits:\n              {resource}: {deployment.Shape.Devices}");
        Line($"          readinessProbe:\n            httpGet:\n              path: {program.Health}\n              port: {program.Port}");
        Line($"            periodSeconds: 10\n            timeoutSeconds: {program.HealthTimeoutSeconds}");
        Line($"            failureThreshold: 180");
        Line($"          volumeMounts:\n            - name: shm\n              mountPath: /dev/shm");
        if (command.ConfigLines.Count > 0)
        {
            Line($"            - name: config\n              mountPath: /etc/serving");
        }

        Line($"      volumes:\n        - name: shm\n          emptyDir:\n            medium: Memory");
        if (command.ConfigLines.Count > 0)
        {
            Line($"        - name: config\n          configMap:\n            name: {name}-config");
        }

        text.Append(isNamed ? NamesOf(name, program.Port) : Service(name, program.Port));
        return text.ToString();
    }

    private static string Router(Deployment deployment, ReplicaCount replicas, string name)
    {
        RouterCommand command = RouterCommand.Of(deployment, replicas, (role, i) => Say($"{name}-{role}-{i}.{name}-{role}"));
        string vendor = deployment.Shape.System.Device.Vendor;
        string image = command.Router.Images.TryGetValue(vendor, out string? known) ? known : throw new InferometerException(
            $"--emit kubernetes: no image of {command.Router.Program} for devices of {vendor} is known.");
        StringBuilder text = new();
        text.Append(Comment.Of($"{command.Router.Program}: {command.Router.Source}"))
            .Append(Say($"apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\nspec:\n  replicas: 1\n"))
            .Append(Say($"  selector:\n    matchLabels:\n      app: {name}\n  template:\n"))
            .Append(Say($"    metadata:\n      labels:\n        app: {name}\n    spec:\n"))
            .Append(Say($"      containers:\n        - name: router\n          image: {image}\n          command:\n"));
        foreach (string word in command.Arguments)
        {
            text.Append(Say($"            - '{word}'\n"));
        }

        // It listens from the start and is of use once it has found a replica of each kind.
        return text.Append(Say($"          ports:\n            - containerPort: {command.Router.Port}\n"))
            .Append(Say($"          readinessProbe:\n            tcpSocket:\n              port: {command.Router.Port}\n"))
            .Append(Service(name, command.Router.Port)).ToString();
    }

    private static string Service(string name, int port) =>
        Say($"---\napiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\nspec:\n  selector:\n    app: {name}\n")
            + Say($"  ports:\n    - port: 80\n      targetPort: {port}\n");

    // No address of its own: a name for each replica, from its start, as the router waits for it.
    private static string NamesOf(string name, int port) =>
        Say($"---\napiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\nspec:\n  clusterIP: None\n")
            + Say($"  publishNotReadyAddresses: true\n  selector:\n    app: {name}\n  ports:\n    - port: {port}\n");

    private static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);

    // Names of Kubernetes are lower-case letters, digits and hyphens, at most 63 of them; of a StatefulSet at most 52, as labels of its
    // pods hold it and ten letters more.
    internal static string NameOf(string model)
    {
        string last = model[(model.TrimEnd('/').LastIndexOf('/') + 1)..].ToLowerInvariant();
        string name = new([.. last.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')]);
        const int Most = 44;
        return name.Trim('-')[..Math.Min(Most, name.Trim('-').Length)].TrimEnd('-');
    }
}
