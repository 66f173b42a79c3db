using System.Text.Json;
using System.Text.Json.Nodes;

namespace Inferometer.Simulation.Configuration;

/// <summary>
/// One simulation as a user states it: a model, the features that are on, their parameters, and the system. A feature
/// that is not listed is off. Reads and writes JSON and YAML under the names
/// <c>model</c>, <c>features</c>, <c>simulation_params</c>, <c>system_config</c>.
/// </summary>
public sealed record SimulationConfig
{
    private static readonly string[] Members = ["model", "features", "simulation_params", "system_config"];
    private static readonly JsonDocumentOptions ReadOptions = new()
    {
        AllowTrailingCommas = true,
        CommentHandling = JsonCommentHandling.Skip,
        MaxDepth = 64,
        AllowDuplicateProperties = false,
    };

    private static readonly JsonSerializerOptions WriteOptions = new() { WriteIndented = true };

    /// <summary>Catalog name or alias of the model, or the path of a config.json, a Hugging Face folder or a GGUF file.</summary>
    public required string Model { get; init; }

    /// <summary>Names of the features that are on; see <see cref="Features.FeatureRegistry"/>.</summary>
    public Core.EquatableList<string> Features { get; init; } = [];

    /// <summary>Parameters of the simulation and of its features.</summary>
    public ParameterBag SimulationParams { get; init; } = ParameterBag.Empty;

    /// <summary>
    /// A system given inline instead of by <c>system_name</c>: <c>Flops</c> (TFLOPS), <c>Memory_size</c> (GB),
    /// <c>Memory_BW</c> (GB/s), <c>ICN</c> (GB/s). Null when the system is named.
    /// </summary>
    public ParameterBag? SystemConfig { get; init; }

    /// <summary>Reads a configuration file; <c>.yaml</c> and <c>.yml</c> are YAML, everything else JSON.</summary>
    /// <exception cref="Core.InferometerException">The file cannot be read or is not a configuration.</exception>
    public static SimulationConfig Load(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new Core.InferometerException(
                $"configuration file '{path}': cannot be read: {Core.FileFault.Describe(error, path)}", error);
        }

        bool yaml = path.EndsWith(".yaml", StringComparison.OrdinalIgnoreCase) || path.EndsWith(".yml", StringComparison.OrdinalIgnoreCase);
        return yaml ? FromYaml(text, path) : FromJson(text, path);
    }

    /// <summary>Reads a configuration from JSON text.</summary>
    /// <param name="text">The JSON.</param>
    /// <param name="origin">Where the text came from, for errors.</param>
    /// <exception cref="Core.InferometerException">Not JSON, or not a configuration.</exception>
    public static SimulationConfig FromJson(string text, string origin = "configuration")
    {
        JsonNode? node;
        try
        {
            node = JsonNode.Parse(text, documentOptions: ReadOptions);
        }
        catch (JsonException error)
        {
            throw new Core.InferometerException(
                $"{origin}: not valid JSON at line {error.LineNumber + 1}, column {error.BytePositionInLine + 1}: "
                    + Core.JsonFault.Reason(error), error);
        }

        return node is JsonObject root
            ? FromNode(root, origin)
            : throw new Core.InferometerException($"{origin}: must hold a JSON object with {string.Join(", ", Members)}.");
    }

    /// <summary>Reads a configuration from YAML text.</summary>
    /// <param name="text">The YAML.</param>
    /// <param name="origin">Where the text came from, for errors.</param>
    /// <exception cref="Core.InferometerException">Not YAML, or not a configuration.</exception>
    public static SimulationConfig FromYaml(string text, string origin = "configuration") =>
        FromNode(YamlText.ParseObject(text, origin), origin);

    /// <summary>Writes indented JSON.</summary>
    public string ToJson() => ToNode().ToJsonString(WriteOptions);

    /// <summary>Writes block-style YAML.</summary>
    public string ToYaml() => YamlText.Write(ToNode());

    /// <summary>The configuration as a JSON object.</summary>
    public JsonObject ToNode()
    {
        JsonObject root = new()
        {
            ["model"] = Model,
            ["features"] = new JsonArray([.. Features.Select(f => (JsonNode)f)]),
            ["simulation_params"] = SimulationParams.ToJson(),
        };
        if (SystemConfig is not null)
        {
            root["system_config"] = SystemConfig.ToJson();
        }

        return root;
    }

    private static SimulationConfig FromNode(JsonObject root, string origin)
    {
        foreach ((string name, _) in root)
        {
            if (!Members.Contains(name, StringComparer.Ordinal))
            {
                throw new Core.InferometerException($"{origin}: '{name}' is not a known member. Allowed: {string.Join(", ", Members)}.");
            }
        }

        if (root["model"] is not JsonValue model || !model.TryGetValue(out string? name0) || string.IsNullOrWhiteSpace(name0))
        {
            throw new Core.InferometerException($"{origin}: 'model' is missing; it must be a model's name or the path of its files.");
        }

        return new SimulationConfig
        {
            Model = name0,
            Features = [.. ReadFeatures(root["features"], origin)],
            SimulationParams = new ParameterBag(
                ReadObject(root["simulation_params"], "simulation_params", origin) ?? [], $"{origin}: simulation_params"),
            SystemConfig = ReadObject(root["system_config"], "system_config", origin) is { } system
                ? new ParameterBag(system, $"{origin}: system_config")
                : null,
        };
    }

    private static IEnumerable<string> ReadFeatures(JsonNode? node, string origin)
    {
        if (node is null)
        {
            return [];
        }

        List<string> names = [];
        foreach (JsonNode? item in node as JsonArray ?? throw FeatureError(node, origin))
        {
            names.Add(item is JsonValue value && value.TryGetValue(out string? text) ? text : throw FeatureError(item, origin));
        }

        return names;
    }

    private static Core.InferometerException FeatureError(JsonNode? node, string origin) =>
        new($"{origin}: features: {node?.ToJsonString() ?? "null"} is not allowed; it must be a list of feature names.");

    private static JsonObject? ReadObject(JsonNode? node, string member, string origin) => node switch
    {
        null => null,
        JsonObject value => value,
        _ => throw new Core.InferometerException(
            $"{origin}: {member}: {node.ToJsonString()} is not allowed; it must be an object with named values."),
    };
}
