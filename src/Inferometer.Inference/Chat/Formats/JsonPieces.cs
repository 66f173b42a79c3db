using System.Text;
using System.Text.Json;

namespace Inferometer.Inference.Chat.Formats;

/// <summary>Reads JSON out of what a model wrote.</summary>
internal static class JsonPieces
{
    /// <summary>The JSON values of a text, one behind another; null where it is something else.</summary>
    public static List<JsonElement>? All(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        List<JsonElement> values = [];
        int at = 0;
        while (SkipBlank(bytes, ref at))
        {
            if (Next(bytes, ref at) is not { } value)
            {
                return null;
            }

            values.Add(value);
        }

        return values;
    }

    /// <summary>The JSON value that a text begins with, and how many characters it has; null where it begins with none.</summary>
    public static (JsonElement Value, int Length)? First(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        int at = 0;
        return SkipBlank(bytes, ref at) && Next(bytes, ref at) is { } value
            ? (value, Encoding.UTF8.GetCharCount(bytes, 0, at)) : null;
    }

    /// <summary>A value as JSON, or the text itself as a JSON text.</summary>
    public static JsonElement ValueOrText(string text) =>
        All(text) is [var only] ? only : JsonElement.Parse($"\"{JsonEncodedText.Encode(text)}\"");

    /// <summary>A text as a JSON text.</summary>
    public static JsonElement Text(string text) => JsonElement.Parse($"\"{JsonEncodedText.Encode(text)}\"");

    /// <summary>An object of members; of equal names the last counts.</summary>
    public static JsonElement Object(IEnumerable<KeyValuePair<string, JsonElement>> members)
    {
        OrderedDictionary<string, JsonElement> last = new(StringComparer.Ordinal);
        foreach ((string name, JsonElement value) in members)
        {
            last[name] = value;
        }

        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream))
        {
            writer.WriteStartObject();
            foreach ((string name, JsonElement value) in last)
            {
                writer.WritePropertyName(name);
                value.WriteTo(writer);
            }

            writer.WriteEndObject();
        }

        return JsonElement.Parse(stream.ToArray());
    }

    /// <summary>A list of values.</summary>
    public static JsonElement List(IEnumerable<JsonElement> values) =>
        JsonElement.Parse($"[{string.Join(',', values.Select(value => value.GetRawText()))}]");

    private static bool SkipBlank(byte[] bytes, ref int at)
    {
        while (at < bytes.Length && bytes[at] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
        {
            at++;
        }

        return at < bytes.Length;
    }

    private static JsonElement? Next(byte[] bytes, ref int at)
    {
        try
        {
            Utf8JsonReader reader = new(bytes.AsSpan(at), new JsonReaderOptions { AllowMultipleValues = true });
            if (!JsonDocument.TryParseValue(ref reader, out JsonDocument? document))
            {
                return null;
            }

            using (document)
            {
                at += (int)reader.BytesConsumed;
                return document.RootElement.Clone();
            }
        }
        catch (JsonException)
        {
            return null; // what a model wrote need not be JSON
        }
    }
}
