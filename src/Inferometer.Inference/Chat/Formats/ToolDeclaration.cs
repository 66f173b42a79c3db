using System.Text.Encodings.Web;
using System.Text.Json;
using Inferometer.Core;
using Inferometer.Inference.Constraints;

namespace Inferometer.Inference.Chat.Formats;

/// <summary>A tool that a model may call.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it is for.</param>
/// <param name="Parameters">JSON schema of its arguments, an object.</param>
public sealed record ToolDeclaration(string Name, string Description, JsonElement Parameters)
{
    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>What a template's variable <c>tools</c> holds: the tools in the form of OpenAI's API; null where there are none.</summary>
    public static JsonElement? VariableOf(IReadOnlyList<ToolDeclaration> tools)
    {
        ArgumentNullException.ThrowIfNull(tools);
        if (tools.Count == 0)
        {
            return null;
        }

        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream, Plain))
        {
            writer.WriteStartArray();
            foreach (ToolDeclaration tool in tools)
            {
                writer.WriteStartObject();
                writer.WriteString("type", "function");
                writer.WriteStartObject("function");
                writer.WriteString("name", tool.Name);
                writer.WriteString("description", tool.Description);
                writer.WritePropertyName("parameters");
                tool.Parameters.WriteTo(writer);
                writer.WriteEndObject();
                writer.WriteEndObject();
            }

            writer.WriteEndArray();
        }

        return JsonElement.Parse(stream.ToArray());
    }

    /// <summary>Whether calls can be held to its schema.</summary>
    internal bool IsHoldable
    {
        get
        {
            try
            {
                return OutputConstraint.FromJsonSchema(Parameters) is not null;
            }
            catch (InferometerException)
            {
                return false;
            }
        }
    }

    /// <summary>The type of an argument as the schema names it; null where it names none.</summary>
    internal string? TypeOf(string argument) => SchemaOf(argument) is { } schema ? TypeOf(schema) : null;

    /// <summary>The schema of an argument; null where there is none.</summary>
    internal JsonElement? SchemaOf(string argument) => Member(Parameters, "properties") is { } all ? Member(all, argument) : null;

    /// <summary>The one type that a schema names; null where it names none or several.</summary>
    internal static string? TypeOf(JsonElement schema) =>
        Member(schema, "type") is { ValueKind: JsonValueKind.String } type ? type.GetString() : null;

    /// <summary>A member of an object; null where it has none, or is no object.</summary>
    internal static JsonElement? Member(JsonElement schema, string name) =>
        schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty(name, out JsonElement value) ? value : null;
}
