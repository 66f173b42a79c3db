using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Unicode;

namespace Inferometer.Core;

/// <summary>
/// Looks for text in JSON that is no Unicode: bytes that are no UTF-8, and half of a character (an unpaired surrogate), which JSON can
/// spell. A parsed document may hold both, and fails only where the text is asked for.
/// </summary>
public static class JsonUnicode
{
    private const int DeepestNesting = 1000;

    /// <summary>Whether all names and texts of a value are Unicode.</summary>
    /// <param name="value">A value of a parsed document.</param>
    public static bool IsSound(JsonElement value)
    {
        Utf8JsonReader reader = new(JsonMarshal.GetRawUtf8Value(value), new JsonReaderOptions { MaxDepth = DeepestNesting });
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.PropertyName or JsonTokenType.String && !IsText(in reader))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// Where the first name or text stands that is no Unicode: <c>messages[0].content</c>; of a name, the object it is in.
    /// </summary>
    /// <param name="value">A value of a parsed document.</param>
    /// <returns>Null where all are sound; empty for the value itself.</returns>
    public static string? PlaceOfUnsound(JsonElement value) => IsSound(value) ? null : Place(value, "");

    private static string Place(JsonElement value, string path)
    {
        if (value.ValueKind == JsonValueKind.Array)
        {
            int at = 0;
            foreach (JsonElement element in value.EnumerateArray())
            {
                if (!IsSound(element))
                {
                    return Place(element, $"{path}[{at}]");
                }

                at++;
            }
        }
        else if (value.ValueKind == JsonValueKind.Object)
        {
            foreach (JsonProperty property in value.EnumerateObject())
            {
                if (!IsSound(property.Value))
                {
                    return Name(property) is { } name ? Place(property.Value, path.Length == 0 ? name : $"{path}.{name}") : path;
                }
            }
        }

        return path;
    }

    private static string? Name(JsonProperty property)
    {
        try
        {
            return property.Name;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    private static bool IsText(in Utf8JsonReader reader)
    {
        if (!Utf8.IsValid(reader.ValueSpan))
        {
            return false;
        }

        if (!reader.ValueIsEscaped || reader.ValueSpan.IndexOf("\\u"u8) < 0)
        {
            return true;
        }

        try
        {
            _ = reader.GetString();
            return true;
        }
        catch (InvalidOperationException)
        {
            return false; // half of a character
        }
    }
}
