using System.Text;
using Inferometer.Core;

namespace Inferometer.Sweeps.Rows;

/// <summary>Reads RFC 4180, a record at a time.</summary>
internal sealed class CsvLines(TextReader reader, string origin)
{
    private readonly StringBuilder _field = new();
    private readonly List<string> _fields = [];
    private long _line;

    /// <summary>The next record; null at the end. The list is used again by the next call.</summary>
    /// <exception cref="InferometerException">A quote is not closed.</exception>
    public IReadOnlyList<string>? Next()
    {
        string? line = reader.ReadLine();
        _line++;
        if (line is null)
        {
            return null;
        }

        _fields.Clear();
        int at = 0;
        while (true)
        {
            if (at < line.Length && line[at] == '"')
            {
                (line, at) = Quoted(line, at + 1);
            }
            else
            {
                int comma = line.IndexOf(',', at);
                int end = comma < 0 ? line.Length : comma;
                _fields.Add(line[at..end]);
                at = end;
            }

            if (at >= line.Length)
            {
                return _fields;
            }

            // Behind a field stands a comma, and behind the last comma an empty field.
            if (++at == line.Length)
            {
                _fields.Add("");
                return _fields;
            }
        }
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
                line = reader.ReadLine() ?? throw new InferometerException($"{origin}: a quote before line {_line} is not closed.");
                _line++;
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
