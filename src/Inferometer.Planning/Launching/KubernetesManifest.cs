using System.Globalization;
using System.Text;
using Inferometer.Core;
using Inferometer.Planning.Deployments;
using Inferometer.Planning.Programs;

namespace Inferometer.Planning.Launching;

/// <summary>
/// A Kubernetes manifest of a deployment: a Deployment for each role and a Service before it. Replicas over several nodes are not in it:
/// they need an operator that starts groups of pods together.
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
            documents.Add(Workload(deployment, replicas.Prefill, name + "-prefill", LaunchCommand.Of(deployment, checkpoint, longestTokens,
                "prefill")));
            documents.Add(Workload(deployment, replicas.Decode, name + "-decode", LaunchCommand.Of(deployment, checkpoint, longestTokens,
                "decode")));
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
        Line($"# {program.Program} {program.Version}: {deployment.Shape}");
        Line($"# image: {program.ImageSource}");
        Line($"# readiness: {program.HealthSource}");
        foreach (string note in command.Notes)
        {
            Line($"# {note}");
        }

        Line($"# for {deployment.Shape.System.Name}: where nodes have other devices too, a nodeSelector with the label of theirs");
        Line($"# only where the model is gated: kubectl create secret generic {TokenSecret} --from-literal=token=...");
        if (command.ConfigLines.Count > 0)
        {
            Line($"apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {name}-config\ndata:\n  {LaunchCommand.ConfigFile}: |");
            foreach (string line in command.ConfigLines)
            {
                Line($"    {line}");
            }

            Line($"---");
        }

        Line($"apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\nspec:\n  replicas: {replicas}");
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

        Line($"---\napiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\nspec:\n  selector:\n    app: {name}");
        Line($"  ports:\n    - port: 80\n      targetPort: {program.Port}");
        return text.ToString();
    }

    // Names of Kubernetes are lower-case letters, digits and hyphens, at most 63 of them.
    internal static string NameOf(string model)
    {
        string last = model[(model.TrimEnd('/').LastIndexOf('/') + 1)..].ToLowerInvariant();
        string name = new([.. last.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')]);
        const int Most = 50;
        return name.Trim('-')[..Math.Min(Most, name.Trim('-').Length)].TrimEnd('-');
    }
}
