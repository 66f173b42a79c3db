using System.Text;

namespace Inferometer.ModelFiles.Templates.Jinja.Values;

/// <summary>The operators of expressions.</summary>
internal static class Operators
{
    public static JinjaValue Binary(string op, JinjaValue left, JinjaValue right, Budget budget)
    {
        if (left is UndefinedValue undefined)
        {
            throw undefined.Failure();
        }

        if (op is "%" && left is StringValue format)
        {
            return format.With(Formatting.Percent(format.Text, right, budget));
        }

        if (right is UndefinedValue missing)
        {
            throw missing.Failure();
        }

        if (Numbers.IsNumber(left) && Numbers.IsNumber(right))
        {
            return Numbers.Arithmetic(op, left, right);
        }

        return op switch
        {
            "+" => Joined(left, right, budget),
            "*" => Repeated(left, right, budget) ?? Repeated(right, left, budget),
            _ => null,
        }
        ?? throw Unsupported(op, left, right);
    }

    private static JinjaException Unsupported(string op, JinjaValue left, JinjaValue right) => new(op is "+"
        && left is StringValue or SequenceValue
        ? $"can only concatenate {left.TypeName} (not \"{right.TypeName}\") to {left.TypeName}"
        : $"unsupported operand type(s) for {op}: '{left.TypeName}' and '{right.TypeName}'");

    private static JinjaValue? Joined(JinjaValue left, JinjaValue right, Budget budget)
    {
        switch (left, right)
        {
            case (StringValue a, StringValue b):
                budget.Take((long)a.Text.Length + b.Text.Length);
                return a.IsMarkup == b.IsMarkup ? new StringValue(a.Text + b.Text, a.IsMarkup)
                    : new StringValue(Markup(a) + Markup(b), isMarkup: true);
            case (ListValue a, ListValue b):
                budget.Take((long)a.Items.Length + b.Items.Length);
                return new ListValue([.. a.Items, .. b.Items]);
            case (TupleValue a, TupleValue b):
                budget.Take((long)a.Items.Length + b.Items.Length);
                return new TupleValue([.. a.Items, .. b.Items]);
            default:
                return null;
        }
    }

    private static string Markup(StringValue text) => text.IsMarkup ? text.Text : Escape(text.Text);

    private static JinjaValue? Repeated(JinjaValue value, JinjaValue times, Budget budget)
    {
        if (Numbers.Whole(times) is null || value is not (StringValue or SequenceValue))
        {
            return null;
        }

        int count = Math.Max(0, Arguments.Whole("*", times, 0));
        budget.Take((long)count * (value is StringValue t ? t.Text.Length : ((SequenceValue)value).Items.Length));
        if (value is StringValue text)
        {
            return text.With(text.Text.Length == 0 ? ""
                : new StringBuilder(text.Text.Length * count).Insert(0, text.Text, count).ToString());
        }

        JinjaValue[] items = ((SequenceValue)value).Items;
        return ((SequenceValue)value).With(items.Length == 0 ? [] : [.. Enumerable.Repeat(items, count).SelectMany(part => part)]);
    }

    public static JinjaValue Negative(JinjaValue value) => value switch
    {
        UndefinedValue undefined => throw undefined.Failure(),
        FloatValue number => new FloatValue(-number.Value),
        _ => new IntegerValue(-(Numbers.Whole(value) ?? throw new JinjaException($"bad operand type for unary -: '{value.TypeName}'"))),
    };

    public static JinjaValue Positive(JinjaValue value) => value switch
    {
        UndefinedValue undefined => throw undefined.Failure(),
        FloatValue => value,
        _ => new IntegerValue(Numbers.Whole(value) ?? throw new JinjaException($"bad operand type for unary +: '{value.TypeName}'")),
    };

    /// <summary>For HTML.</summary>
    public static string Escape(string text) => text
        .Replace("&", "&amp;", StringComparison.Ordinal)
        .Replace(">", "&gt;", StringComparison.Ordinal)
        .Replace("<", "&lt;", StringComparison.Ordinal)
        .Replace("'", "&#39;", StringComparison.Ordinal)
        .Replace("\"", "&#34;", StringComparison.Ordinal);
}
