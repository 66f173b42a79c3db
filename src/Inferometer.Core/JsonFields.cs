using System.Globalization;
using System.Text.Json;

namespace Inferometer.Core;

/// <summary>
/// Typed, range-checked access to the fields of a JSON object a person wrote; every error names the file, the field and its value.
/// </summary>
/// <param name="root">A JSON object.</param>
/// <param name="source">File, for messages.</param>
/// <param name="path">Path of the object inside the file with a trailing dot, or empty.</param>
/// <param name="fallback">
/// Where a field is looked for that this object does not mention (a class's defaults); a field that is null here is not there.
/// </param>
internal sealed class JsonFields(JsonElement root, string source, string path = "", JsonFields? fallback = null)
{
    private readonly HashSet<string> _read = new(StringComparer.Ordinal);
    private readonly HashSet<string> _defaulted = new(StringComparer.Ordinal);
    private readonly HashSet<string> _missed = new(StringComparer.Ordinal);

    public string Source => source;

    /// <summary>Names that were asked for and are in the object itself.</summary>
    public IReadOnlyCollection<string> ReadNames => _read;

    /// <summary>Names that were asked for and came from the fallback.</summary>
    public IReadOnlyCollection<string> DefaultedNames => _defaulted;

    /// <summary>Names of the object itself.</summary>
    public IEnumerable<string> Names => root.EnumerateObject().Select(property => property.Name);

    /// <summary>The same object with <paramref name="defaults"/> behind it.</summary>
    public JsonFields Over(JsonFields defaults) => new(root, source, path, defaults);

    /// <summary>True where the object itself mentions the name, with a value or with null.</summary>
    public bool Mentions(string name) => root.TryGetProperty(name, out _);

    public bool Has(string name) => TryGet(name, out _);

    public bool HasAny(params ReadOnlySpan<string> names) => First(names, out _) is not null;

    /// <summary>A required integer within 1..<paramref name="max"/> under the first of the names that is there.</summary>
    public int Int(int max, params ReadOnlySpan<string> names)
    {
        if (First(names, out JsonElement value) is not { } name)
        {
            throw new InferometerException($"{source}: the field '{path}{names[0]}' is missing; it should be an integer of at least 1"
                + (names.Length > 1 ? $" (also read: {string.Join(", ", names[1..].ToArray())})." : "."));
        }

        return Int(name, value, 1, max);
    }

    /// <summary>
    /// An integer within <paramref name="min"/>..<paramref name="max"/>, or <paramref name="fallback"/> where none of the names is there.
    /// </summary>
    public int IntOr(int fallback, int min, int max, params ReadOnlySpan<string> names) =>
        First(names, out JsonElement value) is { } name ? Int(name, value, min, max) : fallback;

    public double NumberOr(double fallback, params ReadOnlySpan<string> names) =>
        First(names, out JsonElement value) is { } name ? Number(name, value) : fallback;

    public double PositiveOr(double fallback, params ReadOnlySpan<string> names)
    {
        if (First(names, out JsonElement value) is not { } name)
        {
            return fallback;
        }

        double number = Number(name, value);
        return number > 0 ? number : throw Wrong(name, value, "a number above 0");
    }

