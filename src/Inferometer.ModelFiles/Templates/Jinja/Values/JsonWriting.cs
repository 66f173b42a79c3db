using System.Globalization;
using System.Text;

namespace Inferometer.ModelFiles.Templates.Jinja.Values;

/// <summary>How <see cref="JsonWriting"/> lays JSON out: the parameters of Python's <c>json.dumps</c>.</summary>
/// <param name="EscapesNonAscii">Characters above 126 as escapes.</param>
/// <param name="Indent">What each level is indented by; null = all on one line.</param>
/// <param name="ItemSeparator">Between items.</param>
/// <param name="KeySeparator">Between key and value.</param>
/// <param name="SortsKeys">Keys in their order.</param>
internal sealed record JsonLayout(bool EscapesNonAscii, string? Indent, string ItemSeparator, string KeySeparator, bool SortsKeys);

/// <summary>Values as JSON, byte for byte as Python's <c>json.dumps</c> writes it; the common libraries of .NET escape more.</summary>
internal sealed class JsonWriting(JsonLayout layout, Budget budget)
{
    private readonly StringBuilder _output = new();

    public static string Write(JinjaValue value, JsonLayout layout, Budget budget)
    {
        var writing = new JsonWriting(layout, budget);
        writing.Write(value, 0);
        return writing._output.ToString();
    }

    private void Write(JinjaValue value, int level)
    {
        budget.Step();
        switch (value)
        {
            case StringValue text:
                WriteText(text.Text);
                break;
            case NoneValue:
                _output.Append("null");
                break;
            case BooleanValue flag:
                _output.Append(flag.Value ? "true" : "false");
                break;
            case IntegerValue number:
                _output.Append(number.Value.ToString(CultureInfo.InvariantCulture));
                break;
            case FloatValue number:
                _output.Append(Real(number.Value));
                break;
            case SequenceValue sequence:
                WriteAll('[', sequence.Items, ']', level, item => Write(item, level + 1));
                break;
            case MappingValue mapping:
                WriteMapping(mapping, level);
                break;
            default:
                throw new JinjaException($"Object of type {value.TypeName} is not JSON serializable"
                    + (value is UndefinedValue undefined ? $" ({undefined.Message})" : ""));
        }
    }

    private void WriteMapping(MappingValue mapping, int level)
    {
        IEnumerable<KeyValuePair<JinjaValue, JinjaValue>> pairs = mapping.Items;
        if (layout.SortsKeys)
        {
            pairs = StableSort.Sort([.. pairs], (a, b) => Comparison.Order(a.Key, b.Key, budget));
        }

        WriteAll('{', pairs, '}', level, pair =>
        {
            WriteText(Key(pair.Key));
            _output.Append(layout.KeySeparator);
            Write(pair.Value, level + 1);
        });
    }

    private void WriteAll<T>(char open, IEnumerable<T> items, char close, int level, Action<T> write)
    {
        Budget.Deepen();
        _output.Append(open);
        bool isFirst = true;
        foreach (T item in items)
        {
            _output.Append(isFirst ? "" : layout.ItemSeparator);
            BreakLine(level + 1);
            isFirst = false;
            write(item);
        }

        if (!isFirst)
        {
            BreakLine(level);
        }

        _output.Append(close);
    }

    private void BreakLine(int level)
    {
        if (layout.Indent is { } indent)
        {
            budget.Take(1 + ((long)indent.Length * level));
            _output.Append('\n');
            _output.Insert(_output.Length, indent, level);
        }
    }

    private static string Key(JinjaValue key) => key switch
    {
        StringValue text => text.Text,
        BooleanValue flag => flag.Value ? "true" : "false",
        NoneValue => "null",
        IntegerValue number => number.Value.ToString(CultureInfo.InvariantCulture),
        FloatValue number => Real(number.Value),
        _ => throw new JinjaException($"keys must be str, int, float, bool or None, not {key.TypeName}"),
    };

    private static string Real(double value) => double.IsNaN(value) ? "NaN"
        : double.IsInfinity(value) ? (value > 0 ? "Infinity" : "-Infinity")
        : Numbers.Text(value);

    private void WriteText(string text)
    {
        budget.Take(text.Length);
        _output.Append('"');
        foreach (char c in text)
        {
            switch (c)
            {
                case '"':
                    _output.Append("\\\"");
                    break;
                case '\\':
                    _output.Append(@"\\");
                    break;
                case '\n':
                    _output.Append(@"\n");
                    break;
                case '\r':
                    _output.Append(@"\r");
                    break;
                case '\t':
                    _output.Append(@"\t");
                    break;
                case '\f':
                    _output.Append(@"\f");
                    break;
                case '\b':
                    _output.Append(@"\b");
                    break;
                default:
                    bool isEscaped = c < ' ' || (layout.EscapesNonAscii && c > '~');
                    _output.Append(isEscaped ? string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}") : c.ToString());
                    break;
            }
        }

        _output.Append('"');
    }
}
