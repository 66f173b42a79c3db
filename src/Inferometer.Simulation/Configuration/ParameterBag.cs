using System.Globalization;
using System.Text.Json.Nodes;

namespace Inferometer.Simulation.Configuration;

/// <summary>
/// Named simulation parameters as a user gave them, with typed access and errors that say which parameter, which
/// value, what is allowed and where it came from. Immutable; a copy is taken of what goes in.
/// </summary>
public sealed class ParameterBag : IEquatable<ParameterBag>
{
    private readonly JsonObject _values;

    /// <summary>Copies the members of <paramref name="values"/>; null values count as not given.</summary>
    /// <param name="values">Members by parameter name.</param>
    /// <param name="path">Where the members stand, such as <c>config.json: simulation_params</c>; used in errors.</param>
    public ParameterBag(JsonObject values, string path = "simulation_params")
    {
        ArgumentNullException.ThrowIfNull(values);
        Path = path;

        // Read back from text, so that a number set in code and one read from a file are the same kind of node.
        _values = (JsonObject)JsonNode.Parse(values.ToJsonString())!;
        foreach (string absent in _values.Where(v => v.Value is null).Select(v => v.Key).ToArray())
        {
            _values.Remove(absent);
        }
    }

    /// <summary>A bag without parameters.</summary>
    public static ParameterBag Empty { get; } = new([]);

    /// <summary>Where the parameters stand; the beginning of every error.</summary>
    public string Path { get; }

    /// <summary>Names given, in the order given.</summary>
    public IEnumerable<string> Names => _values.Select(v => v.Key);

    /// <summary>True when <paramref name="name"/> was given.</summary>
    public bool Contains(string name) => _values.ContainsKey(name);

    /// <summary>The raw value, or null when not given. A copy: changing it changes nothing here.</summary>
    public JsonNode? Raw(string name) => _values[name]?.DeepClone();

    /// <summary>A copy of all members.</summary>
    public JsonObject ToJson() => (JsonObject)_values.DeepClone();

    /// <summary>A bag with one more or one replaced parameter.</summary>
    public ParameterBag With(string name, JsonNode value)
    {
        JsonObject copy = ToJson();
        copy[name] = value;
        return new ParameterBag(copy, Path);
    }

    /// <summary>A whole number of at least <paramref name="minimum"/>, or <paramref name="fallback"/> when not given.</summary>
    /// <exception cref="Core.InferometerException">Not a whole number, or out of range.</exception>
    public int Int32(string name, int fallback, int minimum = 0, int maximum = int.MaxValue)
    {
        JsonNode? node = _values[name];
        if (node is null)
        {
            return fallback;
        }

        double number = node is JsonValue value && value.TryGetValue(out double d) ? d : double.NaN;
        if (double.IsNaN(number) || number != Math.Floor(number) || number < minimum || number > maximum)
        {
            string range = maximum == int.MaxValue
                ? $"a whole number of at least {minimum}"
                : $"a whole number from {minimum} to {maximum}";
            throw Error(name, node, range);
        }

        return (int)number;
    }

    /// <summary>
    /// A number from <paramref name="minimum"/> to <paramref name="maximum"/>, or <paramref name="fallback"/> when not given.
    /// </summary>
    /// <exception cref="Core.InferometerException">Not a number, or out of range.</exception>
    public double Number(string name, double fallback, double minimum = 0, double maximum = double.MaxValue)
    {
        JsonNode? node = _values[name];
        if (node is null)
        {
            return fallback;
        }

        double number = node is JsonValue value && value.TryGetValue(out double d) ? d : double.NaN;
        if (!(number >= minimum && number <= maximum))
        {
            string low = minimum.ToString(CultureInfo.InvariantCulture);
            string range = maximum == double.MaxValue
                ? $"a number of at least {low}"
                : $"a number from {low} to {maximum.ToString(CultureInfo.InvariantCulture)}";
            throw Error(name, node, range);
        }

        return number;
    }

    /// <summary>A truth value, or <paramref name="fallback"/> when not given.</summary>
    /// <exception cref="Core.InferometerException">Not true or false.</exception>
    public bool Boolean(string name, bool fallback)
    {
        JsonNode? node = _values[name];
        return node switch
        {
            null => fallback,
            JsonValue value when value.TryGetValue(out bool b) => b,
            _ => throw Error(name, node, "true or false"),
        };
    }

    /// <summary>A text, or <paramref name="fallback"/> when not given.</summary>
    /// <exception cref="Core.InferometerException">Not a text, or not among <paramref name="allowed"/> when that is not empty.</exception>
    public string Text(string name, string fallback, params ReadOnlySpan<string> allowed)
    {
        JsonNode? node = _values[name];
        if (node is null)
        {
            return fallback;
        }

        if (node is not JsonValue value || !value.TryGetValue(out string? text))
        {
            throw Error(name, node, allowed.IsEmpty ? "a text" : "one of " + string.Join(", ", allowed));
        }

        if (!allowed.IsEmpty && !allowed.Contains(text))
        {
            throw Error(name, node, "one of " + string.Join(", ", allowed));
        }

        return text;
    }

    /// <summary>A nested group of parameters; an empty bag when not given.</summary>
    /// <exception cref="Core.InferometerException">Not an object.</exception>
    public ParameterBag Group(string name)
    {
        JsonNode? node = _values[name];
        return node switch
        {
            null => new ParameterBag([], $"{Path}.{name}"),
            JsonObject group => new ParameterBag(group, $"{Path}.{name}"),
            _ => throw Error(name, node, "an object with named values"),
        };
    }

    /// <summary>A list whose elements <paramref name="read"/> turns into values; empty when not given.</summary>
    /// <exception cref="Core.InferometerException">Not a list, or an element is refused by <paramref name="read"/> (it returns
    /// null).</exception>
    public IReadOnlyList<T> List<T>(string name, string elementDescription, Func<JsonNode, T?> read)
        where T : struct
    {
        ArgumentNullException.ThrowIfNull(read);
        JsonNode? node = _values[name];
        if (node is null)
        {
            return [];
        }

        if (node is not JsonArray array)
        {
            throw Error(name, node, $"a list of {elementDescription}");
        }

        List<T> result = new(array.Count);
        foreach (JsonNode? element in array)
        {
            T? value = element is null ? null : read(element);
            result.Add(value ?? throw Error(name, element ?? "null", $"a list of {elementDescription}"));
        }

        return result;
    }

    /// <summary>Throws unless every name given is one of <paramref name="known"/>; suggests the nearest.</summary>
    public void RequireKnown(IEnumerable<string> known)
    {
        string[] names = [.. known];
        foreach (string name in Names)
        {
            if (!names.Contains(name, StringComparer.Ordinal))
            {
                throw new Core.InferometerException(
                    $"{Path}: '{name}' is not a known parameter. Allowed: {string.Join(", ", names)}.");
            }
        }
    }

    /// <inheritdoc/>
    public bool Equals(ParameterBag? other) => other is not null && JsonNode.DeepEquals(_values, other._values);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as ParameterBag);

    /// <inheritdoc/>
    public override int GetHashCode() => _values.Count;

    private Core.InferometerException Error(string name, JsonNode value, string allowed) =>
        new($"{Path}.{name}: {value.ToJsonString()} is not allowed; it must be {allowed}.");
}
