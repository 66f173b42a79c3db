using System.Globalization;
using System.Text;
using Inferometer.Core;
using Inferometer.Core.Deployments;
using Inferometer.Planning.Deployments;
using Inferometer.Planning.Programs;

namespace Inferometer.Planning.Launching;

/// <summary>The command line that starts one replica of a deployment, from the flags that <c>catalog/launch</c> knows of its
/// program.</summary>
public sealed record LaunchCommand
{
    /// <summary>Name of the file that <see cref="ConfigLines"/> go to.</summary>
    public const string ConfigFile = "config.yaml";

    /// <summary>The program.</summary>
    public required ServingProgram Program { get; init; }

    /// <summary>Program and arguments, one each.</summary>
    public required EquatableList<string> Arguments { get; init; }

    /// <summary>Lines of the configuration file that the command names; empty = it needs none.</summary>
    public required EquatableList<string> ConfigLines { get; init; }

    /// <summary>What to know before it is run, one sentence each.</summary>
    public required EquatableList<string> Notes { get; init; }

    /// <summary>Role of a replica that does not do all: prefill or decode; null = it does.</summary>
    public string? Role { get; init; }

    /// <summary>The command of a replica.</summary>
    /// <param name="deployment">The deployment.</param>
    /// <param name="checkpoint">What the program is to load.</param>
    /// <param name="longestTokens">Longest request, prompt and answer, tokens.</param>
    /// <param name="role">prefill or decode, where these are apart; null = both.</param>
    /// <exception cref="InferometerException">The program has no words for something that the deployment asks.</exception>
    public static LaunchCommand Of(Deployment deployment, Checkpoint checkpoint, int longestTokens, string? role = null)
    {
        ArgumentNullException.ThrowIfNull(deployment);
        ArgumentNullException.ThrowIfNull(checkpoint);
        DeploymentShape shape = deployment.Shape;
        ServingProgram program = ServingPrograms.Find(shape.Framework.Name, "framework");
        FormatOption weights = Format(program, program.Weights, shape.Weights, "weights");
        FormatOption cache = Format(program, program.KvCache, shape.KvCache, "the KV cache");
        string? missing = MissingCheckpoint(program, weights, checkpoint, shape);

        // The published one would be loaded as it is: too large, or slower than planned.
        string model = missing is null || IsFile(program) ? checkpoint.Name : $"path/to/{LastOf(checkpoint.Name)}-{shape.Weights}";
        List<string> arguments =
        [
            .. program.Command.Select(word => word.Replace("{model}", IsFile(program) ? LastOf(model) : model, StringComparison.Ordinal)
                .Replace("{weights}", shape.Weights, StringComparison.Ordinal)),
        ];
        List<string> config = [.. weights.Config, .. cache.Config];
        Spread(arguments, config, program, shape);
        Add(arguments, program, "sequences", deployment.MaxSequences);
        Add(arguments, program, "step_tokens", deployment.StepTokens);
        Add(arguments, program, "context", longestTokens);
        Add(arguments, program, "cache", (long)longestTokens * deployment.MaxSequences);
        if (missing is null && !checkpoint.IsInFormat)
        {
            arguments.AddRange(weights.Flags);
        }

        arguments.AddRange(cache.Flags);
        Add(arguments, program, "port", program.Port);
        if (role is not null)
        {
            arguments.AddRange(program.Roles.TryGetValue(role, out EquatableList<string>? flags) ? flags : throw new InferometerException(
                $"--emit: how {program.Program} is told to {role} alone is not known; plan with --modes aggregated."));
        }

        if (config.Count > 0)
        {
            arguments.AddRange(program.Flags["config"].Select(word => word.Replace("{file}", ConfigFile, StringComparison.Ordinal)));
        }

        List<string> notes = [];
        if (missing is not null)
        {
            notes.Add(missing);
        }

        if (program.Flags.TryGetValue("context", out EquatableList<string>? context))
        {
            notes.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"{context[0]} is the longest request of the question, {longestTokens} tokens: raise it where longer ones come."));
        }

        if (role is not null)
        {
            notes.Add(
                $"Prompts and answers are apart: {program.Router?.Program ?? "a router"} in front sends each request to a replica of both "
                    + "kinds.");
        }

        return new LaunchCommand
        {
            Program = program,
            Arguments = [.. arguments],
            ConfigLines = [.. config],
            Notes = [.. notes],
            Role = role,
        };
    }

    /// <summary>The command for a POSIX shell, with the configuration file before it where there is one.</summary>
    public string ToShell()
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"# {Program.Program} {Program.Version}{(Role is null ? "" : $", {Role}")}\n");
        text.AppendJoin("", Notes.Select(Comment.Of));

        if (ConfigLines.Count > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"cat > {ConfigFile} <<'END'\n{string.Join('\n', ConfigLines)}\nEND\n");
        }

        if (Role is not null && Program.RoleAddress is { } variable)
        {
            text.Append(CultureInfo.InvariantCulture, $"export {variable}=$(hostname -I | cut -d' ' -f1)\n");
        }

        return text.Append(Shell(Arguments)).ToString();
    }

    /// <summary>A command for a POSIX shell; a flag and its value share a line.</summary>
    internal static string Shell(EquatableList<string> arguments)
    {
        StringBuilder text = new();
        for (int i = 0; i < arguments.Count; i++)
        {
            string word = Quoted(arguments[i]);
            bool opens = i > 0 && arguments[i].StartsWith('-') && arguments[i].Length > 2;
            text.Append(i == 0 ? "" : opens ? " \\\n  " : " ").Append(word);
        }

        return text.Append('\n').ToString();
    }

    // A checkpoint that carries its own quantisation is told by itself; a flag for it could name another way of the same format.
    private static string? MissingCheckpoint(ServingProgram program, FormatOption weights, Checkpoint checkpoint, DeploymentShape shape)
    {
        if (checkpoint.IsInFormat)
        {
            return null;
        }

        string give = $"give it a checkpoint of {checkpoint.Name} in {shape.Weights}";
        double each = checkpoint.Bytes / shape.Devices, room = shape.System.Device.UsableMemoryBytes;
        return weights.NeedsCheckpoint ? $"{program.Program} loads weights as they are stored: {give}."
            : weights.ConvertsWhileLoading && each > room ? string.Create(
                CultureInfo.InvariantCulture,
                $"{program.Program} converts weights after it has loaded them, and the published ones take {each / 1e9:0.#} GB of a "
                    + $"device's {room / 1e9:0.#}: {give}.")
            : null;
    }

    private static void Spread(List<string> arguments, List<string> config, ServingProgram program, DeploymentShape shape)
    {
        Parallelism spread = shape.Parallelism;
        if (spread.AttentionDataParallel)
        {
            Add(arguments, program, "attention_data", spread.Data);
            config.AddRange(program.Config.GetValueOrDefault("attention_data") ?? []);
            return;
        }

        if (spread.Tensor > 1)
        {
            Add(arguments, program, "tensor", spread.Tensor);
        }

        if (spread.Pipeline > 1)
        {
            Add(arguments, program, "pipeline", spread.Pipeline);
        }
        else if (spread.Tensor == 1)
        {
            Add(arguments, program, "single", 1);
        }

        if (spread.Expert > 1)
        {
            Add(arguments, program, "expert", spread.Expert);
        }
    }

    private static void Add(List<string> arguments, ServingProgram program, string what, long number)
    {
        if (program.Flags.TryGetValue(what, out EquatableList<string>? words))
        {
            arguments.AddRange(words.Select(w => w.Replace("{n}", number.ToString(CultureInfo.InvariantCulture),
                StringComparison.Ordinal)));
        }
    }

    private static FormatOption Format(ServingProgram program, EquatableList<FormatOption> known, string name, string what) =>
        known.FirstOrDefault(f => string.Equals(f.Name, name, StringComparison.OrdinalIgnoreCase)) ?? throw new InferometerException(
            $"--emit: how {program.Program} is told to keep {what} in '{name}' is not known. "
                + $"Known: {string.Join(", ", known.Select(f => f.Name))}.");

    // A file's name is made of the last part of a model's.
    private static bool IsFile(ServingProgram program) => program.Command.Any(word => word.Contains(".gguf", StringComparison.Ordinal));

    private static string LastOf(string model) => model[(model.LastIndexOf('/') + 1)..];

    private static string Quoted(string word) => word.All(c =>
        char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.' or '/' or ':' or '=' or ',')
        ? word
        : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";
}
