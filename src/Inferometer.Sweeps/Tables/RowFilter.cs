using System.Globalization;
using Inferometer.Core;
using Inferometer.Sweeps.Rows;

namespace Inferometer.Sweeps.Tables;

/// <summary>A condition on a column: <c>tp&gt;=4</c>, <c>system=h100</c>. What has no value meets none but <c>!=</c>.</summary>
/// <param name="Name">The column, as it was written.</param>
/// <param name="Comparison">One of =, !=, &lt;, &lt;=, &gt;, &gt;=.</param>
/// <param name="Text">What it is compared with.</param>
public sealed record RowFilter(string Name, string Comparison, string Text)
{
    /// <summary>What can be written, as a placeholder in help.</summary>
    public const string Help = "COLUMN=VALUE";

    private static readonly string[] s_comparisons = ["<=", ">=", "!=", "=", "<", ">"];

    /// <summary>Reads a condition.</summary>
    /// <param name="text">The text.</param>
    /// <param name="origin">Where it came from, for the error.</param>
    /// <exception cref="InferometerException">It is no such condition.</exception>
    public static RowFilter Parse(string text, string origin)
    {
        ArgumentNullException.ThrowIfNull(text);
        int at = text.AsSpan().IndexOfAny("<>!=");
        string? comparison = at < 1 ? null
            : Array.Find(s_comparisons, c => text.AsSpan(at).StartsWith(c, StringComparison.Ordinal));
        return comparison is not null && at + comparison.Length < text.Length
            ? new(text[..at].Trim(), comparison, text[(at + comparison.Length)..].Trim())
            : throw new InferometerException(
                $"{origin}: '{text}' is not allowed; it must be a column, one of =, !=, <, <=, >, >=, and a value, such as tp>=4 or "
                + "system=h100.");
    }

    /// <summary>The rows that meet it.</summary>
    internal Func<int, bool> On(ResultValues column)
    {
        bool isNumber = double.TryParse(Text, NumberStyles.Float, CultureInfo.InvariantCulture, out double limit);
        if (Comparison is "=" or "!=")
        {
            bool equal = Comparison is "=";
            return column.IsNumeric && isNumber
                ? row => (column.Number(row) == limit) == equal
                : row => string.Equals(column.Text(row), Text, StringComparison.OrdinalIgnoreCase) == equal;
        }

        if (!column.IsNumeric || !isNumber)
        {
            throw new InferometerException(
                $"--where: '{Name}{Comparison}{Text}': {Comparison} compares numbers; "
                + (column.IsNumeric ? $"'{Text}' is none." : $"'{column.Key}' holds texts."));
        }

        return Comparison switch
        {
            "<" => row => column.Number(row) < limit,
            "<=" => row => column.Number(row) <= limit,
            ">" => row => column.Number(row) > limit,
            _ => row => column.Number(row) >= limit,
        };
    }
}
