using System.Text.Json;

namespace Inferometer.Simulation.Compatibility.Golden;

/// <summary>Collects the worst deviation over the fields of a case.</summary>
internal sealed class FieldComparison
{
    public int Count { get; private set; }

    public double Worst { get; private set; }

    public string WorstField { get; private set; } = "";

    /// <summary>Compares a number that was recorded; fields that are absent or null are not compared.</summary>
    public void Number(JsonElement recorded, string field, double actual)
    {
        if (recorded.TryGetProperty(field, out JsonElement value) && value.ValueKind == JsonValueKind.Number)
        {
            double expected = value.GetDouble();
            double error = expected == actual ? 0
                : expected == 0 ? double.PositiveInfinity
                : Math.Abs(actual - expected) / Math.Abs(expected);
            Note(error, FormattableString.Invariant($"{field}: {actual:R}, recorded {expected:R}"));
        }
    }

    /// <summary>Compares a truth value that was recorded.</summary>
    public void Flag(JsonElement recorded, string field, bool actual)
    {
        if (recorded.TryGetProperty(field, out JsonElement value) && value.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            Exact(field, value.GetBoolean() ? "true" : "false", actual ? "true" : "false");
        }
    }

    /// <summary>Compares words or lists of whole numbers.</summary>
    public void Exact(string field, string expected, string actual) =>
        Note(
            string.Equals(expected, actual, StringComparison.Ordinal) ? 0 : double.PositiveInfinity,
            $"{field}: {actual}, recorded {expected}");

    private void Note(double error, string text)
    {
        Count++;
        if (error > Worst || double.IsNaN(error))
        {
            Worst = double.IsNaN(error) ? double.PositiveInfinity : error;
            WorstField = text;
        }
    }
}
