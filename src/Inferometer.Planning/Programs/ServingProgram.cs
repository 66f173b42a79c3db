using Inferometer.Core;
using Inferometer.Core.Catalog;
using Inferometer.Core.Hardware;

namespace Inferometer.Planning.Programs;

/// <summary>
/// How a serving program is told what a deployment is: its flags, the formats that it takes, and the limits that are worth trying. The
/// built-in ones are data with their source; see <c>catalog/launch</c>.
/// </summary>
public sealed record ServingProgram
{
    /// <summary>Framework it belongs to, by its name in the framework catalog.</summary>
    public required string Framework { get; init; }

    /// <summary>Name of the program, for people.</summary>
    public required string Program { get; init; }

    /// <summary>Version whose flags are used.</summary>
    public required string Version { get; init; }

    /// <summary>Where the flags are documented.</summary>
    public required string Source { get; init; }

    /// <summary>The command before its flags; <c>{model}</c> and <c>{weights}</c> stand for the model and the format of its file.</summary>
    public required EquatableList<string> Command { get; init; }

    /// <summary>Container images by vendor of the device.</summary>
    public required IReadOnlyDictionary<string, string> Images { get; init; }

    /// <summary>Where the images are documented.</summary>
    public required string ImageSource { get; init; }

    /// <summary>Where the program lies in its images, which do not find it by its name; null = they do.</summary>
    public string? ImageExecutable { get; init; }

    /// <summary>Port it listens on.</summary>
    public required int Port { get; init; }

    /// <summary>Path that answers with status 200 once it is ready, and with another one or not at all before.</summary>
    public required string Health { get; init; }

    /// <summary>Where that path is documented.</summary>
    public required string HealthSource { get; init; }

    /// <summary>How long its answer may take, seconds: a prober that gives up earlier never finds it ready.</summary>
    public required int HealthTimeoutSeconds { get; init; }

    /// <summary>Flags by what they say: tensor, pipeline, expert, attention_data, sequences, step_tokens, context, ...</summary>
    public required IReadOnlyDictionary<string, EquatableList<string>> Flags { get; init; }

    /// <summary>Flags of a replica that reads prompts or decodes alone, by role; empty where it cannot be told.</summary>
    public required IReadOnlyDictionary<string, EquatableList<string>> Roles { get; init; }

    /// <summary>
    /// The environment variable by which a replica with a role is told the address that the others reach it by; null = it finds that
    /// itself.
    /// </summary>
    public string? RoleAddress { get; init; }

    /// <summary>What stands before replicas with roles and sends each request to one of both kinds; null = none is known.</summary>
    public ServingRouter? Router { get; init; }

    /// <summary>Lines of its configuration file by what they say; empty where flags say all.</summary>
    public required IReadOnlyDictionary<string, EquatableList<string>> Config { get; init; }

    /// <summary>Formats of weights.</summary>
    public required EquatableList<FormatOption> Weights { get; init; }

    /// <summary>Formats of the cache.</summary>
    public required EquatableList<FormatOption> KvCache { get; init; }

    /// <summary>Most tokens of a step that are worth trying.</summary>
    public required EquatableList<int> StepTokens { get; init; }

    /// <summary>Most sequences of a step that are worth trying, ascending.</summary>
    public required EquatableList<int> Sequences { get; init; }

    /// <summary>Prompts can be read by replicas of their own.</summary>
    public bool CanSeparate => Roles.Count > 0;

    /// <summary>Whether it runs a format of weights or of the cache on a device, as <c>catalog/frameworks</c> has it.</summary>
    public bool Runs(string format, Device device) =>
        FrameworkCatalog.Find(Framework, "framework").Formats?.RunsOn(format.ToLowerInvariant(), device) ?? true;

    /// <summary>Whether a degree of that kind can be told.</summary>
    public bool Takes(string flag) => Flags.ContainsKey(flag);
}
