using System.Collections.Frozen;
using Inferometer.ModelFiles.Templates.Jinja.Values;

namespace Inferometer.ModelFiles.Templates.Jinja.Evaluation;

/// <summary>What can follow <c>is</c>.</summary>
internal static class Tests
{
    internal delegate bool Test(Interpreter interpreter, JinjaValue value, Arguments arguments);

    private static readonly FrozenDictionary<string, Test> All = Create().ToFrozenDictionary(StringComparer.Ordinal);

    public static Test? Find(string name) => All.GetValueOrDefault(name);

    private static Dictionary<string, Test> Create()
    {
        Dictionary<string, Test> tests = new(StringComparer.Ordinal)
        {
            ["defined"] = Plain("defined", value => value is not UndefinedValue),
            ["undefined"] = Plain("undefined", value => value is UndefinedValue),
            ["none"] = Plain("none", value => value is NoneValue),
            ["boolean"] = Plain("boolean", value => value is BooleanValue),
            ["true"] = Plain("true", value => ReferenceEquals(value, BooleanValue.True)),
            ["false"] = Plain("false", value => ReferenceEquals(value, BooleanValue.False)),
            ["integer"] = Plain("integer", value => value is IntegerValue),
            ["float"] = Plain("float", value => value is FloatValue),
            ["number"] = Plain("number", Numbers.IsNumber),
            ["string"] = Plain("string", value => value is StringValue),
            ["mapping"] = Plain("mapping", value => value is MappingValue),
            ["sequence"] = Plain("sequence", value =>
                value is SequenceValue or StringValue or MappingValue or RangeValue or UndefinedValue),
            ["iterable"] = Plain("iterable", value => Iteration.Elements(value) is not null),
            ["callable"] = Plain("callable", value => value is CallableValue or UndefinedValue),
            ["escaped"] = Plain("escaped", value => value is StringValue { IsMarkup: true }),
            ["filter"] = Plain("filter", value => value is StringValue name && Filters.Find(name.Text) is not null),
            ["test"] = Plain("test", value => value is StringValue name && Find(name.Text) is not null),
            ["odd"] = (_, value, arguments) => Rest("odd", value, arguments, new IntegerValue(2)) == 1,
            ["even"] = (_, value, arguments) => Rest("even", value, arguments, new IntegerValue(2)) == 0,
            ["divisibleby"] = (_, value, arguments) =>
                Rest("divisibleby", value, Arguments.None, arguments.Bind("divisibleby", 1, "num")[0]!) == 0,
            ["lower"] = (i, value, _) => IsCase(Printing.Text(value, i.Budget), Casing.IsLower, Casing.IsUpper),
            ["upper"] = (i, value, _) => IsCase(Printing.Text(value, i.Budget), Casing.IsUpper, Casing.IsLower),
            ["sameas"] = (_, value, arguments) => IsSame(value, arguments.Bind("sameas", 1, "other")[0]!),
            ["in"] = (i, value, arguments) => Comparison.Contains(arguments.Bind("in", 1, "seq")[0]!, value, i.Budget),
        };
        foreach ((string name, string op) in (ReadOnlySpan<(string, string)>)
        [
            ("lt", "<"), ("lessthan", "<"), ("<", "<"), ("le", "<="), ("<=", "<="),
            ("gt", ">"), ("greaterthan", ">"), (">", ">"), ("ge", ">="), (">=", ">="),
        ])
        {
            tests[name] = (i, value, arguments) => Comparison.Holds(op, value, arguments.Bind(name, 1, "other")[0]!, i.Budget);
        }

        foreach (string name in (ReadOnlySpan<string>)["eq", "equalto", "=="])
        {
            tests[name] = (i, value, arguments) => Comparison.AreEqual(value, arguments.Bind(name, 1, "other")[0]!, i.Budget);
        }

        foreach (string name in (ReadOnlySpan<string>)["ne", "!="])
        {
            tests[name] = (i, value, arguments) => !Comparison.AreEqual(value, arguments.Bind(name, 1, "other")[0]!, i.Budget);
        }

        return tests;
    }

    private static Test Plain(string name, Func<JinjaValue, bool> holds) => (interpreter, value, arguments) =>
    {
        _ = arguments.Bind(name, 0);
        return holds(value);
    };

    private static double Rest(string name, JinjaValue value, Arguments arguments, JinjaValue divisor)
    {
        _ = arguments.Bind(name, 0);
        return value switch
        {
            UndefinedValue undefined => throw undefined.Failure(),
            _ when Numbers.IsNumber(value) && Numbers.IsNumber(divisor) => Numbers.Real(Numbers.Arithmetic("%", value, divisor)),
            _ => throw new JinjaException($"the test '{name}' needs a number, not '{value.TypeName}'"),
        };
    }

    private static bool IsCase(string text, Func<string, bool> wanted, Func<string, bool> other) =>
        CodePoints.Each(text).Any(wanted) && !CodePoints.Each(text).Any(other);

    /// <summary>Python's <c>is</c>, as far as templates can tell: small whole numbers and equal literals are one object.</summary>
    private static bool IsSame(JinjaValue left, JinjaValue right) => (left, right) switch
    {
        (IntegerValue a, IntegerValue b) => a.Value == b.Value,
        (StringValue a, StringValue b) => string.Equals(a.Text, b.Text, StringComparison.Ordinal),
        _ => ReferenceEquals(left, right),
    };
}
