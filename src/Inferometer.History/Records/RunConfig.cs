using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Inferometer.History.Records;

/// <summary>
/// What was asked for, as JSON with its members in order of their names and no blanks, so that equal settings are equal text, with the
/// SHA-256 of that text.
/// </summary>
/// <param name="Json">The canonical JSON.</param>
/// <param name="Hash">SHA-256 of it, 64 hexadecimal digits.</param>
public sealed record RunConfig(string Json, string Hash)
{
    /// <summary>The configuration of settings.</summary>
    /// <param name="settings">The settings, in any order.</param>
    public static RunConfig Of(JsonObject settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        using MemoryStream buffer = new();
        using (Utf8JsonWriter writer = new(buffer))
        {
            Write(writer, settings);
        }

        byte[] text = buffer.ToArray();
        return new RunConfig(Encoding.UTF8.GetString(text), Convert.ToHexStringLower(SHA256.HashData(text)));
    }

    /// <summary>The settings.</summary>
    public JsonObject ToJsonObject() => JsonNode.Parse(Json)!.AsObject();

    private static void Write(Utf8JsonWriter writer, JsonNode? node)
    {
        switch (node)
        {
            case JsonObject group:
                writer.WriteStartObject();
                foreach ((string name, JsonNode? value) in group.OrderBy(p => p.Key, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(name);
                    Write(writer, value);
                }

                writer.WriteEndObject();
                break;
            case JsonArray list:
                writer.WriteStartArray();
                foreach (JsonNode? item in list)
                {
                    Write(writer, item);
                }

                writer.WriteEndArray();
                break;
            case null:
                writer.WriteNullValue();
                break;
            default:
                node.WriteTo(writer);
                break;
        }
    }
}
