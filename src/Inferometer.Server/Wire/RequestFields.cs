using System.Globalization;
using System.Text.Json;

namespace Inferometer.Server.Wire;

/// <summary>
/// The fields of one JSON object of a request. Each field is asked for once, by name and with what it may hold; what nobody asked for is
/// refused by name at the end (<see cref="RequireNothingElse"/>), so that no setting is silently ignored. A field that is null counts as
/// one that is not there. Not thread-safe.
/// </summary>
internal sealed class RequestFields
{
    private readonly JsonElement _object;
    private readonly string _path;
    private readonly HashSet<string> _asked = new(StringComparer.Ordinal);

    private RequestFields(JsonElement element, string path) => (_object, _path) = (element, path);

    /// <summary>The fields of a whole request.</summary>
    /// <exception cref="ApiException">It is no object.</exception>
    public static RequestFields Of(JsonElement element, string path = "") => element.ValueKind == JsonValueKind.Object
        ? new RequestFields(element, path)
        : throw ApiException.Invalid(
            path.Length == 0 ? null : path, $"{(path.Length == 0 ? "The request" : path)} must be a JSON object.");

    /// <summary>The name of a field with the objects it stands in: <c>stream_options.include_usage</c>.</summary>
    public string PathOf(string name) => _path.Length == 0 ? name : $"{_path}.{name}";

    /// <summary>A field's value.</summary>
    /// <returns>False where it is not there, or null.</returns>
    public bool TryGet(string name, out JsonElement value)
    {
        _asked.Add(name);
        return _object.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;
    }

    /// <summary>A text; null where it is not there.</summary>
    public string? Text(string name)
    {
        if (!TryGet(name, out JsonElement value))
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.String ? StringOf(value, name) : throw Wrong(name, "a string");
    }

    /// <summary>A yes or no; null where it is not there.</summary>
    public bool? Flag(string name) => !TryGet(name, out JsonElement value) ? null
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean()
        : throw Wrong(name, "true or false");

    /// <summary>A whole number; null where it is not there.</summary>
    public long? Whole(string name, long least, long most)
    {
        if (!TryGet(name, out JsonElement value))
        {
            return null;
        }

        string range = most == long.MaxValue
            ? string.Create(CultureInfo.InvariantCulture, $"a whole number, {least} or more")
            : string.Create(CultureInfo.InvariantCulture, $"a whole number from {least} to {most}");
        return IsWhole(value, out long number) && number >= least && number <= most ? number : throw Wrong(name, range);
    }

    /// <summary>
    /// Whether a value is a whole number, which it is as 16.0 or 1.6e1 as well: JSON has one kind of number, and clients in languages that
    /// have one as well write it so.
    /// </summary>
    public static bool IsWhole(JsonElement value, out long number)
    {
        number = 0;
        if (value.ValueKind != JsonValueKind.Number || value.TryGetInt64(out number))
        {
            return value.ValueKind == JsonValueKind.Number;
        }

        if (!value.TryGetDecimal(out decimal exact) || exact != decimal.Truncate(exact) || exact is < long.MinValue or > long.MaxValue)
        {
            return false;
        }

        number = (long)exact;
        return true;
    }

    /// <summary>A whole number of 32 bits; null where it is not there.</summary>
    public int? Count(string name, int least, int most = int.MaxValue) => (int?)Whole(name, least, most);

    /// <summary>A number; null where it is not there.</summary>
    /// <param name="name">The field.</param>
    /// <param name="least">The least that is allowed, or with <paramref name="above"/> the greatest that is not.</param>
    /// <param name="most">The most.</param>
    /// <param name="above">Whether <paramref name="least"/> itself is not allowed.</param>
    public float? Number(string name, double least, double most, bool above = false)
    {
        if (!TryGet(name, out JsonElement value))
        {
            return null;
        }

        bool fits = value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && number <= most
            && (above ? number > least : number >= least);
        return fits
            ? (float)value.GetDouble()
            : throw Wrong(
                name, string.Create(CultureInfo.InvariantCulture, $"a number {(above ? "above" : "from")} {least} {Most(most)}"));
    }

