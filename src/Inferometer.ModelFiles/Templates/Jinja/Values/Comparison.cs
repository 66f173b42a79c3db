namespace Inferometer.ModelFiles.Templates.Jinja.Values;

/// <summary>Python's <c>==</c>, <c>&lt;</c> and <c>in</c>.</summary>
internal static class Comparison
{
    /// <param name="left">One value.</param>
    /// <param name="right">The other.</param>
    /// <param name="budget">Counts the elements compared; null for dictionary keys, whose size is bounded.</param>
    public static bool AreEqual(JinjaValue left, JinjaValue right, Budget? budget)
    {
        budget?.Step();
        if (ReferenceEquals(left, right))
        {
            return left is not FloatValue number || !double.IsNaN(number.Value);
        }

        switch (left)
        {
            case StringValue a:
                budget?.Work(Math.Min(a.Text.Length, right is StringValue text ? text.Text.Length : 0));
                return right is StringValue b && string.Equals(a.Text, b.Text, StringComparison.Ordinal);
            case IntegerValue or FloatValue or BooleanValue:
                return Numbers.IsNumber(right) && Numbers.Compare(left, right) == 0;
            case UndefinedValue:
                return right is UndefinedValue;
            case SequenceValue a:
                return right is SequenceValue other && a is ListValue == other is ListValue && HaveEqualItems(a.Items, other.Items, budget);
            case MappingValue a:
                return right is MappingValue mapping && HaveEqualItems(a, mapping, budget);
            case RangeValue a:
                return right is RangeValue range && a.Count == range.Count
                    && (a.Count == 0 || (a.Start == range.Start && (a.Count == 1 || a.Step == range.Step)));
            default:
                return false;
        }
    }

    private static bool HaveEqualItems(JinjaValue[] left, JinjaValue[] right, Budget? budget)
    {
        Budget.Deepen();
        if (left.Length != right.Length)
        {
            return false;
        }

        for (int i = 0; i < left.Length; i++)
        {
            if (!AreEqual(left[i], right[i], budget))
            {
                return false;
            }
        }

        return true;
    }

    private static bool HaveEqualItems(MappingValue left, MappingValue right, Budget? budget)
    {
        Budget.Deepen();
        if (left.Items.Count != right.Items.Count)
        {
            return false;
        }

        foreach ((JinjaValue key, JinjaValue value) in left.Items)
        {
            if (!right.Items.TryGetValue(key, out JinjaValue? other) || !AreEqual(value, other, budget))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Whether an ordering comparison (<c>&lt; &lt;= &gt; &gt;=</c>) holds.</summary>
    public static bool Holds(string op, JinjaValue left, JinjaValue right, Budget budget)
    {
        if (Order(op, left, right, budget) is not int order)
        {
            return false;
        }

        return op switch
        {
            "<" => order < 0,
            "<=" => order <= 0,
            ">" => order > 0,
            _ => order >= 0,
        };
    }

    /// <summary>The order of two values for sorting.</summary>
    public static int Order(JinjaValue left, JinjaValue right, Budget budget) => Order("<", left, right, budget) ?? 0;

    private static int? Order(string op, JinjaValue left, JinjaValue right, Budget budget)
    {
        budget.Step();
        switch (left, right)
        {
            case (StringValue a, StringValue b):
                budget.Work(Math.Min(a.Text.Length, b.Text.Length));
                return CompareText(a.Text, b.Text);
            case (ListValue a, ListValue b):
                return OrderItems(op, a.Items, b.Items, budget);
            case (TupleValue a, TupleValue b):
                return OrderItems(op, a.Items, b.Items, budget);
            case (UndefinedValue a, _):
                throw a.Failure();
            case (_, UndefinedValue b):
                throw b.Failure();
            default:
                return Numbers.IsNumber(left) && Numbers.IsNumber(right)
                    ? Numbers.Compare(left, right)
                    : throw new JinjaException($"'{op}' not supported between instances of '{left.TypeName}' and '{right.TypeName}'");
        }
    }

    private static int? OrderItems(string op, JinjaValue[] left, JinjaValue[] right, Budget budget)
    {
        Budget.Deepen();
        for (int i = 0; i < Math.Min(left.Length, right.Length); i++)
        {
            if (!AreEqual(left[i], right[i], budget))
            {
                return Order(op, left[i], right[i], budget);
            }
        }

        return left.Length.CompareTo(right.Length);
    }

    /// <summary>By code points, as Python compares; UTF-16 order differs where surrogates meet U+E000 and above.</summary>
    private static int CompareText(string left, string right)
    {
        int at = left.AsSpan().CommonPrefixLength(right);
        if (at == left.Length || at == right.Length)
        {
            return left.Length.CompareTo(right.Length);
        }

        char a = left[at], b = right[at];
        return char.IsSurrogate(a) != char.IsSurrogate(b) ? (char.IsSurrogate(a) ? 1 : -1) : a.CompareTo(b);
    }

    /// <summary>Whether <paramref name="container"/> holds <paramref name="item"/>.</summary>
    public static bool Contains(JinjaValue container, JinjaValue item, Budget budget)
    {
        switch (container)
        {
            case StringValue text:
                budget.Work(text.Text.Length);
                return item switch
                {
                    StringValue part => text.Text.Contains(part.Text, StringComparison.Ordinal),
                    _ => throw new JinjaException($"'in <string>' requires string as left operand, not {item.TypeName}"),
                };
            case MappingValue mapping:
                return mapping.Items.ContainsKey(item);
            case UndefinedValue:
                return false;
            default:
                if (Iteration.Elements(container) is not { } elements)
                {
                    throw new JinjaException($"argument of type '{container.TypeName}' is not iterable");
                }

                foreach (JinjaValue element in elements)
                {
                    if (AreEqual(element, item, budget))
                    {
                        return true;
                    }
                }

                return false;
        }
    }
}
