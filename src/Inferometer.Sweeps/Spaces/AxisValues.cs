using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Inferometer.Core;

namespace Inferometer.Sweeps.Spaces;

/// <summary>The values of an axis as a space writes them: one, a list, or a range.</summary>
internal static class AxisValues
{
    private const int MostValues = 10_000_000;
    private static readonly string[] s_members = ["from", "to", "step", "times"];

    /// <summary>The values as texts, each as an option would have it.</summary>
    /// <param name="node">What the space says.</param>
    /// <param name="place">Where, for messages.</param>
    /// <exception cref="InferometerException">It is none of the three.</exception>
    public static IReadOnlyList<string> Read(JsonNode? node, string place) => node switch
    {
        JsonArray list => [.. list.Select(value => Text(value, place))],
        JsonObject range => Range(range, place),
        _ => [Text(node, place)],
    };

    /// <summary>One value; a list inside a list is one value of several words, such as features.</summary>
    public static string Text(JsonNode? node, string place) => node switch
    {
        null => "none",
        JsonArray words => string.Join(',', words.Select(word => Text(word, place))),
        JsonObject => throw new InferometerException($"{place}: a value must be a number, a word, or a list of words."),
        _ => node.GetValueKind() switch
        {
            JsonValueKind.Number => node.GetValue<double>().ToString(CultureInfo.InvariantCulture),
            JsonValueKind.True => "true",
            JsonValueKind.False => "false",
            _ => node.GetValue<string>(),
        },
    };

    private static List<string> Range(JsonObject range, string place)
    {
        foreach ((string name, _) in range)
        {
            if (!s_members.Contains(name, StringComparer.Ordinal))
            {
                throw new InferometerException($"{place}: '{name}' is not part of a range; a range has from, to, and step or times.");
            }
        }

        if (range.ContainsKey("step") && range.ContainsKey("times"))
        {
            throw new InferometerException($"{place}: a range goes by step or by times; give one of them.");
        }

        (double from, double to) = (Number(range, "from", place), Number(range, "to", place));
        bool multiplies = range.ContainsKey("times");
        double by = multiplies ? Number(range, "times", place) : range.ContainsKey("step") ? Number(range, "step", place) : 1;
        if (!(from <= to) || (multiplies ? !(from > 0 && by > 1) : !(by > 0)))
        {
            throw new InferometerException(string.Create(
                CultureInfo.InvariantCulture,
                $"{place}: a range from {from} to {to} {(multiplies ? "times" : "by steps of")} {by} has no end; it goes upwards, "
                    + $"by a step "
                    + $"above 0, or from above 0 by a factor above 1."));
        }

        // A step such as 0.1 has no exact double; the last value may lie a rounding beyond the end.
        double end = to + (Math.Abs(to) * 1e-12);
        double steps = multiplies ? Math.Log(end / from) / Math.Log(by) : (end - from) / by;
        if (!(steps < MostValues)) // counted before they are written out
        {
            throw new InferometerException(string.Create(
                CultureInfo.InvariantCulture, $"{place}: the range has more than {MostValues:#,0} values."));
        }

        List<string> values = [];
        for (int i = 0; ; i++)
        {
            double value = multiplies ? from * Math.Pow(by, i) : from + (by * i);
            if (value > end)
            {
                return values;
            }

            values.Add(Math.Round(value, 9).ToString(CultureInfo.InvariantCulture));
        }
    }

    private static double Number(JsonObject range, string name, string place) =>
        range[name] is JsonValue value && value.TryGetValue(out double number) && double.IsFinite(number)
            ? number
            : throw new InferometerException(
                $"{place}: a range needs '{name}', a number{(range[name] is { } given ? $", not {given.ToJsonString()}" : "")}.");
}
