using System.Globalization;
using System.Text;
using Inferometer.Core;

namespace Inferometer.Measurement.Published.Layouts;

/// <summary>
/// Reads comma-separated values as RFC 4180 has them, one row after another: a header line, quotes where a field holds commas or quotes, a
/// decimal point. Whatever is wrong is an <see cref="InferometerException"/> that names the file, the line and the column.
/// </summary>
internal sealed class CsvTable
{
    private readonly TextReader _reader;
    private readonly Dictionary<string, int> _index = new(StringComparer.Ordinal);
    private readonly List<string> _cells = [];
    private readonly StringBuilder _field = new();
    private int _lines;

    /// <summary>Reads the header.</summary>
    /// <param name="reader">The text.</param>
    /// <param name="name">What error messages call it.</param>
    public CsvTable(TextReader reader, string name)
    {
        (_reader, Name) = (reader, name);
        if (!ReadCells())
        {
            throw new InferometerException($"{name}: the file is empty; the first line must name the columns.");
        }

        Columns = [.. _cells.Select(c => c.Trim().TrimStart('\uFEFF'))];
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
    public int Line { get; private set; }

    /// <summary>Moves to the next row; empty lines are skipped.</summary>
    /// <returns>False at the end.</returns>
    public bool Read()
    {
        while (ReadCells())
        {
            if (_cells.Count == 1 && _cells[0].Length == 0)
            {
                continue;
            }

            return _cells.Count == Columns.Count ? true : throw new InferometerException(string.Create(
                CultureInfo.InvariantCulture, $"{Name}, line {Line}: {_cells.Count} fields where the header has {Columns.Count}."));
        }

        return false;
    }

    /// <summary>The text of a field; empty where it is empty or there is no such column.</summary>
    public string Text(string column) => _index.TryGetValue(column, out int i) ? _cells[i] : "";

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

    private bool ReadCells()
    {
        _cells.Clear();
        string? line = _reader.ReadLine();
        Line = ++_lines;
        if (line is null)
        {
            return false;
        }

        int at = 0;
        while (true)
        {
            if (at < line.Length && line[at] == '"')
            {
                at = Quoted(ref line, at + 1);
            }
            else
            {
                int comma = line.IndexOf(',', at);
                int end = comma < 0 ? line.Length : comma;
                _cells.Add(line[at..end]);
                at = end;
            }

            if (at >= line.Length)
            {
                return true;
            }

            if (line[at] != ',')
            {
                throw new InferometerException(string.Create(
                    CultureInfo.InvariantCulture, $"{Name}, line {Line}, field {_cells.Count}: text follows a closing quote."));
            }

            at++;
            if (at == line.Length)
            {
                _cells.Add("");
                return true;
            }
        }
    }

    // A quoted field may hold commas, doubled quotes and line ends.
    private int Quoted(ref string line, int at)
    {
        _field.Clear();
        while (true)
        {
            int quote = line.IndexOf('"', at);
            if (quote < 0)
            {
                _field.Append(line, at, line.Length - at).Append('\n');
                line = _reader.ReadLine() ?? throw new InferometerException(string.Create(
                    CultureInfo.InvariantCulture, $"{Name}, line {Line}, field {_cells.Count + 1}: the closing quote is missing."));
                _lines++;
                at = 0;
                continue;
            }

            _field.Append(line, at, quote - at);
            if (quote + 1 < line.Length && line[quote + 1] == '"')
            {
                _field.Append('"');
                at = quote + 2;
                continue;
            }

            _cells.Add(_field.ToString());
            return quote + 1;
        }
    }
}
