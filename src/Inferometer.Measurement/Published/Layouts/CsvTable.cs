using System.Globalization;
using Inferometer.Core;

namespace Inferometer.Measurement.Published.Layouts;

/// <summary>
/// Comma-separated values with a header line and a decimal point, one row after another. Whatever is wrong is an
/// <see cref="InferometerException"/> that names the file, the line and the column.
/// </summary>
internal sealed class CsvTable
{
    private readonly CsvRecords _records;
    private readonly Dictionary<string, int> _index = new(StringComparer.Ordinal);

    /// <summary>Reads the header.</summary>
    /// <param name="reader">The text.</param>
    /// <param name="name">What error messages call it.</param>
    public CsvTable(TextReader reader, string name)
    {
        (_records, Name) = (new CsvRecords(reader, name), name);
        if (!_records.Read())
        {
            throw new InferometerException($"{name}: the file is empty; the first line must name the columns.");
        }

        Columns = [.. _records.Fields.Select(c => c.Trim())];
        for (int i = 0; i < Columns.Count; i++)
        {
            if (!_index.TryAdd(Columns[i], i))
            {
                throw new InferometerException($"{name}, line {Line}: column '{Columns[i]}' is there twice.");
            }
        }
    }

    /// <summary>What error messages call it.</summary>
    public string Name { get; }

    /// <summary>Names of the columns.</summary>
    public IReadOnlyList<string> Columns { get; }

    /// <summary>Number of the line that the row began on, from 1.</summary>
    public int Line => _records.Line;

    /// <summary>Moves to the next row; empty lines are skipped.</summary>
    /// <returns>False at the end.</returns>
    public bool Read()
    {
        while (_records.Read())
        {
            if (_records.IsEmpty)
            {
                continue;
            }

            return _records.Fields.Count == Columns.Count ? true : throw new InferometerException(string.Create(
                CultureInfo.InvariantCulture,
                $"{Name}, line {Line}: {_records.Fields.Count} fields where the header has {Columns.Count}."));
        }

        return false;
    }

    /// <summary>The text of a field; empty where it is empty or there is no such column.</summary>
    public string Text(string column) => _index.TryGetValue(column, out int i) ? _records.Fields[i] : "";

    /// <summary>The text of a field that must not be empty.</summary>
    public string Required(string column) => Text(column) is { Length: > 0 } text ? text : throw Wrong(column, "a text");

    /// <summary>A number; null where the field is empty.</summary>
    public double? Number(string column)
    {
        string text = Text(column);
        return text.Length == 0 ? null
            : double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out double value) && double.IsFinite(value) ? value
            : throw Wrong(column, "a number with a decimal point");
    }

    /// <summary>A number above 0; null where the field is empty.</summary>
    public double? Positive(string column) => Number(column) is { } value
        ? value > 0 ? value : throw Wrong(column, "a number above 0")
        : null;

    /// <summary>A number above 0 that must be there.</summary>
    public double RequiredPositive(string column) => Positive(column) ?? throw Wrong(column, "a number above 0");

    /// <summary>A whole number of at least 1; null where the field is empty.</summary>
    public int? Count(string column)
    {
        string text = Text(column);
        return text.Length == 0 ? null
            : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value > 0 ? value
            : throw Wrong(column, "a whole number of at least 1");
    }

    /// <summary>A whole number of at least 1 that must be there.</summary>
    public int RequiredCount(string column) => Count(column) ?? throw Wrong(column, "a whole number of at least 1");

    /// <summary>The error for a field of the current row.</summary>
    /// <param name="column">Its column.</param>
    /// <param name="allowed">What it must be.</param>
    public InferometerException Wrong(string column, string allowed)
    {
        string text = Text(column);
        string what = text.Length == 0 ? "is empty" : $"'{text}' is not allowed";
        return new(string.Create(CultureInfo.InvariantCulture, $"{Name}, line {Line}, column {column}: {what}; it must be {allowed}."));
    }
}
