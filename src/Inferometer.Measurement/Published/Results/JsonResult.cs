using System.Globalization;
using System.Text.Json;
using Inferometer.Core;

namespace Inferometer.Measurement.Published.Results;

/// <summary>One JSON object of a benchmark's result. Every error names the file, the object and the field.</summary>
/// <param name="root">The object.</param>
/// <param name="where">What errors call it.</param>
internal sealed class JsonResult(JsonElement root, string where)
{
    public string Where => where;

    public bool Has(string name) => root.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null;

    /// <summary>A text; null where it is missing or is none.</summary>
    public string? Text(string name) =>
        root.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    /// <summary>A number, also one written as a text; null where it is missing.</summary>
    /// <exception cref="InferometerException">It is something else.</exception>
    public double? Number(string name)
    {
        if (!Has(name))
        {
            return null;
        }

        JsonElement value = root.GetProperty(name);
        string text = value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number)
            ? number
            : throw Wrong(name, value.GetRawText(), "a number");
    }

    /// <summary>A number above 0; null where it is missing.</summary>
    /// <exception cref="InferometerException">It is something else.</exception>
    public double? Positive(string name) => Number(name) is { } number
        ? number > 0 ? number : throw Wrong(name, root.GetProperty(name).GetRawText(), "above 0")
        : null;

    /// <summary>A number above 0.</summary>
    /// <exception cref="InferometerException">It is missing or something else.</exception>
    public double RequiredPositive(string name) =>
        Positive(name) ?? throw new InferometerException($"{where}: the field '{name}' is missing.");

    /// <summary>A whole number from 0, or what holds where it is missing.</summary>
    /// <exception cref="InferometerException">It is something else.</exception>
    public int Count(string name, int fallback) => Number(name) is not { } number ? fallback
        : number >= 0 && number <= int.MaxValue && number == Math.Floor(number) ? (int)number
        : throw Wrong(name, root.GetProperty(name).GetRawText(), "a whole number from 0");

    /// <summary>An object inside; null where there is none.</summary>
    public JsonResult? Inside(string name) =>
        root.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Object
            ? new JsonResult(value, $"{where}, {name}")
            : null;

    /// <summary>The first text of an array inside, or the text itself; null where there is none.</summary>
    public string? FirstText(string name) =>
        root.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0
            && value[0].ValueKind == JsonValueKind.String
            ? value[0].GetString()
            : Text(name);

    public InferometerException Wrong(string name, string value, string allowed) =>
        new($"{where}: the field '{name}' is {value}; it must be {allowed}.");
}
