using System.Text.Json;
using System.Text.Json.Nodes;
using Inferometer.History.Records;

namespace Inferometer.History.Import;

/// <summary>Figures of serving benchmarks under the keys that this program has for them.</summary>
internal static class ImportedFigures
{
    private static readonly string[] Headlines = ["median_ttft_ms", "median_tpot_ms", "output_throughput", "request_goodput"];

    /// <summary>A figure.</summary>
    /// <param name="key">Its key.</param>
    /// <param name="unit">Its unit.</param>
    /// <param name="value">Its value.</param>
    public static RunMetric Of(string key, string unit, double value) => new()
    {
        Key = key,
        Name = key.Replace('_', ' '),
        Unit = unit,
        Better = key.EndsWith("_ms", StringComparison.Ordinal) ? Better.Lower
            : key.Contains("throughput", StringComparison.Ordinal) || key.Contains("goodput", StringComparison.Ordinal) ? Better.Higher
            : Better.Neither,
        Value = value,
        IsHeadline = Headlines.Contains(key, StringComparer.Ordinal),
    };

    /// <summary>Means with their standard errors: the standard deviation beside them over the root of the count of requests.</summary>
    public static IReadOnlyList<RunMetric> WithErrors(IReadOnlyList<RunMetric> figures, double? requests)
    {
        Dictionary<string, double> values = figures.ToDictionary(f => f.Key, f => f.Value, StringComparer.Ordinal);
        return
        [
            .. figures.Select(f => requests > 1 && f.Series is null && f.Key.StartsWith("mean_", StringComparison.Ordinal)
                && values.TryGetValue("std_" + f.Key[5..], out double deviation)
                ? f with { StandardError = deviation / Math.Sqrt(requests.Value) }
                : f),
        ];
    }

    /// <summary>The text of a member; null where it is none.</summary>
    public static string? Text(JsonElement o, string name) =>
        o.TryGetProperty(name, out JsonElement value) && value.ValueKind is JsonValueKind.String && value.GetString(
            ) is { Length: > 0 } text ? text : null;

    /// <summary>
    /// A setting as it stands; of equal names in an object, at whatever depth, the last counts, as it does for those programs.
    /// </summary>
    public static JsonNode? Setting(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => Settings(value),
        JsonValueKind.Array => new JsonArray([.. value.EnumerateArray().Select(Setting)]),
        JsonValueKind.Null => null,
        _ => JsonValue.Create(value.Clone()),
    };

    /// <summary>The settings of an object, read as a setting is.</summary>
    public static JsonObject Settings(JsonElement group)
    {
        JsonObject settings = [];
        foreach (JsonProperty member in group.EnumerateObject())
        {
            settings[member.Name] = Setting(member.Value);
        }

        return settings;
    }

    /// <summary>The finite number of a member; null where it is none.</summary>
    public static double? Number(JsonElement o, string name) =>
        o.TryGetProperty(name, out JsonElement value) && value.ValueKind is JsonValueKind.Number && value.TryGetDouble(out double number)
            && double.IsFinite(number) ? number : null;

    /// <summary>A list of numbers, NaN for whatever is none; null where there is no list.</summary>
    public static double[]? List(JsonElement o, string name) =>
        o.TryGetProperty(name, out JsonElement value) && value.ValueKind is JsonValueKind.Array
            ? [.. value.EnumerateArray().Select(v => v.ValueKind is JsonValueKind.Number ? v.GetDouble() : double.NaN)]
            : null;
}
