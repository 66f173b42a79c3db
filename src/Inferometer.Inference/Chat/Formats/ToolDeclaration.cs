using System.Text.Json;

namespace Inferometer.Inference.Chat.Formats;

/// <summary>A tool that a model may call.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Description">What it is for.</param>
/// <param name="Parameters">JSON schema of its arguments, an object.</param>
public sealed record ToolDeclaration(string Name, string Description, JsonElement Parameters)
{
    /// <summary>The type of an argument as the schema names it; null where it names none.</summary>
    internal string? TypeOf(string argument) =>
        Parameters.ValueKind == JsonValueKind.Object && Parameters.TryGetProperty("properties", out JsonElement properties)
        && properties.ValueKind == JsonValueKind.Object && properties.TryGetProperty(argument, out JsonElement schema)
        && schema.ValueKind == JsonValueKind.Object && schema.TryGetProperty("type", out JsonElement type)
        && type.ValueKind == JsonValueKind.String ? type.GetString() : null;
}
