using System.Text;
using Inferometer.ModelFiles.Templates.Jinja.Values;

namespace Inferometer.ModelFiles.Templates.Jinja.Evaluation;

/// <summary>Filters that make text.</summary>
internal static class TextFilters
{
    private const int TruncationLeeway = 5; // jinja2's policy truncate.leeway

    public static Dictionary<string, Filter> All { get; } = new(StringComparer.Ordinal)
    {
        ["upper"] = Method("upper"),
        ["lower"] = Method("lower"),
        ["capitalize"] = Method("capitalize"),
        ["trim"] = Method("strip"),
        ["string"] = PlainFilter.Of("string", (i, value) => Soft(value, i)),
        ["title"] = PlainFilter.Of("title", (i, value) => Soft(value, i).With(Title(Soft(value, i).Text))),
        ["center"] = (i, value, arguments) =>
        {
            int width = Arguments.Whole("center", arguments.Bind("center", 0, "width")[0], 80);
            return new StringValue(TextMethods.Pad(Soft(value, i).Text, width, " ", left: true, right: true, i.Budget));
        },
        ["replace"] = Replace,
        ["indent"] = Indent,
        ["truncate"] = Truncate,
        ["format"] = Format,
        ["join"] = Join,
        ["safe"] = PlainFilter.Of("safe", (i, value) => new StringValue(Soft(value, i).Text, isMarkup: true)),
        ["escape"] = Escape,
        ["e"] = Escape,
        ["forceescape"] = PlainFilter.Of("forceescape", (i, value) =>
            new StringValue(Operators.Escape(Soft(value, i).Text), isMarkup: true)),
        ["urlencode"] = UrlEncode,
        ["wordcount"] = PlainFilter.Of("wordcount", (i, value) => new IntegerValue(Words(Soft(value, i).Text))),
        ["tojson"] = ToJson,
    };

    /// <summary>Text as it is, anything else as it prints.</summary>
    private static StringValue Soft(JinjaValue value, Interpreter interpreter) =>
        value as StringValue ?? new StringValue(Printing.Text(value, interpreter.Budget));

    private static Filter Method(string name) => (interpreter, value, arguments) =>
        Methods.Find(Soft(value, interpreter), name, interpreter.Budget)!.Call(arguments);

    /// <summary>Upper case at the start and after white space, hyphens and opening brackets; lower case elsewhere.</summary>
    private static string Title(string text)
    {
        var output = new StringBuilder(text.Length);
        bool begins = true;
        foreach (string point in CodePoints.Each(text))
        {
            output.Append(begins ? Casing.Upper(point) : point);
            begins = CodePoints.IsSpace(point[0]) || point is "-" or "(" or "{" or "[" or "<";
        }

        // Whole words are lowered, so that a sigma at their end finds its form.
        string raised = output.ToString();
        output.Clear();
        for (int start = 0; start < raised.Length;)
        {
            int end = start;
            while (end < raised.Length && !(CodePoints.IsSpace(raised[end]) || raised[end] is '-' or '(' or '{' or '[' or '<'))
            {
                end++;
            }

            bool isPair = start + 1 < raised.Length && char.IsSurrogatePair(raised[start], raised[start + 1]);
            int first = Math.Min(end, start + (isPair ? 2 : 1));
            output.Append(raised, start, first - start).Append(Casing.Lower(raised[first..end]));
            output.Append(end < raised.Length ? raised[end].ToString() : "");
            start = end + 1;
        }

        return output.ToString();
    }

    private static JinjaValue Replace(Interpreter interpreter, JinjaValue value, Arguments arguments)
    {
        JinjaValue?[] given = arguments.Bind("replace", 2, "old", "new", "count");
        int count = given[2] is NoneValue ? -1 : Arguments.Whole("replace", given[2], -1);
        string old = Printing.Text(given[0]!, interpreter.Budget), replacement = Printing.Text(given[1]!, interpreter.Budget);
        return new StringValue(TextMethods.Replace(Soft(value, interpreter).Text, old, replacement, count, interpreter.Budget));
    }

    private static JinjaValue Indent(Interpreter interpreter, JinjaValue value, Arguments arguments)
    {
        JinjaValue?[] given = arguments.Bind("indent", 0, "width", "first", "blank");
        StringValue text = value as StringValue ?? throw (value is UndefinedValue undefined ? undefined.Failure()
            : new JinjaException($"the filter 'indent' needs text, not '{value.TypeName}'"));
        string indent = given[0] is StringValue prefix ? prefix.Text
            : TextMethods.Pad("", Arguments.Whole("indent", given[0], 4), " ", left: false, right: true, interpreter.Budget);
        bool indentsBlank = given[2]?.IsTrue ?? false;
        List<string> lines = TextMethods.Lines(text.Text + "\n", keepEnds: false);
        interpreter.Budget.Take(text.Text.Length + ((long)lines.Count * indent.Length));
        IEnumerable<string> indented = lines.Select((line, index) => index > 0 && (indentsBlank || line.Length > 0) ? indent + line : line);
        return text.With((given[1]?.IsTrue ?? false ? indent : "") + string.Join('\n', indented));
    }

