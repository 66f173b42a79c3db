using System.Globalization;
using System.Text;
using Inferometer.Core;
using Inferometer.Planning.Deployments;
using Inferometer.Planning.Programs;

namespace Inferometer.Planning.Launching;

/// <summary>
/// A file for Docker Compose: a service for each replica, with devices and a port of its own, all on one machine. Devices are named as in
/// https://docs.docker.com/compose/how-tos/gpu-support for NVIDIA, and as the images of AMD ask for them.
/// </summary>
public static class ComposeFile
{
    private const string Kind = "--emit compose";
    private const string HubFolder = "/huggingface"; // wherever the image's user is at home

    /// <summary>Writes the file.</summary>
    /// <param name="deployment">The deployment.</param>
    /// <param name="replicas">Replicas rented, spares among them.</param>
    /// <param name="checkpoint">What the program is to load.</param>
    /// <param name="longestTokens">Longest request, tokens.</param>
    /// <exception cref="InferometerException">It takes more than one machine, or no image is known for its device.</exception>
    public static string Of(Deployment deployment, ReplicaCount replicas, Checkpoint checkpoint, int longestTokens)
    {
        ArgumentNullException.ThrowIfNull(deployment);
        ArgumentNullException.ThrowIfNull(checkpoint);
        DeploymentShape shape = deployment.Shape;
        int devices = replicas.Total * shape.Devices, node = shape.System.DevicesPerNode;
        if (devices > node)
        {
            throw new InferometerException(
                Say($"{Kind}: {replicas.Total} x {shape.Devices} devices are wanted and a machine of {shape.System.Name} has {node}: ")
                    + "a compose file is for one machine; --emit kubernetes spreads replicas over several.");
        }

        if (deployment.IsDisaggregated)
        {
            throw new InferometerException(
                $"{Kind}: replicas that read prompts apart need a router that knows both kinds; plan with --modes aggregated.");
        }

        string name = KubernetesManifest.NameOf(checkpoint.Name);
        LaunchCommand command = LaunchCommand.Of(deployment, checkpoint, longestTokens);
        StringBuilder text = new();
        Head(text, command, shape, replicas.Total);
        text.Append("services:\n");
        for (int i = 0; i < replicas.Total; i++)
        {
            Service(text, replicas.Total > 1 ? Say($"{name}-{i + 1}") : name, command, shape, i);
        }

        if (command.ConfigLines.Count > 0)
        {
            text.Append("configs:\n  serving:\n    content: |\n");
            foreach (string line in command.ConfigLines)
            {
                text.Append("      ").Append(line).Append('\n');
            }
        }

        return text.ToString();
    }

    private static void Head(StringBuilder text, LaunchCommand command, DeploymentShape shape, int replicas)
    {
        ServingProgram program = command.Program;
        void Line(FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
        string[] notes = [Say($"{program.Program} {program.Version}: {shape}"), $"image: {program.ImageSource}", .. command.Notes];
        text.AppendJoin("", notes.Select(Comment.Of));
        Line($"# docker compose up; HF_TOKEN in the environment lets gated models be loaded");
        if (replicas > 1)
        {
            Line($"# a port for each replica: a router goes in front of them");
        }
    }

    private static void Service(StringBuilder text, string name, LaunchCommand command, DeploymentShape shape, int index)
    {
        ServingProgram program = command.Program;
        string vendor = shape.System.Device.Vendor;
        string image = program.Images.TryGetValue(vendor, out string? known) && vendor is "NVIDIA" or "AMD"
            ? known!
            : throw new InferometerException($"{Kind}: no image of {program.Program} for devices of {vendor} is known.");
        void Line(FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
        Line($"  {name}:\n    image: {image}\n    entrypoint: []\n    command:");
        IEnumerable<string> words = program.ImageExecutable is { } executable
            ? command.Arguments.Skip(1).Prepend(executable)
            : command.Arguments;
        foreach (string word in words)
        {
            string said = string.Equals(word, LaunchCommand.ConfigFile, StringComparison.Ordinal) ? "/etc/serving/" + word : word;

            // A dollar sign would name a variable.
            string quoted = said.Replace("'", "''", StringComparison.Ordinal).Replace("$", "$$", StringComparison.Ordinal);
            Line($"      - '{quoted}'");
        }

        IEnumerable<int> ids = Enumerable.Range(index * shape.Devices, shape.Devices);
        Line($"    environment:\n      - HF_TOKEN\n      - HF_HOME={HubFolder}");
        if (vendor is not "NVIDIA")
        {
            Line($"      - HIP_VISIBLE_DEVICES={string.Join(',', ids)}");
        }

        Line($"    ports:\n      - '{program.Port + index}:{program.Port}'");
        Line($"    ipc: host\n    restart: unless-stopped");
        if (command.Arguments.Any(word => word.EndsWith(".gguf", StringComparison.Ordinal)))
        {
            Line($"    working_dir: /models\n    volumes:\n      - './:/models'");
        }
        else
        {
            Line($"    volumes:\n      - '~/.cache/huggingface:{HubFolder}'");
        }

        if (command.ConfigLines.Count > 0)
        {
            Line($"    configs:\n      - source: serving\n        target: /etc/serving/{LaunchCommand.ConfigFile}");
        }

        if (vendor is "NVIDIA")
        {
            Line($"    deploy:\n      resources:\n        reservations:\n          devices:\n            - driver: nvidia");
            Line($"              device_ids: [{string.Join(", ", ids.Select(id => Say($"'{id}'")))}]");
            Line($"              capabilities: [gpu]");
        }
        else
        {
            Line($"    devices:\n      - /dev/kfd\n      - /dev/dri\n    group_add:\n      - video\n    security_opt:");
            Line($"      - seccomp:unconfined");
        }
    }

    private static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
