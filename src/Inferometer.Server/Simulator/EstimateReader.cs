using System.Text.Json;
using System.Text.Json.Nodes;
using Inferometer.Core;
using Inferometer.Server.Wire;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Planning;

namespace Inferometer.Server.Simulator;

/// <summary>
/// Reads what a request says of estimates: the options of the command line by their names without dashes (<c>model</c>, <c>on</c>,
/// <c>tp</c>, ...), or the configuration that <c>estimate --config</c> reads, told by its member <c>simulation_params</c>.
/// </summary>
internal sealed class EstimateReader(CatalogNames names, IReadOnlyList<EstimateSetting> settings)
{
    /// <summary>The one estimate described.</summary>
    /// <exception cref="ApiException">A field is missing, not known, or holds what it may not.</exception>
    public SimulationConfig ReadOne(RequestFields fields, JsonElement body)
    {
        if (IsConfiguration(body))
        {
            fields.Ignore("model", "features", "simulation_params", "system_config");
            return names.Named(Refusing(() => SimulationConfig.FromJson(WithoutOthers(body), "request")));
        }

        return ReadMany(fields, isList: false, inStep: false)[0];
    }

    /// <summary>Every combination of the values given.</summary>
    /// <param name="fields">The request.</param>
    /// <param name="isList">Whether a field may hold several values.</param>
    /// <param name="inStep">Take them in step, first with first.</param>
    /// <exception cref="ApiException">A field is missing, not known, or holds what it may not.</exception>
    public IReadOnlyList<SimulationConfig> ReadMany(RequestFields fields, bool isList, bool inStep)
    {
        string[] models = Texts(fields, "model", isList) ?? throw fields.Wrong("model", "the name of a model");
        JsonNode[] systems = Systems(fields, isList);
        bool flash = !(Flag(fields, "no-flash-attention") ?? false);
        EstimateRequestText start = EstimateRequestText.Of(models[0], systems[0], Texts(fields, "features", isList: true) ?? [], flash) with
        {
            AttentionDataParallel = Flag(fields, "attention-dp") ?? false,
            AllowUneven = Flag(fields, "allow-uneven") ?? false,
            Parameters = fields.TryGet("param", out JsonElement own) && own.ValueKind == JsonValueKind.Object
                ? JsonObject.Create(own)!
                : fields.Object("param") is null ? [] : throw fields.Wrong("param", "an object"),
        };
        EstimateCombinations all = new() { Start = start, Models = models, Systems = systems, Settings = Said(fields, isList) };
        return [.. Refusing(() => all.ToConfigs(inStep, SimulatorLimits.Combinations)).Select(names.Named)];
    }

    /// <summary>A yes or no under a name with hyphens or underscores.</summary>
    public static bool? Flag(RequestFields fields, string name) => fields.Flag(name) ?? fields.Flag(Underscored(name));

    /// <summary>The field under a name with hyphens or underscores.</summary>
    public static bool TryGet(RequestFields fields, string name, out JsonElement value) =>
        fields.TryGet(name, out value) || fields.TryGet(Underscored(name), out value);

    /// <summary>Runs what throws the simulator's errors, in the words of requests: options have no dashes there.</summary>
    public static T Refusing<T>(Func<T> read, string? field = null)
    {
        try
        {
            return read();
        }
        catch (InferometerException error)
        {
            throw ApiException.Invalid(field, Plain(error.Message));
        }
    }

    /// <summary>A message with the names of fields where it has those of options.</summary>
    public static string Plain(string message) => message.StartsWith("--", StringComparison.Ordinal) ? message[2..] : message;

    private static bool IsConfiguration(JsonElement body) =>
        body.ValueKind == JsonValueKind.Object
        && (body.TryGetProperty("simulation_params", out _) || body.TryGetProperty("system_config", out _));

    // Fields that are not of the estimate itself stand beside its own.
    private static string WithoutOthers(JsonElement body)
    {
        JsonObject config = [];
        foreach (JsonProperty member in body.EnumerateObject())
        {
            if (member.Name is "model" or "features" or "simulation_params" or "system_config")
            {
                config[member.Name] = JsonNode.Parse(member.Value.GetRawText());
            }
        }

        return config.ToJsonString();
    }

    private static string Underscored(string name) => name.Replace('-', '_');

    private List<IReadOnlyList<SaidValue>> Said(RequestFields fields, bool isList)
    {
        List<IReadOnlyList<SaidValue>> said = [];
        HashSet<string> given = new(StringComparer.Ordinal);
        foreach (EstimateSetting setting in settings)
        {
            foreach (string name in setting.Aliases.Prepend(setting.Option).Select(o => o.TrimStart('-')).Distinct(StringComparer.Ordinal))
            {
                if (Texts(fields, name, isList) is { } texts)
                {
                    given.Add(setting.Parameter);
                    said.Add([.. texts.Select(text => Refusing(() => SaidValue.Read(setting, text), name))]);
                }
            }
        }

        if (settings.FirstOrDefault(s => given.Contains(s.Parameter) && s.OnlyWith is { } needed && !given.Contains(needed)) is { } lone)
        {
            string needed = settings.First(s => string.Equals(s.Parameter, lone.OnlyWith, StringComparison.Ordinal)).Option[2..];
            throw ApiException.Invalid(lone.Option[2..], $"{lone.Option[2..]} needs {needed}.");
        }

        return said;
    }

    private static JsonNode[] Systems(RequestFields fields, bool isList)
    {
        const string Allowed = "the name of a machine, or an object with Flops, Memory_size, Memory_BW and ICN";
        if (!fields.TryGet("on", out JsonElement value))
        {
            throw fields.Wrong("on", Allowed);
        }

        return value.ValueKind switch
        {
            JsonValueKind.Object => [JsonObject.Create(value)!],
            JsonValueKind.Array when isList && value.GetArrayLength() > 0 =>
            [
                .. value.EnumerateArray().Select(item => item.ValueKind switch
                {
                    JsonValueKind.Object => JsonObject.Create(item)!,
                    JsonValueKind.String => (JsonNode)fields.StringOf(item, "on"),
                    _ => throw fields.Wrong("on", Allowed),
                }),
            ],
            _ => [.. Texts(fields, "on", isList)!.Select(text => JsonValue.Create(text))],
        };
    }

    /// <summary>The values of a field as texts; null where it is not there.</summary>
    private static string[]? Texts(RequestFields fields, string name, bool isList)
    {
        if (!TryGet(fields, name, out JsonElement value))
        {
            return null;
        }

        string[] texts = value.ValueKind switch
        {
            JsonValueKind.Array when isList => [.. value.EnumerateArray().Select(item => TextOf(fields, name, item))],
            JsonValueKind.String when isList => fields.StringOf(value, name).Split(',', StringSplitOptions.TrimEntries),
            _ => [TextOf(fields, name, value)],
        };
        return texts.Length > 0 && !texts.Any(string.IsNullOrWhiteSpace)
            ? texts
            : throw fields.Wrong(name, "a value, or a list of some, none of them empty");
    }

    private static string TextOf(RequestFields fields, string name, JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => fields.StringOf(value, name),
        JsonValueKind.Number => value.GetRawText(),
        _ => throw fields.Wrong(name, "a text or a number"),
    };
}
