namespace Inferometer.ModelFiles.Templates.Jinja.Values;

/// <summary>Equality of dictionary keys: as <c>==</c> in Python, for values that can be keys.</summary>
internal sealed class KeyComparer : IEqualityComparer<JinjaValue>
{
    public static readonly KeyComparer Instance = new();

    /// <summary>Tuples as keys hold no more elements than this, counted through all levels, so that comparing keys stays cheap.</summary>
    private const int LargestKey = 1000;

    private KeyComparer()
    {
    }

    public bool Equals(JinjaValue? x, JinjaValue? y) => Comparison.AreEqual(x!, y!, null);

    public int GetHashCode(JinjaValue obj)
    {
        int left = LargestKey;
        return Hash(obj, ref left);
    }

    private static int Hash(JinjaValue value, ref int left)
    {
        if (--left < 0)
        {
            throw new JinjaException("a tuple of more than 1000 elements cannot be a dictionary key.");
        }

        switch (value)
        {
            case StringValue text:
                return text.Text.GetHashCode(StringComparison.Ordinal);
            case SequenceValue tuple when tuple is TupleValue:
                var hash = default(HashCode);
                foreach (JinjaValue item in tuple.Items)
                {
                    hash.Add(Hash(item, ref left));
                }

                return hash.ToHashCode();
            case ListValue or MappingValue:
                throw new JinjaException($"unhashable type: '{value.TypeName}'");
            default:
                return Numbers.IsNumber(value) ? Numbers.Hash(value) : value is UndefinedValue ? 1 : value.GetHashCode();
        }
    }
}
