using System.Globalization;
using System.Text;

namespace Inferometer.ModelFiles.Templates.Jinja.Values;

/// <summary>Python's two ways of putting values into text: <c>"%s" % x</c> and <c>"{}".format(x)</c>.</summary>
internal static class Formatting
{
    /// <summary><c>str.format</c>.</summary>
    public static string Format(string format, Arguments arguments, Budget budget)
    {
        int next = 0;
        return Format(format, arguments, ref next, isNested: false, budget);
    }

    private static string Format(string format, Arguments arguments, ref int next, bool isNested, Budget budget)
    {
        var output = new StringBuilder();
        for (int at = 0; at < format.Length; at++)
        {
            char c = format[at];
            bool isDoubled = at + 1 < format.Length && format[at + 1] == c;
            if (c is not ('{' or '}') || isDoubled)
            {
                output.Append(c);
                at += c is '{' or '}' ? 1 : 0;
                continue;
            }

            int end = c == '}' ? throw new JinjaException("Single '}' encountered in format string") : Closing(format, at);
            if (end < 0 || isNested)
            {
                throw new JinjaException(isNested ? "Max string recursion exceeded" : "expected '}' before end of string");
            }

            string field = Field(format[(at + 1)..end], arguments, ref next, budget);
            budget.Take(field.Length);
            output.Append(field);
            at = end;
        }

        return output.ToString();
    }

    private static int Closing(string format, int open)
    {
        int depth = 0;
        for (int at = open; at < format.Length; at++)
        {
            depth += format[at] == '{' ? 1 : format[at] == '}' ? -1 : 0;
            if (depth == 0)
            {
                return at;
            }
        }

        return -1;
    }

    private static string Field(string field, Arguments arguments, ref int next, Budget budget)
    {
        int colon = field.IndexOf(':', StringComparison.Ordinal);
        string name = colon < 0 ? field : field[..colon];
        int mark = name.IndexOf('!', StringComparison.Ordinal);
        string conversion = mark < 0 ? "" : name[(mark + 1)..];
        name = mark < 0 ? name : name[..mark];
        JinjaValue value = Lookup(name, arguments, ref next, budget);
        string specification = colon < 0 ? "" : Specification(field[(colon + 1)..], arguments, ref next, budget);
        value = conversion switch
        {
            "" => value,
            "s" => new StringValue(Printing.Text(value, budget)),
            "r" => new StringValue(Printing.Representation(value, budget)),
            _ => throw new JinjaException($"Unknown conversion specifier '{conversion}'"),
        };
        if (specification.Length == 0)
        {
            return Printing.Text(value, budget);
        }

        var parsed = FormatSpecification.Parse(specification);
        return value switch
        {
            StringValue text => parsed.Apply(text.Text, budget),
            UndefinedValue => parsed.Apply("", budget),
            _ when Numbers.IsNumber(value) => parsed.Apply(value, budget),
            _ => throw new JinjaException($"unsupported format string passed to {value.TypeName}.__format__"),
        };
    }

    /// <summary>A specification may itself name values, one level deep.</summary>
    private static string Specification(string text, Arguments arguments, ref int next, Budget budget)
    {
        if (!text.Contains('{', StringComparison.Ordinal))
        {
            return text;
        }

        var output = new StringBuilder();
        for (int at = 0; at < text.Length; at++)
        {
            int end = text[at] == '{' ? text.IndexOf('}', at) : -1;
            if (text[at] != '{')
            {
                output.Append(text[at]);
                continue;
            }

            string inner = end < 0 ? throw new JinjaException("expected '}' before end of string") : text[(at + 1)..end];
            output.Append(Printing.Text(Lookup(inner, arguments, ref next, budget), budget));
            at = end;
        }

        return output.ToString();
    }

    private static JinjaValue Lookup(string name, Arguments arguments, ref int next, Budget budget)
    {
        int end = name.AsSpan().IndexOfAny('.', '[');
        string first = end < 0 ? name : name[..end];
        JinjaValue value;
        if (first.Length == 0 || first.All(char.IsAsciiDigit))
        {
            int index = first.Length == 0 ? next++ : int.TryParse(first, CultureInfo.InvariantCulture, out int number) ? number
                : int.MaxValue;
            value = index < arguments.Positional.Count
                ? arguments.Positional[index]
                : throw new JinjaException(
                    $"Replacement index {index.ToString(CultureInfo.InvariantCulture)} out of range for positional args tuple");
        }
        else
        {
            value = arguments.Named.FirstOrDefault(pair => string.Equals(pair.Key, first, StringComparison.Ordinal)).Value
                ?? throw new JinjaException($"format() misses the value '{first}'");
        }

        while (end >= 0)
        {
            bool isAttribute = name[end] == '.';
            int stop = isAttribute ? name.AsSpan(end + 1).IndexOfAny('.', '[') : name.AsSpan(end).IndexOf(']');
            stop = stop < 0 ? (isAttribute ? name.Length
                : throw new JinjaException("Missing ']' in format string")) : end + stop + (isAttribute ? 1 : 0);
            string key = name[(end + 1)..stop];
            value = isAttribute ? Access.Attribute(value, key, budget)
                : Access.Item(value, key.Length > 0
                    && key.All(char.IsAsciiDigit)
                        ? new IntegerValue(System.Numerics.BigInteger.Parse(key, CultureInfo.InvariantCulture))
                            : new StringValue(key), budget);
            end = isAttribute ? stop : stop + 1;
            end = end < name.Length ? end : -1;
        }

        return value;
    }

