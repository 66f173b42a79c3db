using System.Reflection;
using System.Text.Json;
using Inferometer.Core;

namespace Inferometer.Planning.Programs;

/// <summary>The serving programs whose flags are known. Immutable; thread-safe.</summary>
public static class ServingPrograms
{
    private const string Folder = "launch/";
    private static readonly Lazy<IReadOnlyList<ServingProgram>> BuiltIn = new(Load);

    /// <summary>All of them: vLLM first, llama.cpp last.</summary>
    public static IReadOnlyList<ServingProgram> All => BuiltIn.Value;

    /// <summary>One by its framework's name, ignoring case.</summary>
    /// <param name="framework">The name.</param>
    /// <param name="origin">Where it came from, for the error.</param>
    /// <exception cref="InferometerException">There is none.</exception>
    public static ServingProgram Find(string framework, string origin) =>
        All.FirstOrDefault(p => string.Equals(p.Framework, framework,
            StringComparison.OrdinalIgnoreCase)) ?? throw new InferometerException(
            $"{origin}: '{framework}' is not a framework whose flags are known."
                + $"{NameSuggestion.For(framework, All.Select(p => p.Framework))} "
                + $"Allowed: {string.Join(", ", All.Select(p => p.Framework))}.");

    internal static ServingProgram Parse(JsonElement root, string source)
    {
        string Text(string name) => root.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : throw new InferometerException($"{source}: '{name}' is missing; it must be a text.");

        return new ServingProgram
        {
            Framework = Text("framework"),
            Program = Text("program"),
            Version = Text("version"),
            Source = Text("source"),
            Command = Texts(root.GetProperty("command")),
            Images = ByVendor(root.GetProperty("image")),
            ImageSource = Text("image_source"),
            ImageExecutable = root.TryGetProperty("image_executable", out _) ? Text("image_executable") : null,
            Port = root.GetProperty("port").GetInt32(),
            Health = Text("health"),
            HealthSource = Text("health_source"),
            HealthTimeoutSeconds = root.GetProperty("health_timeout_seconds").GetInt32(),
            Flags = Lists(root, "flags"),
            Roles = Lists(root, "roles"),
            RoleAddress = root.TryGetProperty("role_address", out _) ? Text("role_address") : null,
            Router = root.TryGetProperty("router", out JsonElement router) ? RouterOf(router) : null,
            Config = Lists(root, "config"),
            Weights = Formats(root, "weights"),
            KvCache = Formats(root, "kv_cache"),
            StepTokens = [.. root.GetProperty("step_tokens").EnumerateArray().Select(n => n.GetInt32())],
            Sequences = [.. root.GetProperty("sequences").EnumerateArray().Select(n => n.GetInt32())],
        };
    }

    private static ServingRouter RouterOf(JsonElement root) => new()
    {
        Program = root.GetProperty("program").GetString()!,
        Source = root.GetProperty("source").GetString()!,
        Command = Texts(root.GetProperty("command")),
        AttentionData = root.TryGetProperty("attention_data", out JsonElement words) ? Texts(words) : [],
        Prefill = Texts(root.GetProperty("prefill")),
        Decode = Texts(root.GetProperty("decode")),
        Listen = Texts(root.GetProperty("listen")),
        Port = root.GetProperty("port").GetInt32(),
        Images = ByVendor(root.GetProperty("images")),
    };

    private static Dictionary<string, string> ByVendor(JsonElement root) =>
        root.EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetString()!, StringComparer.Ordinal);

    private static ServingProgram[] Load()
    {
        Assembly assembly = typeof(ServingPrograms).Assembly;
        List<ServingProgram> programs = [];
        foreach (string name in assembly.GetManifestResourceNames().Where(n => n.StartsWith(Folder, StringComparison.Ordinal)))
        {
            using Stream stream = assembly.GetManifestResourceStream(name)!;
            using JsonDocument document = JsonDocument.Parse(stream);
            programs.Add(Parse(document.RootElement, "catalog/" + name));
        }

        // What serves many users on accelerators comes first; the order decides between equals.
        string[] order = ["vllm", "sglang", "trtllm", "llama.cpp"];
        return [.. programs.OrderBy(p => Array.IndexOf(order, p.Framework)).ThenBy(p => p.Framework, StringComparer.Ordinal)];
    }

    private static Dictionary<string, EquatableList<string>> Lists(JsonElement root, string name) =>
        root.TryGetProperty(name, out JsonElement value)
            ? value.EnumerateObject().ToDictionary(p => p.Name, p => Texts(p.Value), StringComparer.Ordinal)
            : new(StringComparer.Ordinal);

    private static EquatableList<FormatOption> Formats(JsonElement root, string name) =>
    [
        .. root.GetProperty(name).EnumerateObject().Select(p => new FormatOption(p.Name)
        {
            IsSearched = Flag(p.Value, "searched"),
            NeedsCheckpoint = Flag(p.Value, "checkpoint"),
            Flags = p.Value.TryGetProperty("flags", out JsonElement flags) ? Texts(flags) : [],
            Config = p.Value.TryGetProperty("config", out JsonElement lines) ? Texts(lines) : [],
        }),
    ];

    private static bool Flag(JsonElement root, string name) => root.TryGetProperty(name, out JsonElement value) && value.GetBoolean();

    private static EquatableList<string> Texts(JsonElement array) => [.. array.EnumerateArray().Select(t => t.GetString()!)];
}
