using System.Text.Json.Nodes;
using Inferometer.Core.Deployments;
using Inferometer.Core.Weights;
using Inferometer.Simulation.Planning;

namespace Inferometer.Server.Simulator;

/// <summary>Settings as JSON Schema, from their declarations.</summary>
internal static class SettingSchema
{
    /// <summary>The schema of an estimate's setting.</summary>
    public static JsonObject Of(EstimateSetting setting)
    {
        JsonObject schema = new() { ["description"] = setting.Description };
        if (setting.Bounds is { } bounds)
        {
            schema["type"] = "integer";
            schema["minimum"] = bounds.Least;
            schema["maximum"] = bounds.Most;
        }
        else
        {
            schema["type"] = new JsonArray("string", "number");
            Add(schema, "enum", ChoicesOf(setting.ValueName));
            Add(schema, "examples", KnownTo(setting));
        }

        if (setting.Default is { } text)
        {
            schema["default"] = setting.Bounds is null ? JsonValue.Create(text) : JsonNode.Parse(text);
        }

        return schema;
    }

    /// <summary>The schema of a service's setting.</summary>
    public static JsonObject Of(ServiceSetting setting)
    {
        JsonObject schema = new() { ["description"] = setting.Description };
        if (setting.IsNumber)
        {
            schema["type"] = setting.IsWhole ? "integer" : "number";
            schema[setting.IsAbove ? "exclusiveMinimum" : "minimum"] = setting.Least;
            schema["maximum"] = setting.Most;
        }
        else
        {
            schema["type"] = setting.IsFlag ? "boolean" : setting.Words.Count > 0 ? "string" : new JsonArray("string", "number");
            Add(schema, "enum", setting.Words);
        }

        if (setting.Default is { } text)
        {
            schema["default"] = setting.IsNumber ? JsonNode.Parse(text) : text;
        }

        return setting.IsList ? OneOrSeveral(schema) : schema;
    }

    /// <summary>The schema of one value or a list of such.</summary>
    public static JsonObject OneOrSeveral(JsonObject schema)
    {
        JsonObject several = new() { ["type"] = "array", ["items"] = schema.DeepClone() };
        return new JsonObject { ["description"] = schema["description"]?.DeepClone(), ["anyOf"] = new JsonArray(schema, several) };
    }

    /// <summary>The words of a placeholder that names all that is allowed: <c>a|b|none</c>; none where it stands for more.</summary>
    public static IReadOnlyList<string> ChoicesOf(string placeholder) =>
        placeholder.Contains('|', StringComparison.Ordinal) && !placeholder.Any(char.IsAsciiLetterUpper) ? placeholder.Split('|') : [];

    /// <summary>Names that a format's setting takes; none for other settings.</summary>
    public static IReadOnlyList<string> KnownTo(EstimateSetting setting) => setting.Option switch
    {
        "--bits" => [setting.Default!, .. WeightFormats.All.Select(f => f.Name)],
        "--weights" => [.. WeightFormats.All.Select(f => f.Name)],
        "--kv" => [.. Precision.All.Select(p => p.Name), "q8", "q4"],
        "--activations" => [.. Precision.All.Select(p => p.Name)],
        _ => [],
    };

    private static void Add(JsonObject schema, string name, IReadOnlyList<string> texts)
    {
        if (texts.Count > 0)
        {
            schema[name] = new JsonArray([.. texts.Select(t => JsonValue.Create(t))]);
        }
    }
}