    /// <summary>The <c>%</c> operator of text.</summary>
    public static string Percent(string format, JinjaValue values, Budget budget)
    {
        IReadOnlyList<JinjaValue> list = values is TupleValue tuple ? tuple.Items : [values];
        var output = new StringBuilder();
        int next = 0;
        for (int at = 0; at < format.Length; at++)
        {
            if (format[at] != '%')
            {
                output.Append(format[at]);
                continue;
            }

            string text = PercentField(format, ref at, values, () => next < list.Count ? list[next++]
                : throw new JinjaException("not enough arguments for format string"), budget);
            budget.Take(text.Length);
            output.Append(text);
        }

        // Python takes whatever has items for a mapping here, and a mapping need not be used up.
        return next == list.Count || values is MappingValue or ListValue or RangeValue or UndefinedValue
            ? output.ToString()
            : throw new JinjaException("not all arguments converted during string formatting");
    }

    private static string PercentField(string format, ref int at, JinjaValue values, Func<JinjaValue> take, Budget budget)
    {
        at++;
        JinjaValue? named = null;
        if (at < format.Length && format[at] == '(')
        {
            int close = format.IndexOf(')', at);
            MappingValue mapping = values as MappingValue ?? throw new JinjaException("format requires a mapping");
            named = close < 0 ? throw new JinjaException("incomplete format key")
                : mapping.Items.TryGetValue(new StringValue(format[(at + 1)..close]), out JinjaValue? found) ? found
                : throw new JinjaException($"the mapping has no key '{format[(at + 1)..close]}'");
            at = close + 1;
        }

        var specification = new FormatSpecification();
        bool isLeft = false;
        for (; at < format.Length && format[at] is '-' or '+' or ' ' or '#' or '0'; at++)
        {
            isLeft |= format[at] == '-';
            specification = format[at] switch
            {
                '0' => specification with { Fill = "0", Align = '=' },
                '+' => specification with { Sign = '+' },
                ' ' => specification with { Sign = specification.Sign == '+' ? '+' : ' ' },
                '#' => specification with { IsAlternate = true },
                _ => specification,
            };
        }

        int start = at;
        while (at < format.Length && (char.IsAsciiDigit(format[at]) || format[at] == '.'))
        {
            at++;
        }

        string size = format[start..at];
        if (at >= format.Length)
        {
            throw new JinjaException("incomplete format");
        }

        FormatSpecification sized = FormatSpecification.Parse(size.StartsWith('.') || size.Length == 0 ? size : "0" + size);
        specification = specification with { Width = sized.Width, Precision = sized.Precision };
        specification = isLeft ? specification with { Fill = " ", Align = '<' } : specification;
        char type = format[at];
        return type == '%' ? "%" : Converted(type, named ?? take(), specification, budget);
    }

    private static string Converted(char type, JinjaValue value, FormatSpecification specification, Budget budget)
    {
        switch (type)
        {
            case 's' or 'r' or 'a':
                string text = type == 's' ? Printing.Text(value, budget) : Printing.Representation(value, budget);
                return (specification with { Type = 's', Fill = " ", Align = specification.Align == '<' ? '<' : '>' }).Apply(text, budget);
            case 'd' or 'i' or 'u' when Numbers.IsNumber(value):
                JinjaValue whole = value is FloatValue real ? NumberParsing.Truncate(real.Value) : value;
                string digits = (specification with { Type = 'd', Precision = -1 }).Apply(whole, budget);
                return digits;
            case 'x' or 'X' or 'o' when Numbers.Whole(value) is not null:
                return (specification with { Type = type, Precision = -1 }).Apply(value, budget);
            case 'e' or 'E' or 'f' or 'F' or 'g' or 'G' when Numbers.IsNumber(value):
                return (specification with { Type = type }).Apply(value, budget);
            case 'c' when value is StringValue character && CodePoints.Count(character.Text) == 1:
                return character.Text;
            case 'c' when Numbers.Whole(value) is not null:
                return (specification with { Type = 'c', Precision = -1 }).Apply(value, budget);
            case 'd' or 'i' or 'u' or 'x' or 'X' or 'o' or 'e' or 'E' or 'f' or 'F' or 'g' or 'G' or 'c':
                throw new JinjaException($"%{type} format: a number is required, not {value.TypeName}");
            default:
                throw new JinjaException($"unsupported format character '{type}'");
        }
    }
}