    public bool BoolOr(bool fallback, params ReadOnlySpan<string> names)
    {
        if (First(names, out JsonElement value) is not { } name)
        {
            return fallback;
        }

        return value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw Wrong(name, value, "true or false"),
        };
    }

    public string? Text(params ReadOnlySpan<string> names)
    {
        if (First(names, out JsonElement value) is not { } name)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw Wrong(name, value, "a string");
    }

    /// <summary>A string, or null where the field is missing or of another kind (a number or a pattern of letters).</summary>
    public string? TextOrNull(string name) =>
        TryGet(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    public JsonFields? Object(string name)
    {
        if (!TryGet(name, out JsonElement value))
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Object
            ? new JsonFields(value, source, $"{path}{name}.")
            : throw Wrong(name, value, "an object");
    }

    /// <summary>The objects of an array, or null where the field is missing.</summary>
    public JsonFields[]? Objects(string name) => Elements(name, "an array of objects", (n, v) =>
        v.ValueKind == JsonValueKind.Object ? new JsonFields(v, source, $"{path}{n}.") : throw Wrong(n, v, "an array of objects"));

    public bool IsObject(string name) => TryGet(name, out JsonElement value) && value.ValueKind == JsonValueKind.Object;

    public bool IsArray(string name) => TryGet(name, out JsonElement value) && value.ValueKind == JsonValueKind.Array;

    public string[]? Texts(string name) => Elements(name, "an array of strings", (n, v) =>
        v.ValueKind == JsonValueKind.String ? v.GetString()! : throw Wrong(n, v, "an array of strings"));

    public int[]? Ints(string name, int min, int max) => Elements(name, "an array of integers", (n, v) => Int(n, v, min, max));

    public double[]? Numbers(string name) => Elements(name, "an array of numbers", Number);

    public InferometerException Wrong(string name, string allowed) =>
        TryGet(name, out JsonElement value) ? Wrong(name, value, allowed) : new($"{source}: the field '{path}{name}' should be {allowed}.");

    public InferometerException Wrong(string name, JsonElement value, string allowed)
    {
        string text = value.GetRawText();
        return new InferometerException(
            $"{source}: the field '{path}{name}' is {(text.Length > 60 ? text[..60] + "..." : text)}; it should be {allowed}.");
    }

    /// <summary>Refuses a field that nobody has asked for, so that a misspelt one is not taken for a default.</summary>
    /// <exception cref="InferometerException">There is one; the message offers near names of those asked for.</exception>
    public void RefuseUnread()
    {
        foreach (string name in root.EnumerateObject().Where(p => IsValue(p.Value) && !_read.Contains(p.Name)).Select(p => p.Name))
        {
            string near = NameSuggestion.Sentence(NameSuggestion.Near(name, _missed).Take(3));
            throw new InferometerException($"{source}: nothing reads the field '{path}{name}'.{near}");
        }
    }

    private T[]? Elements<T>(string name, string expected, Func<string, JsonElement, T> read)
    {
        if (!TryGet(name, out JsonElement value))
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            throw Wrong(name, value, expected);
        }

        var result = new T[value.GetArrayLength()];
        int i = 0;
        foreach (JsonElement element in value.EnumerateArray())
        {
            result[i] = read(string.Create(CultureInfo.InvariantCulture, $"{name}[{i}]"), element);
            i++;
        }

        return result;
    }

    private int Int(string name, JsonElement value, int min, int max)
    {
        // Some tools write integers as 53248.0.
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number)
            && number >= min && number <= max && number == Math.Floor(number))
        {
            return (int)number;
        }

        throw Wrong(name, value, string.Create(CultureInfo.InvariantCulture, $"an integer from {min} to {max}"));
    }

    private double Number(string name, JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && double.IsFinite(number)
            ? number
            : throw Wrong(name, value, "a finite number");

    // All spellings are looked for in the object before any in the fallback: a file may use another spelling than the defaults.
    private string? First(ReadOnlySpan<string> names, out JsonElement value)
    {
        bool mentioned = false;
        foreach (string name in names)
        {
            if (root.TryGetProperty(name, out value))
            {
                mentioned = true;
                if (IsValue(value))
                {
                    _read.Add(name);
                    return name;
                }
            }

            _missed.Add(name);
        }

        value = default;
        string? found = mentioned ? null : fallback?.First(names, out value);
        if (found is not null)
        {
            _defaulted.Add(found);
        }

        return found;
    }

    private bool TryGet(string name, out JsonElement value) => First([name], out value) is not null;

    private static bool IsValue(JsonElement value) => value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined);
}
