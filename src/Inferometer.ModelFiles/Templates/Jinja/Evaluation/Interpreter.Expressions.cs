using System.Text;
using Inferometer.ModelFiles.Templates.Jinja.Syntax;
using Inferometer.ModelFiles.Templates.Jinja.Values;

namespace Inferometer.ModelFiles.Templates.Jinja.Evaluation;

/// <summary>Expressions.</summary>
internal sealed partial class Interpreter
{
    /// <summary>The value of an expression.</summary>
    public JinjaValue Evaluate(Expression expression, Scope scope)
    {
        Budget.Step();
        Budget.Deepen();
        switch (expression)
        {
            case Literal literal:
                return literal.Value;
            case NameExpression name:
                return scope.Find(name.Name) ?? new UndefinedValue($"'{name.Name}' is undefined");
            case AttributeExpression attribute:
                JinjaValue owner = Evaluate(attribute.Owner, scope);
                Offset = attribute.Offset;
                return Access.Attribute(owner, attribute.Name, Budget);
            case ItemExpression item:
                JinjaValue container = Evaluate(item.Owner, scope);
                JinjaValue key = Evaluate(item.Key, scope);
                Offset = item.Offset;
                return Access.Item(container, key, Budget);
            case SliceExpression slice:
                return Slice(slice, scope);
            case FilterExpression filter:
                return Apply(filter.Filter, Evaluate(filter.Value, scope), scope);
            case TestExpression test:
                return BooleanValue.Of(Holds(test, scope));
            case CallExpression call:
                JinjaValue callee = Evaluate(call.Callee, scope);
                Arguments arguments = Evaluate(call.Arguments, scope);
                Offset = call.Offset;
                return Call(callee, arguments);
            case NotExpression not:
                return BooleanValue.Of(!Evaluate(not.Operand, scope).IsTrue);
            case LogicalExpression logical:
                JinjaValue left = Evaluate(logical.Left, scope);
                return left.IsTrue == logical.IsAnd ? Evaluate(logical.Right, scope) : left;
            case ComparisonExpression comparison:
                return BooleanValue.Of(Compare(comparison, scope));
            case ConditionalExpression conditional:
                return Evaluate(conditional.Test, scope).IsTrue ? Evaluate(conditional.Then, scope)
                    : conditional.Otherwise is { } otherwise ? Evaluate(otherwise, scope)
                    : new UndefinedValue("the inline if-expression evaluated to false and no else section was defined");
            default:
                return Combine(expression, scope);
        }
    }

    private JinjaValue Combine(Expression expression, Scope scope)
    {
        switch (expression)
        {
            case BinaryExpression binary:
                JinjaValue left = Evaluate(binary.Left, scope);
                JinjaValue right = Evaluate(binary.Right, scope);
                Offset = binary.Offset;
                return Operators.Binary(binary.Operator, left, right, Budget);
            case SignExpression sign:
                JinjaValue operand = Evaluate(sign.Operand, scope);
                Offset = sign.Offset;
                return sign.IsNegative ? Operators.Negative(operand) : Operators.Positive(operand);
            case ConcatenationExpression concatenation:
                return Concatenate(concatenation, scope);
            case ListExpression list:
                return new ListValue(All(list.Items, scope));
            case TupleExpression tuple:
                return new TupleValue(All(tuple.Items, scope));
            default:
                var mapping = (MappingExpression)expression;
                OrderedDictionary<JinjaValue, JinjaValue> items = MappingValue.NewItems();
                foreach ((Expression key, Expression value) in mapping.Pairs)
                {
                    JinjaValue name = Evaluate(key, scope);
                    Offset = key.Offset;
                    items[name] = Evaluate(value, scope);
                }

                Budget.Take(items.Count);
                return new MappingValue(items);
        }
    }

    private JinjaValue[] All(Expression[] expressions, Scope scope)
    {
        Budget.Take(expressions.Length);
        var values = new JinjaValue[expressions.Length];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = Evaluate(expressions[i], scope);
        }

