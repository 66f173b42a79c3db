using System.Text.Json.Nodes;
using Inferometer.History.Records;

namespace Inferometer.History.Comparison;

/// <summary>Which settings of two runs differ.</summary>
internal static class ConfigDifference
{
    private const int Most = 6;

    /// <summary>The settings that differ, one a text: <c>--rate 2 and 4</c>.</summary>
    public static IEnumerable<string> Of(RunConfig a, RunConfig b)
    {
        Dictionary<string, string> first = new(StringComparer.Ordinal), second = new(StringComparer.Ordinal);
        Flatten(a.ToJsonObject(), "", first);
        Flatten(b.ToJsonObject(), "", second);
        string[] names = [.. first.Keys.Union(second.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal)
            .Where(n => !string.Equals(Value(first, n), Value(second, n), StringComparison.Ordinal))];
        return names.Take(Most).Select(n => $"{n}: {Value(first, n)} and {Value(second, n)}").Concat(
            names.Length > Most ? ["and others"] : []);
    }

    private static string Value(Dictionary<string, string> settings, string name) => settings.GetValueOrDefault(name, "not given");

    private static void Flatten(JsonNode? node, string path, Dictionary<string, string> into)
    {
        if (node is JsonObject group)
        {
            foreach ((string name, JsonNode? value) in group)
            {
                Flatten(value, path is "" or "options" ? name : $"{path}.{name}", into);
            }

            return;
        }

        into[path] = node is JsonValue text && text.TryGetValue(out string? plain) ? plain : node?.ToJsonString() ?? "null";
    }
}
