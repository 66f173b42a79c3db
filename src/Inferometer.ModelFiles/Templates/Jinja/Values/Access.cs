namespace Inferometer.ModelFiles.Templates.Jinja.Values;

/// <summary>Attributes and items, in the order in which Jinja looks: <c>a.b</c> prefers the attribute, <c>a['b']</c> the item.</summary>
internal static class Access
{
    public static JinjaValue Attribute(JinjaValue value, string name, Budget budget) => value is UndefinedValue undefined
        ? throw undefined.Failure()
        : FindAttribute(value, name, budget) ?? FindItem(value, new StringValue(name), budget)
            ?? Missing(value, new StringValue(name), budget);

    public static JinjaValue Item(JinjaValue value, JinjaValue key, Budget budget) => value is UndefinedValue undefined
        ? throw undefined.Failure()
        : FindItem(value, key, budget)
            ?? (key is StringValue name ? FindAttribute(value, name.Text, budget) : null)
            ?? Missing(value, key, budget);

    private static JinjaValue? FindAttribute(JinjaValue value, string name, Budget budget) =>
        name.StartsWith('_') || Methods.Changes(value, name)
            ? Methods.Changes(value, name)
                ? new UndefinedValue(
                    $"access to attribute '{name}' of '{value.TypeName}' object is unsafe: templates cannot change lists and dictionaries.")
                : null
            : value.Attribute(name) ?? Methods.Find(value, name, budget);

    private static JinjaValue? FindItem(JinjaValue value, JinjaValue key, Budget budget)
    {
        budget.Work((key as StringValue)?.Text.Length ?? (value as StringValue)?.Text.Length ?? 0);
        if (value is MappingValue mapping)
        {
            return key is ListValue or MappingValue ? null : mapping.Items.GetValueOrDefault(key);
        }

        if (Numbers.Whole(key) is not { } index || value is not (SequenceValue or StringValue or RangeValue))
        {
            return null;
        }

        int length = Iteration.Length(value)!.Value;
        index = index.Sign < 0 ? index + length : index;
        if (index.Sign < 0 || index >= length)
        {
            return null;
        }

        return value switch
        {
            SequenceValue sequence => sequence.Items[(int)index],
            RangeValue range => range.At((int)index),
            _ => ((StringValue)value).With(CodePoints.Slice(((StringValue)value).Text, (int)index, 1, 1)),
        };
    }

    private static UndefinedValue Missing(JinjaValue value, JinjaValue key, Budget budget) => new(key is StringValue name
        ? $"'{(value is NoneValue ? "None" : value.TypeName + " object")}' has no attribute '{name.Text}'"
        : $"{(value is NoneValue ? "None" : value.TypeName + " object")} has no element {Printing.Representation(key, budget)}");

    /// <summary><c>value[start:stop:step]</c>.</summary>
    public static JinjaValue Slice(JinjaValue value, JinjaValue? start, JinjaValue? stop, JinjaValue? step, Budget budget)
    {
        if (value is UndefinedValue undefined)
        {
            throw undefined.Failure();
        }

        if (value is not (SequenceValue or StringValue or RangeValue))
        {
            throw new JinjaException($"'{value.TypeName}' object has no slices");
        }

        budget.Work((value as StringValue)?.Text.Length ?? 0);
        int length = Iteration.Length(value)!.Value;
        int stride = Bound(step, 1);
        if (stride == 0)
        {
            throw new JinjaException("slice step cannot be zero");
        }

        int lowest = stride < 0 ? -1 : 0, highest = stride < 0 ? length - 1 : length;
        int from = Clamp(Bound(start, stride < 0 ? int.MaxValue : 0), start is null or NoneValue);
        int to = stop is null or NoneValue ? (stride < 0 ? -1 : length) : Clamp(Bound(stop, 0), isDefault: false);
        long span = stride < 0 ? (long)from - to : (long)to - from;
        int count = (int)Math.Max(0, (span + Math.Abs((long)stride) - 1) / Math.Abs((long)stride));
        budget.Take(count);
        return value switch
        {
            SequenceValue sequence => sequence.With([.. Enumerable.Range(0, count).Select(i => sequence.Items[from + (i * stride)])]),
            RangeValue range => new RangeValue(range.Start + (from * range.Step), range.Start + (to * range.Step), range.Step * stride,
                count),
            _ => ((StringValue)value).With(CodePoints.Slice(((StringValue)value).Text, from, stride, count)),
        };

        int Clamp(int bound, bool isDefault)
        {
            bound = bound < 0 && !isDefault ? (int)Math.Max((long)bound + length, lowest) : bound;
            return Math.Clamp(bound, lowest, highest);
        }

        static int Bound(JinjaValue? value, int fallback) => value is null or NoneValue ? fallback
            : Numbers.Whole(value) is null ? throw new JinjaException("slice indices must be integers or None")
                : Arguments.Whole("slice", value, fallback);
    }
}
