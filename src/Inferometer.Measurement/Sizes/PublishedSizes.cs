using System.Globalization;
using System.Text;
using Inferometer.Core;

namespace Inferometer.Measurement.Sizes;

/// <summary>
/// Reads published figures: a CSV file with the columns source_address, kind, hardware, model, precision, settings, metric, reported, of
/// which the rows of the kind <c>memory</c> count.
/// </summary>
public static class PublishedSizes
{
    private static readonly string[] Columns = ["source_address", "kind", "model", "precision", "settings", "metric", "reported"];

    /// <summary>The rows of a file, in its order.</summary>
    /// <exception cref="InferometerException">The file cannot be read, lacks a column, or a figure is not a number.</exception>
    public static IReadOnlyList<PublishedSize> Read(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        try
        {
            return Parse(File.ReadAllLines(path), path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new InferometerException($"{path}: cannot be read: {FileFault.Describe(error, path)}", error);
        }
    }

    /// <summary>The rows of a table's lines.</summary>
    /// <param name="lines">Header and rows.</param>
    /// <param name="source">Where they come from, for errors.</param>
    /// <exception cref="InferometerException">A column is missing, or a figure is not a number.</exception>
    public static IReadOnlyList<PublishedSize> Parse(IReadOnlyList<string> lines, string source)
    {
        ArgumentNullException.ThrowIfNull(lines);
        string[] header = lines.Count == 0 ? [] : [.. Fields(lines[0])];
        int[] at = [.. Columns.Select(name => Array.IndexOf(header, name))];
        if (Array.FindIndex(at, i => i < 0) is >= 0 and int missing)
        {
            throw new InferometerException(
                $"{source}: the column '{Columns[missing]}' is missing; needed are {string.Join(", ", Columns)}.");
        }

        List<PublishedSize> rows = [];
        for (int i = 1; i < lines.Count; i++)
        {
            string[] cells = [.. Fields(lines[i])];
            if (cells.Length <= at.Max() || cells[at[1]] is not "memory")
            {
                continue;
            }

            rows.Add(new(
                cells[at[0]], cells[at[2]], cells[at[3]], cells[at[4]], cells[at[5]],
                double.TryParse(cells[at[6]], NumberStyles.Float, CultureInfo.InvariantCulture, out double reported) && reported > 0
                    ? reported
                    : throw new InferometerException($"{source}: row {i}: 'reported' is '{cells[at[6]]}'; it must be a number above 0.")));
        }

        return rows;
    }

    private static IEnumerable<string> Fields(string line)
    {
        StringBuilder field = new();
        bool quoted = false;
        foreach (char c in line)
        {
            if (c == '"')
            {
                quoted = !quoted;
            }
            else if (c == ',' && !quoted)
            {
                yield return field.ToString();
                field.Clear();
            }
            else
            {
                field.Append(c);
            }
        }

        yield return field.ToString();
    }
}