        return values;
    }

    private StringValue Concatenate(ConcatenationExpression expression, Scope scope)
    {
        JinjaValue[] values = All(expression.Parts, scope);
        Offset = expression.Offset;
        var text = new StringBuilder();
        foreach (JinjaValue value in values)
        {
            string part = Printing.Text(value, Budget);
            Budget.Take(part.Length);
            text.Append(part);
        }

        return new StringValue(text.ToString());
    }

    private JinjaValue Slice(SliceExpression slice, Scope scope)
    {
        JinjaValue owner = Evaluate(slice.Owner, scope);
        JinjaValue? Bound(Expression? bound) => bound is null ? null : Evaluate(bound, scope);
        JinjaValue? start = Bound(slice.Start), stop = Bound(slice.Stop), step = Bound(slice.Step);
        Offset = slice.Offset;
        return Access.Slice(owner, start, stop, step, Budget);
    }

    private bool Compare(ComparisonExpression expression, Scope scope)
    {
        JinjaValue left = Evaluate(expression.First, scope);
        foreach ((string op, Expression operand) in expression.Rest)
        {
            JinjaValue right = Evaluate(operand, scope);
            Offset = expression.Offset;
            bool holds = op switch
            {
                "==" => Comparison.AreEqual(left, right, Budget),
                "!=" => !Comparison.AreEqual(left, right, Budget),
                "in" => Comparison.Contains(right, left, Budget),
                "not in" => !Comparison.Contains(right, left, Budget),
                _ => Comparison.Holds(op, left, right, Budget),
            };
            if (!holds)
            {
                return false;
            }

            left = right;
        }

        return true;
    }

    private Arguments Evaluate(ArgumentList list, Scope scope)
    {
        if (ReferenceEquals(list, ArgumentList.None))
        {
            return Arguments.None;
        }

        List<JinjaValue> positional = [.. All(list.Positional, scope)];
        List<KeyValuePair<string, JinjaValue>> named = [.. list.Named.Select(pair =>
            KeyValuePair.Create(pair.Name, Evaluate(pair.Value, scope)))];
        if (list.MorePositional is not null)
        {
            positional.AddRange(Iteration.ToArray(Evaluate(list.MorePositional, scope), Budget));
        }

        if (list.MoreNamed is not null)
        {
            MappingValue more = Evaluate(list.MoreNamed, scope) as MappingValue
                ?? throw new JinjaException("argument after ** must be a mapping");
            named.AddRange(more.Items.Select(pair => KeyValuePair.Create(
                (pair.Key as StringValue)?.Text ?? throw new JinjaException("keywords must be strings"), pair.Value)));
        }

        return named.Select(pair => pair.Key).Distinct(StringComparer.Ordinal).Count() == named.Count
            ? new Arguments(positional, named)
            : throw new JinjaException("a keyword argument is given twice");
    }

    private static JinjaValue Call(JinjaValue callee, Arguments arguments) => callee switch
    {
        CallableValue callable => callable.Call(arguments),
        UndefinedValue undefined => throw undefined.Failure(),
        _ => throw new JinjaException($"'{callee.TypeName}' object is not callable"),
    };

    private JinjaValue Apply(FilterCall filter, JinjaValue value, Scope scope)
    {
        Arguments arguments = Evaluate(filter.Arguments, scope);
        Offset = filter.Offset;
        return Filter(filter.Name, value, arguments);
    }

    /// <summary>Applies a filter.</summary>
    public JinjaValue Filter(string name, JinjaValue value, Arguments arguments)
    {
        Budget.Work((value as StringValue)?.Text.Length ?? 0);
        return Filters.Find(name) is { } filter ? filter(this, value, arguments) : throw new JinjaException($"no filter named '{name}'");
    }

    private bool Holds(TestExpression test, Scope scope)
    {
        JinjaValue value = Evaluate(test.Value, scope);
        Arguments arguments = Evaluate(test.Arguments, scope);
        Offset = test.Offset;
        return Holds(test.Name, value, arguments);
    }

    /// <summary>Whether a test holds.</summary>
    public bool Holds(string name, JinjaValue value, Arguments arguments)
    {
        Budget.Step();
        return Tests.Find(name) is { } test ? test(this, value, arguments) : throw new JinjaException($"no test named '{name}'");
    }
}
