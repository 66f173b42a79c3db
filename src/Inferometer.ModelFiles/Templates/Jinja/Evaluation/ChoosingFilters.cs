using Inferometer.ModelFiles.Templates.Jinja.Values;

namespace Inferometer.ModelFiles.Templates.Jinja.Evaluation;

/// <summary>Filters that apply another filter or a test to each element.</summary>
internal static class ChoosingFilters
{
    public static Dictionary<string, Filter> All { get; } = new(StringComparer.Ordinal)
    {
        ["map"] = Map,
        ["select"] = (i, value, arguments) => Choose(i, value, arguments, byAttribute: false, wanted: true),
        ["reject"] = (i, value, arguments) => Choose(i, value, arguments, byAttribute: false, wanted: false),
        ["selectattr"] = (i, value, arguments) => Choose(i, value, arguments, byAttribute: true, wanted: true),
        ["rejectattr"] = (i, value, arguments) => Choose(i, value, arguments, byAttribute: true, wanted: false),
    };

    private static JinjaValue Map(Interpreter interpreter, JinjaValue value, Arguments arguments)
    {
        // As in the reference: what is false, None too, has no elements here.
        if (!value.IsTrue)
        {
            return new IteratorValue([]);
        }

        Func<JinjaValue, JinjaValue> change;
        if (arguments.Positional.Count == 0 && arguments.Named.Count > 0)
        {
            JinjaValue?[] given = arguments.Bind("map", 0, "attribute", "default");
            var path = AttributePath.Parse(given[0] ?? throw new JinjaException("map misses its argument 'attribute'"), given[1]);
            change = item => path.Get(item, interpreter.Budget);
        }
        else
        {
            if (arguments.Positional.Count == 0)
            {
                throw new JinjaException("map requires a filter argument");
            }

            string name = Arguments.Text("map", arguments.Positional[0]);
            Arguments rest = new([.. arguments.Positional.Skip(1)], arguments.Named);
            change = item => interpreter.Filter(name, item, rest);
        }

        JinjaValue[] items = Iteration.ToArray(value, interpreter.Budget);
        return new IteratorValue(Array.ConvertAll(items, item => change(item)));
    }

    private static JinjaValue Choose(Interpreter interpreter, JinjaValue value, Arguments arguments, bool byAttribute, bool wanted)
    {
        if (!value.IsTrue)
        {
            return new IteratorValue([]);
        }

        int skipped = byAttribute ? 1 : 0;
        if (arguments.Positional.Count < skipped)
        {
            throw new JinjaException("Missing parameter for attribute name");
        }

        var path = AttributePath.Parse(byAttribute ? arguments.Positional[0] : null);
        string? test = arguments.Positional.Count > skipped ? Arguments.Text("select", arguments.Positional[skipped]) : null;
        Arguments rest = new([.. arguments.Positional.Skip(skipped + 1)], arguments.Named);
        JinjaValue[] items = Iteration.ToArray(value, interpreter.Budget);
        return new IteratorValue([.. items.Where(item =>
        {
            interpreter.Budget.Step();
            JinjaValue tested = path.Get(item, interpreter.Budget);
            return (test is null ? tested.IsTrue : interpreter.Holds(test, tested, rest)) == wanted;
        })]);
    }
}
