using Inferometer.ModelFiles.Templates.Jinja.Values;

namespace Inferometer.ModelFiles.Templates.Jinja.Evaluation;

/// <summary>Filters that compare elements with each other.</summary>
internal static class OrderingFilters
{
    public static Dictionary<string, Filter> All { get; } = new(StringComparer.Ordinal)
    {
        ["sort"] = Sort,
        ["dictsort"] = DictSort,
        ["unique"] = Unique,
        ["min"] = (i, value, arguments) => Extreme(i, value, arguments, "min", sign: 1),
        ["max"] = (i, value, arguments) => Extreme(i, value, arguments, "max", sign: -1),
        ["groupby"] = GroupBy,
    };

    private static JinjaValue Sort(Interpreter interpreter, JinjaValue value, Arguments arguments)
    {
        JinjaValue?[] given = arguments.Bind("sort", 0, "reverse", "case_sensitive", "attribute");
        AttributePath[] paths = AttributePath.ParseAll(given[2], ignoresCase: !(given[1]?.IsTrue ?? false));
        int sign = given[0]?.IsTrue ?? false ? -1 : 1;
        (JinjaValue Key, JinjaValue Item)[] keyed = Array.ConvertAll(Iteration.ToArray(value, interpreter.Budget), item =>
            ((JinjaValue)new ListValue(Array.ConvertAll(paths, path => path.Get(item, interpreter.Budget))), item));
        return new ListValue(Array.ConvertAll(
            StableSort.Sort(keyed, (a, b) => sign * Comparison.Order(a.Key, b.Key, interpreter.Budget)), pair => pair.Item));
    }

    private static JinjaValue DictSort(Interpreter interpreter, JinjaValue value, Arguments arguments)
    {
        JinjaValue?[] given = arguments.Bind("dictsort", 0, "case_sensitive", "by", "reverse");
        string by = Arguments.TextOrNone("dictsort", given[1]) ?? "key";
        int part = by switch
        {
            "key" => 0,
            "value" => 1,
            _ => throw new JinjaException("You can only sort by either \"key\" or \"value\""),
        };
        MappingValue mapping = value as MappingValue ?? throw (value is UndefinedValue undefined ? undefined.Failure()
            : new JinjaException($"the filter 'dictsort' needs a mapping, not '{value.TypeName}'"));
        var path = AttributePath.Parse(new IntegerValue(part), ignoresCase: !(given[0]?.IsTrue ?? false));
        int sign = given[2]?.IsTrue ?? false ? -1 : 1;
        JinjaValue[] pairs = Iteration.ToArray(new MappingView(mapping, "items"), interpreter.Budget);
        return new ListValue(StableSort.Sort(pairs, (a, b) =>
            sign * Comparison.Order(path.Get(a, interpreter.Budget), path.Get(b, interpreter.Budget), interpreter.Budget)));
    }

    private static JinjaValue Unique(Interpreter interpreter, JinjaValue value, Arguments arguments)
    {
        JinjaValue?[] given = arguments.Bind("unique", 0, "case_sensitive", "attribute");
        var path = AttributePath.Parse(given[1], ignoresCase: !(given[0]?.IsTrue ?? false));
        HashSet<JinjaValue> seen = new(KeyComparer.Instance);
        return new IteratorValue([.. Iteration.ToArray(value, interpreter.Budget).Where(item =>
            seen.Add(path.Get(item, interpreter.Budget)))]);
    }

    private static JinjaValue Extreme(Interpreter interpreter, JinjaValue value, Arguments arguments, string name, int sign)
    {
        JinjaValue?[] given = arguments.Bind(name, 0, "case_sensitive", "attribute");
        var path = AttributePath.Parse(given[1], ignoresCase: !(given[0]?.IsTrue ?? false));
        JinjaValue? best = null, bestKey = null;
        foreach (JinjaValue item in Iteration.Over(value))
        {
            JinjaValue key = path.Get(item, interpreter.Budget);
            if (bestKey is null || sign * Comparison.Order(key, bestKey, interpreter.Budget) < 0)
            {
                (best, bestKey) = (item, key);
            }
        }

        return best ?? new UndefinedValue("No aggregated item, sequence was empty.");
    }

    private static JinjaValue GroupBy(Interpreter interpreter, JinjaValue value, Arguments arguments)
    {
        JinjaValue?[] given = arguments.Bind("groupby", 1, "attribute", "default", "case_sensitive");
        bool ignoresCase = !(given[2]?.IsTrue ?? false);
        var path = AttributePath.Parse(given[0], given[1], ignoresCase);
        var name = AttributePath.Parse(given[0], given[1]);
        JinjaValue[] sorted = StableSort.Sort(Iteration.ToArray(value, interpreter.Budget), (a, b) =>
            Comparison.Order(path.Get(a, interpreter.Budget), path.Get(b, interpreter.Budget), interpreter.Budget));
        List<JinjaValue> groups = [];
        for (int start = 0, end; start < sorted.Length; start = end)
        {
            JinjaValue key = path.Get(sorted[start], interpreter.Budget);
            for (end = start + 1; end < sorted.Length
                && Comparison.AreEqual(path.Get(sorted[end], interpreter.Budget), key, interpreter.Budget);)
            {
                end++;
            }

            groups.Add(new TupleValue([name.Get(sorted[start], interpreter.Budget), new ListValue(sorted[start..end])], isGroup: true));
        }

        return new ListValue([.. groups]);
    }
}
