using System.Globalization;

namespace Inferometer.Measurement.Published.Layouts;

/// <summary>A column of <c>name=value</c> pairs, separated by blanks: numbers are sizes, the rest are texts.</summary>
internal sealed class PairedShape
{
    private readonly List<(string Name, double Value)> _sizes = [];
    private readonly Dictionary<string, string> _texts = new(StringComparer.Ordinal);

    /// <summary>Reads the column of the current row.</summary>
    /// <param name="table">The table.</param>
    /// <param name="column">The column.</param>
    /// <param name="names">New names of sizes; those that are not here keep theirs.</param>
    public PairedShape(CsvTable table, string column, IReadOnlyDictionary<string, string> names)
    {
        foreach (string pair in table.Text(column).Split(' ', StringSplitOptions.RemoveEmptyEntries))
        {
            int equals = pair.IndexOf('=', StringComparison.Ordinal);
            if (equals <= 0)
            {
                throw table.Wrong(column, "pairs of name=value, separated by blanks");
            }

            string name = pair[..equals], value = pair[(equals + 1)..];
            if (double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out double size) && double.IsFinite(size))
            {
                _sizes.Add((names.GetValueOrDefault(name, name), size));
            }
            else
            {
                _texts[name] = value;
            }
        }
    }

    /// <summary>The sizes, in order.</summary>
    public IReadOnlyList<(string Name, double Value)> Sizes => _sizes;

    /// <summary>A text; empty where there is none of that name.</summary>
    public string Text(string name) => _texts.GetValueOrDefault(name, "");
}
