namespace Inferometer.ModelFiles.Templates.Jinja.Values;

/// <summary>What can be gone through, and how long it is.</summary>
internal static class Iteration
{
    /// <summary>The elements of a value in the order Python gives them; null where it cannot be iterated over.</summary>
    public static IEnumerable<JinjaValue>? Elements(JinjaValue value) => value switch
    {
        SequenceValue sequence => sequence.Items,
        MappingValue mapping => mapping.Items.Keys,
        StringValue text => CodePoints.Each(text.Text).Select(point => (JinjaValue)new StringValue(point)),
        UndefinedValue => [],
        MappingView view => view.Elements(),
        IteratorValue iterator => iterator.Elements(),
        RangeValue range => range.Elements(),
        _ => null,
    };

    /// <exception cref="JinjaException">It cannot be iterated over.</exception>
    public static IEnumerable<JinjaValue> Over(JinjaValue value) =>
        Elements(value) ?? throw new JinjaException($"'{value.TypeName}' object is not iterable");

    /// <summary>All elements, counted against the budget.</summary>
    public static JinjaValue[] ToArray(JinjaValue value, Budget budget)
    {
        budget.Take(Length(value) ?? 0);
        JinjaValue[] items = [.. Over(value)];
        budget.Take(value is IteratorValue ? items.Length : 0);
        return items;
    }

    /// <summary>The length of a value; null where it has none.</summary>
    public static int? Length(JinjaValue value) => value switch
    {
        StringValue text => CodePoints.Count(text.Text),
        SequenceValue sequence => sequence.Items.Length,
        MappingValue mapping => mapping.Items.Count,
        MappingView view => view.Count,
        RangeValue range => range.Count,
        UndefinedValue => 0,
        _ => null,
    };
}