    /// <summary>A field's own fields; null where it is not there.</summary>
    public RequestFields? Object(string name) => TryGet(name, out JsonElement value) ? Of(value, PathOf(name)) : null;

    /// <summary>Any JSON, which outlives the request; null where it is not there.</summary>
    /// <exception cref="ApiException">A text in it is no valid Unicode.</exception>
    public JsonElement? Json(string name)
    {
        if (!TryGet(name, out JsonElement value))
        {
            return null;
        }

        RequireUnicode(value, PathOf(name));
        return value.Clone();
    }

    /// <summary>Fails at texts that hold half of a character, which JSON can spell.</summary>
    /// <exception cref="ApiException">There is one.</exception>
    public static void RequireUnicode(JsonElement value, string path)
    {
        try
        {
            Visit(value);
        }
        catch (InvalidOperationException)
        {
            throw ApiException.Invalid(path, $"{path}: a string in it is no valid Unicode text.");
        }

        static void Visit(JsonElement element)
        {
            switch (element.ValueKind)
            {
                case JsonValueKind.String:
                    _ = element.GetString();
                    break;
                case JsonValueKind.Array:
                    foreach (JsonElement item in element.EnumerateArray())
                    {
                        Visit(item);
                    }

                    break;
                case JsonValueKind.Object:
                    foreach (JsonProperty member in element.EnumerateObject())
                    {
                        _ = member.Name;
                        Visit(member.Value);
                    }

                    break;
                default:
                    break;
            }
        }
    }

    /// <summary>Fields that change nothing about the answer, whatever they hold.</summary>
    public void Ignore(params ReadOnlySpan<string> names)
    {
        foreach (string name in names)
        {
            _asked.Add(name);
        }
    }

    /// <summary>A field that this server has no answer to; fine where it is not there, or says no.</summary>
    /// <param name="name">The field.</param>
    /// <param name="why">What is not done, and what to do instead.</param>
    /// <exception cref="ApiException">It asks for something.</exception>
    public void Refuse(string name, string why)
    {
        bool asks = TryGet(name, out JsonElement value) && value.ValueKind switch
        {
            JsonValueKind.False => false,
            JsonValueKind.Array => value.GetArrayLength() > 0,
            JsonValueKind.String => value.GetString() is not ("" or "none"),
            _ => true,
        };
        if (asks)
        {
            throw ApiException.Unsupported(PathOf(name), why);
        }
    }

    /// <summary>Refuses fields that nobody asked for.</summary>
    /// <exception cref="ApiException">There is one; names it.</exception>
    public void RequireNothingElse()
    {
        foreach (JsonProperty property in _object.EnumerateObject())
        {
            if (property.Value.ValueKind != JsonValueKind.Null && !_asked.Contains(property.Name))
            {
                string name = PathOf(Shortened(property.Name));
                throw ApiException.Unsupported(name, "this field is not known here; leave it out.");
            }
        }
    }

    /// <summary>The error for a field that holds what it may not.</summary>
    public ApiException Wrong(string name, string allowed)
    {
        string path = PathOf(name);
        string fault = _object.TryGetProperty(name, out JsonElement value)
            ? $"{path}: {Shortened(value.GetRawText())} is not allowed"
            : $"{path} is missing";
        return ApiException.Invalid(path, $"{fault}; it must be {allowed}.");
    }

    /// <summary>The text of a string, which JSON lets be no text at all (half a surrogate pair).</summary>
    /// <exception cref="ApiException">It is none.</exception>
    public string StringOf(JsonElement value, string name)
    {
        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw ApiException.Invalid(PathOf(name), $"{PathOf(name)}: the string is no valid Unicode text.");
        }
    }

    private static string Most(double most) => double.IsFinite(most) && most < float.MaxValue
        ? string.Create(CultureInfo.InvariantCulture, $"to {most}")
        : "on";

    private static string Shortened(string text) => text.Length <= 60 ? text : string.Concat(text.AsSpan(0, 57), "...");
}
