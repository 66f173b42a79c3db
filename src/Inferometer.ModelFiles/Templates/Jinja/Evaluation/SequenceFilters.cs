using Inferometer.ModelFiles.Templates.Jinja.Values;

namespace Inferometer.ModelFiles.Templates.Jinja.Evaluation;

/// <summary>Filters on values that hold others, and those that take any value.</summary>
internal static class SequenceFilters
{
    public static Dictionary<string, Filter> All { get; } = new(StringComparer.Ordinal)
    {
        ["default"] = Default,
        ["d"] = Default,
        ["length"] = Length,
        ["count"] = Length,
        ["list"] = PlainFilter.Of("list", (i, value) => new ListValue(Iteration.ToArray(value, i.Budget))),
        ["first"] = PlainFilter.Of("first", (_, value) =>
            Iteration.Over(value).FirstOrDefault() ?? new UndefinedValue("No first item, sequence was empty.")),
        ["last"] = Last,
        ["reverse"] = Reverse,
        ["items"] = Items,
        ["batch"] = Batch,
        ["slice"] = Slice,
        ["attr"] = (i, value, arguments) =>
        {
            string name = Printing.Text(arguments.Bind("attr", 1, "name")[0]!, i.Budget);
            return value.Attribute(name) ?? (Methods.Changes(value, name) ? null : Methods.Find(value, name, i.Budget))
                ?? (JinjaValue)new UndefinedValue($"'{value.TypeName} object' has no attribute '{name}'");
        },
    };

    private static JinjaValue Default(Interpreter interpreter, JinjaValue value, Arguments arguments)
    {
        JinjaValue?[] given = arguments.Bind("default", 0, "default_value", "boolean");
        bool replaces = value is UndefinedValue || ((given[1]?.IsTrue ?? false) && !value.IsTrue);
        return replaces ? given[0] ?? StringValue.Empty : value;
    }

    private static JinjaValue Length(Interpreter interpreter, JinjaValue value, Arguments arguments)
    {
        _ = arguments.Bind("length", 0);
        return new IntegerValue(value is LoopValue loop ? ((IntegerValue)loop.Attribute("length")!).Value
            : Iteration.Length(value) ?? throw new JinjaException($"object of type '{value.TypeName}' has no len()"));
    }

    private static JinjaValue Last(Interpreter interpreter, JinjaValue value, Arguments arguments)
    {
        _ = arguments.Bind("last", 0);
        if (Iteration.Length(value) is null)
        {
            throw new JinjaException($"'{value.TypeName}' object is not reversible");
        }

        return value is SequenceValue sequence
            ? sequence.Items.Length > 0 ? sequence.Items[^1] : new UndefinedValue("No last item, sequence was empty.")
            : Iteration.Over(value).LastOrDefault() ?? new UndefinedValue("No last item, sequence was empty.");
    }

    private static JinjaValue Reverse(Interpreter interpreter, JinjaValue value, Arguments arguments)
    {
        _ = arguments.Bind("reverse", 0);
        JinjaValue[] items = Iteration.ToArray(value, interpreter.Budget);
        Array.Reverse(items);
        return value is StringValue text ? text.With(string.Concat(items.Select(item => ((StringValue)item).Text)))
            : new IteratorValue(items);
    }

    private static JinjaValue Items(Interpreter interpreter, JinjaValue value, Arguments arguments)
    {
        _ = arguments.Bind("items", 0);
        return value switch
        {
            UndefinedValue => new IteratorValue([]),
            MappingValue mapping => new IteratorValue(Iteration.ToArray(new MappingView(mapping, "items"), interpreter.Budget)),
            _ => throw new JinjaException("Can only get item pairs from a mapping."),
        };
    }

    private static JinjaValue Batch(Interpreter interpreter, JinjaValue value, Arguments arguments)
    {
        JinjaValue?[] given = arguments.Bind("batch", 1, "linecount", "fill_with");
        int size = Arguments.Whole("batch", given[0], 1);
        List<JinjaValue> lines = [];
        List<JinjaValue> line = [];
        foreach (JinjaValue item in Iteration.ToArray(value, interpreter.Budget))
        {
            if (line.Count == size)
            {
                lines.Add(new ListValue([.. line]));
                line.Clear();
            }

            line.Add(item);
        }

        if (line.Count > 0)
        {
            bool fills = given[1] is not (null or NoneValue) && line.Count < size;
            interpreter.Budget.Take(fills ? size : 0);
            lines.Add(new ListValue([.. line, .. fills ? Enumerable.Repeat(given[1]!, size - line.Count) : []]));
        }

        return new IteratorValue([.. lines]);
    }

    private static JinjaValue Slice(Interpreter interpreter, JinjaValue value, Arguments arguments)
    {
        JinjaValue?[] given = arguments.Bind("slice", 1, "slices", "fill_with");
        JinjaValue[] items = Iteration.ToArray(value, interpreter.Budget);
        int slices = Math.Max(0, Arguments.Whole("slice", given[0], 1));
        if (slices == 0)
        {
            throw new JinjaException("integer division or modulo by zero");
        }

        interpreter.Budget.Take(slices);
        (int size, int larger) = Math.DivRem(items.Length, slices);
        var result = new JinjaValue[slices];
        for (int i = 0, start = 0; i < slices; i++)
        {
            int end = start + size + (i < larger ? 1 : 0);
            bool fills = given[1] is not (null or NoneValue) && i >= larger;
            result[i] = new ListValue([.. items[start..end], .. fills ? [given[1]!] : (ReadOnlySpan<JinjaValue>)[]]);
            start = end;
        }

        return new IteratorValue(result);
    }
}