    private static JinjaValue Truncate(Interpreter interpreter, JinjaValue value, Arguments arguments)
    {
        JinjaValue?[] given = arguments.Bind("truncate", 0, "length", "killwords", "end", "leeway");
        string text = Soft(value, interpreter).Text, end = Arguments.TextOrNone("truncate", given[2]) ?? "...";
        int length = Arguments.Whole("truncate", given[0], 255);
        int leeway = given[3] is NoneValue ? TruncationLeeway : Arguments.Whole("truncate", given[3], TruncationLeeway);
        int kept = length - CodePoints.Count(end);
        if (kept < 0 || leeway < 0)
        {
            throw new JinjaException("truncate() needs a length not below that of its end, and a leeway not below 0");
        }

        if ((Iteration.Length(value)
            ?? throw new JinjaException($"object of type '{value.TypeName}' has no len()")) <= (long)length + leeway)
        {
            return value;
        }

        if (value is not StringValue)
        {
            throw new JinjaException($"the filter 'truncate' shortens text only, not '{value.TypeName}'");
        }

        string start = CodePoints.Slice(text, 0, 1, kept);
        int space = given[1]?.IsTrue ?? false ? -1 : start.LastIndexOf(' ');
        return new StringValue((space < 0 ? start : start[..space]) + end);
    }

    private static JinjaValue Format(Interpreter interpreter, JinjaValue value, Arguments arguments)
    {
        if (arguments.Positional.Count > 0 && arguments.Named.Count > 0)
        {
            throw new JinjaException("can't handle positional and keyword arguments at the same time");
        }

        OrderedDictionary<JinjaValue, JinjaValue> named = MappingValue.NewItems();
        foreach ((string name, JinjaValue item) in arguments.Named)
        {
            named[new StringValue(name)] = item;
        }

        JinjaValue values = named.Count > 0 ? new MappingValue(named) : new TupleValue([.. arguments.Positional]);
        return new StringValue(Formatting.Percent(Soft(value, interpreter).Text, values, interpreter.Budget));
    }

    private static JinjaValue Join(Interpreter interpreter, JinjaValue value, Arguments arguments)
    {
        JinjaValue?[] given = arguments.Bind("join", 0, "d", "attribute");
        string separator = given[0] is null ? "" : Printing.Text(given[0]!, interpreter.Budget);
        var output = new StringBuilder();
        bool isFirst = true;
        foreach (JinjaValue item in Iteration.Over(value))
        {
            interpreter.Budget.Step();
            string part = Printing.Text(given[1] is null or NoneValue ? item
                : AttributePath.Parse(given[1]!).Get(item, interpreter.Budget), interpreter.Budget);
            interpreter.Budget.Take(part.Length + separator.Length);
            output.Append(isFirst ? "" : separator).Append(part);
            isFirst = false;
        }

        return new StringValue(output.ToString());
    }

    private static JinjaValue Escape(Interpreter interpreter, JinjaValue value, Arguments arguments)
    {
        _ = arguments.Bind("escape", 0);
        return value is StringValue { IsMarkup: true } ? value
            : new StringValue(Operators.Escape(Soft(value, interpreter).Text), isMarkup: true);
    }

    private static JinjaValue UrlEncode(Interpreter interpreter, JinjaValue value, Arguments arguments)
    {
        _ = arguments.Bind("urlencode", 0);
        if (value is StringValue || Iteration.Elements(value) is null)
        {
            return new StringValue(Quote(Soft(value, interpreter).Text, keepsSlash: true));
        }

        IEnumerable<JinjaValue> pairs = value is MappingValue mapping ? new MappingView(mapping, "items").Elements()
            : Iteration.Over(value);
        return new StringValue(string.Join('&', pairs.Select(pair => string.Join('=', Iteration.Over(pair).Select(
            part => Quote(Soft(part, interpreter).Text, keepsSlash: false).Replace("%20", "+", StringComparison.Ordinal))))));

        static string Quote(string text, bool keepsSlash) =>
            keepsSlash ? string.Join('/', text.Split('/').Select(Uri.EscapeDataString)) : Uri.EscapeDataString(text);
    }

    private static int Words(string text)
    {
        int count = 0;
        bool isInside = false;
        foreach (char c in text)
        {
            bool isWord = c == '_' || char.IsLetterOrDigit(c) || char.IsSurrogate(c);
            count += isWord && !isInside ? 1 : 0;
            isInside = isWord;
        }

        return count;
    }

    /// <summary>Hugging Face's own: no escapes for HTML, and the parameters of Python's <c>json.dumps</c>.</summary>
    private static JinjaValue ToJson(Interpreter interpreter, JinjaValue value, Arguments arguments)
    {
        JinjaValue?[] given = arguments.Bind("tojson", 0, "ensure_ascii", "indent", "separators", "sort_keys");
        string? indent = given[1] switch
        {
            null or NoneValue => null,
            StringValue text => text.Text,
            { } width => TextMethods.Pad("", Arguments.Whole("tojson", width, 0), " ", left: false, right: true, interpreter.Budget),
        };
        (string items, string keys) = (indent is null ? ", " : ",", ": ");
        if (given[2] is { } separators and not NoneValue)
        {
            JinjaValue[] pair = Iteration.ToArray(separators, interpreter.Budget);
            (items, keys) = pair is [StringValue item, StringValue key] ? (item.Text, key.Text)
                : throw new JinjaException("the separators of tojson must be two texts");
        }

        return new StringValue(JsonWriting.Write(
            value, new JsonLayout(given[0]?.IsTrue ?? false, indent, items, keys, given[3]?.IsTrue ?? false), interpreter.Budget));
    }
}
