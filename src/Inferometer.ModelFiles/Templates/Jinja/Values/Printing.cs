using System.Globalization;
using System.Text;

namespace Inferometer.ModelFiles.Templates.Jinja.Values;

/// <summary>Values as Python's <c>str</c> and <c>repr</c> write them.</summary>
internal static class Printing
{
    /// <summary>What <c>{{ }}</c> prints.</summary>
    public static string Text(JinjaValue value, Budget budget)
    {
        switch (value)
        {
            case StringValue text:
                return text.Text;
            case UndefinedValue:
                return "";
            default:
                var output = new StringBuilder();
                Write(value, output, budget);
                return output.ToString();
        }
    }

    /// <summary>The form inside lists and dictionaries: text in quotes.</summary>
    public static string Representation(JinjaValue value, Budget budget)
    {
        var output = new StringBuilder();
        Write(value, output, budget);
        return output.ToString();
    }

    private static void Write(JinjaValue value, StringBuilder output, Budget budget)
    {
        budget.Step();
        switch (value)
        {
            case StringValue text:
                budget.Take(text.Text.Length);
                WriteQuoted(text, output);
                break;
            case UndefinedValue:
                output.Append("Undefined");
                break;
            case NoneValue:
                output.Append("None");
                break;
            case BooleanValue flag:
                output.Append(flag.Value ? "True" : "False");
                break;
            case IntegerValue number:
                output.Append(number.Value.ToString(CultureInfo.InvariantCulture));
                break;
            case FloatValue number:
                output.Append(Numbers.Text(number.Value));
                break;
            case RangeValue range:
                output.Append(CultureInfo.InvariantCulture, $"range({range.Start}, {range.Stop}");
                output.Append(range.Step == 1 ? ")" : string.Create(CultureInfo.InvariantCulture, $", {range.Step})"));
                break;
            default:
                WriteNested(value, output, budget);
                break;
        }
    }

    private static void WriteNested(JinjaValue value, StringBuilder output, Budget budget)
    {
        Budget.Deepen();
        switch (value)
        {
            case ListValue list:
                WriteItems('[', list.Items, ']', output, budget);
                break;
            case TupleValue tuple:
                WriteItems('(', tuple.Items, ')', output, budget);
                break;
            case MappingValue mapping:
                WritePairs(mapping.Items, output, budget);
                break;
            case MappingView view:
                output.Append(view.TypeName).Append('(');
                WriteItems('[', view.Elements(), ']', output, budget);
                output.Append(')');
                break;
            case NamespaceValue space:
                output.Append("<Namespace ");
                WritePairs(space.Attributes.Select(pair =>
                    KeyValuePair.Create<JinjaValue, JinjaValue>(new StringValue(pair.Key), pair.Value)), output, budget);
                output.Append('>');
                break;
            case FunctionValue function:
                output.Append("<function ").Append(function.Name).Append('>');
                break;
            default:
                output.Append('<').Append(value.TypeName).Append(" object>");
                break;
        }
    }

    private static void WriteItems(char open, IEnumerable<JinjaValue> items, char close, StringBuilder output, Budget budget)
    {
        output.Append(open);
        int count = 0;
        foreach (JinjaValue item in items)
        {
            output.Append(count++ > 0 ? ", " : "");
            Write(item, output, budget);
        }

        output.Append(count == 1 && close == ')' ? "," : "").Append(close);
    }

    private static void WritePairs(IEnumerable<KeyValuePair<JinjaValue, JinjaValue>> pairs, StringBuilder output, Budget budget)
    {
        output.Append('{');
        bool isFirst = true;
        foreach ((JinjaValue key, JinjaValue value) in pairs)
        {
            output.Append(isFirst ? "" : ", ");
            isFirst = false;
            Write(key, output, budget);
            output.Append(": ");
            Write(value, output, budget);
        }

        output.Append('}');
    }

    private static void WriteQuoted(StringValue value, StringBuilder output)
    {
        string text = value.Text;
        output.Append(value.IsMarkup ? "Markup(" : "");
        char quote = text.Contains('\'', StringComparison.Ordinal) && !text.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        output.Append(quote);
        for (int i = 0; i < text.Length; i++)
        {
            char c = text[i];
            switch (c)
            {
                case '\\':
                    output.Append(@"\\");
                    break;
                case '\n':
                    output.Append(@"\n");
                    break;
                case '\r':
                    output.Append(@"\r");
                    break;
                case '\t':
                    output.Append(@"\t");
                    break;
                case >= ' ' and < '\u007f':
                    output.Append(c == quote ? "\\" : "").Append(c);
                    break;
                default:
                    bool isPair = i + 1 < text.Length && char.IsSurrogatePair(c, text[i + 1]);
                    WriteOther(isPair ? char.ConvertToUtf32(c, text[++i]) : c, output);
                    break;
            }
        }

        output.Append(quote).Append(value.IsMarkup ? ")" : "");
    }

    private static void WriteOther(int point, StringBuilder output)
    {
        if (CodePoints.IsPrintable(point))
        {
            output.Append(char.ConvertFromUtf32(point));
            return;
        }

        string format = point <= 0xff ? @"\x" : point <= 0xffff ? @"\u" : @"\U";
        output.Append(format).Append(point.ToString(point <= 0xff ? "x2" : point <= 0xffff ? "x4" : "x8", CultureInfo.InvariantCulture));
    }
}
