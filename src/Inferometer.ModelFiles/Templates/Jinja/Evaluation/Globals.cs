using System.Globalization;
using Inferometer.ModelFiles.Templates.Jinja.Values;

namespace Inferometer.ModelFiles.Templates.Jinja.Evaluation;

/// <summary>The functions every template has: Jinja's, and the two that Hugging Face adds.</summary>
internal static class Globals
{
    /// <summary>The longest range the reference's sandbox allows.</summary>
    private const int LongestRange = 100_000;

    public static void AddTo(Scope scope, Interpreter interpreter)
    {
        Add("range", arguments => Range(arguments));
        Add("dict", arguments => Dictionary(arguments));
        Add("namespace", Namespace);
        Add("cycler", arguments => new CyclerValue(arguments.Positional));
        Add("joiner", arguments => Joiner(arguments));
        Add("raise_exception", arguments => throw new JinjaException(
            Printing.Text(arguments.Bind("raise_exception", 1, "message")[0]!, interpreter.Budget), isRaisedByTemplate: true));
        Add("strftime_now", arguments =>
        {
            string format = Arguments.Text("strftime_now", arguments.Bind("strftime_now", 1, "format")[0]);
            return new StringValue(DateFormatting.Format(interpreter.Clock.GetLocalNow(), format, interpreter.Budget));
        });

        void Add(string name, Func<Arguments, JinjaValue> function) => scope.Set(name, new FunctionValue(name, function));
    }

    private static RangeValue Range(Arguments arguments)
    {
        JinjaValue?[] given = arguments.Bind("range", 1, "start", "stop", "step");
        long first = Arguments.Whole("range", given[0], 0);
        (long start, long stop) = given[1] is null ? (0L, first) : (first, (long)Arguments.Whole("range", given[1], 0));
        long step = Arguments.Whole("range", given[2], 1);
        if (step == 0)
        {
            throw new JinjaException("range() arg 3 must not be zero");
        }

        long count = Math.Max(0, step > 0 ? (stop - start + step - 1) / step : (start - stop - step - 1) / -step);
        return count <= LongestRange
            ? new RangeValue(start, stop, step, (int)count)
            : throw new JinjaException(string.Create(CultureInfo.InvariantCulture,
                $"range() of {count} elements; at most {LongestRange} are allowed"));
    }

    private static MappingValue Dictionary(Arguments arguments)
    {
        OrderedDictionary<JinjaValue, JinjaValue> items = MappingValue.NewItems();
        foreach (JinjaValue source in arguments.Positional.Count <= 1 ? arguments.Positional
            : throw new JinjaException("dict expected at most 1 argument"))
        {
            if (source is MappingValue mapping)
            {
                foreach ((JinjaValue key, JinjaValue value) in mapping.Items)
                {
                    items[key] = value;
                }

                continue;
            }

            foreach (JinjaValue pair in Iteration.Over(source))
            {
                JinjaValue[] parts = [.. Iteration.Over(pair)];
                items[parts.Length == 2 ? parts[0] : throw new JinjaException("dict() needs pairs")] = parts[1];
            }
        }

        foreach ((string name, JinjaValue value) in arguments.Named)
        {
            items[new StringValue(name)] = value;
        }

        return new MappingValue(items);
    }

    private static NamespaceValue Namespace(Arguments arguments)
    {
        var space = new NamespaceValue();
        foreach ((JinjaValue key, JinjaValue value) in Dictionary(arguments).Items)
        {
            space.Attributes[(key as StringValue)?.Text ?? throw new JinjaException("the attributes of a namespace need names")] = value;
        }

        return space;
    }

    private static FunctionValue Joiner(Arguments arguments)
    {
        JinjaValue separator = arguments.Bind("joiner", 0, "sep")[0] ?? new StringValue(", ");
        bool isUsed = false;
        return new FunctionValue("joiner", _ =>
        {
            bool wasUsed = isUsed;
            isUsed = true;
            return wasUsed ? separator : StringValue.Empty;
        });
    }
}
