using System.Globalization;
using System.Text;

namespace Inferometer.Core;

/// <summary>
/// Reads separated values as RFC 4180 has them, a record at a time: quoted fields may hold separators, doubled quotes and line ends;
/// a quote within a field that does not begin with one is a character like others. A byte order mark before the first field is left
/// out. The one reader of such files; what the fields mean is their readers' own.
/// </summary>
/// <param name="reader">The text.</param>
/// <param name="name">What error messages call it.</param>
/// <param name="separator">What stands between fields.</param>
public sealed class CsvRecords(TextReader reader, string name, char separator = ',')
{
    private static readonly char[] Separators = [';', '\t', ','];

    private readonly StringBuilder _field = new();
    private readonly List<string> _fields = [];
    private int _lines;

    /// <summary>The fields of the current record; the next one takes their place.</summary>
    public IReadOnlyList<string> Fields => _fields;

    /// <summary>Number of the line that the record began on, from 1.</summary>
    public int Line { get; private set; }

    /// <summary>True when the record is an empty line.</summary>
    public bool IsEmpty => _fields is [{ Length: 0 }];

    /// <summary>The file and the line of the record, as error messages begin.</summary>
    public string Where => string.Create(CultureInfo.InvariantCulture, $"{name}, line {Line}");

    /// <summary>Moves to the next record.</summary>
    /// <returns>False at the end.</returns>
    /// <exception cref="InferometerException">A quote is not closed, text follows a closing quote, or the first line shows a file that is
    /// no text or has other separators.</exception>
    public bool Read()
    {
        _fields.Clear();
        Line = _lines + 1;
        if (NextLine() is not { } line)
        {
            return false;
        }

        if (Line == 1)
        {
            RequireText(line);
        }

        int at = Line == 1 && line.StartsWith('\uFEFF') ? 1 : 0;
        while (true)
        {
            if (at < line.Length && line[at] == '"')
            {
                (line, at) = Quoted(line, at + 1);
            }
            else
            {
                int end = line.IndexOf(separator, at);
                end = end < 0 ? line.Length : end;
                _fields.Add(line[at..end]);
                at = end;
            }

            if (at >= line.Length)
            {
                return true;
            }

            if (line[at] != separator)
            {
                throw new InferometerException(
                    string.Create(CultureInfo.InvariantCulture, $"{Where}, field {_fields.Count}: text follows a closing quote."));
            }

            // Behind the last separator stands an empty field.
            if (++at == line.Length)
            {
                _fields.Add("");
                return true;
            }
        }
    }

    // The first line tells a table from what is none, so that nothing of the latter is shown as if it were a name.
    private void RequireText(string line)
    {
        if (line.Any(c => c == '\uFFFD' || (char.IsControl(c) && c != '\t')))
        {
            throw new InferometerException($"{name} is not a text file in UTF-8; read are values separated by {Said(separator)}.");
        }

        if (line.StartsWith('"') || line.Contains(separator, StringComparison.Ordinal))
        {
            return;
        }

        if (Array.FindIndex(Separators, c => line.Contains(c, StringComparison.Ordinal)) is >= 0 and int found)
        {
            throw new InferometerException($"{name}: the columns are separated by {Said(Separators[found])}; use {Said(separator)}.");
        }
    }

    private static string Said(char separator) => separator switch
    {
        ',' => "commas",
        ';' => "semicolons",
        '\t' => "tabs",
        _ => $"'{separator}'",
    };

    private string? NextLine()
    {
        string? line = reader.ReadLine();
        _lines += line is null ? 0 : 1;
        return line;
    }

    private (string Line, int At) Quoted(string line, int at)
    {
        _field.Clear();
        while (true)
        {
            int quote = line.IndexOf('"', at);
            if (quote < 0)
            {
                _field.Append(line, at, line.Length - at).Append('\n');
                line = NextLine() ?? throw new InferometerException(
                    string.Create(CultureInfo.InvariantCulture, $"{Where}, field {_fields.Count + 1}: the closing quote is missing."));
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

            _fields.Add(_field.ToString());
            return (line, quote + 1);
        }
    }
}
