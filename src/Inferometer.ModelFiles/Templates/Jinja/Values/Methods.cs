namespace Inferometer.ModelFiles.Templates.Jinja.Values;

/// <summary>The methods of Python's built-in types that templates may call: those that change nothing.</summary>
internal static class Methods
{
    /// <summary>Whether a name is a method that would change its object, which the sandbox of the reference refuses.</summary>
    public static bool Changes(JinjaValue value, string name) => value switch
    {
        MappingValue => name is "clear" or "pop" or "popitem" or "setdefault" or "update",
        ListValue => name is "append" or "clear" or "pop" or "reverse" or "insert" or "sort" or "extend" or "remove",
        _ => false,
    };

    /// <summary>The method of a name, bound to its object; null where the type has none.</summary>
    public static FunctionValue? Find(JinjaValue value, string name, Budget budget)
    {
        Func<Arguments, JinjaValue>? method = value switch
        {
            StringValue text => StringMethods.Find(text, name, budget),
            MappingValue mapping => OfMapping(mapping, name),
            SequenceValue sequence => OfSequence(sequence, name, budget),
            FloatValue number when name is "is_integer" => _ => BooleanValue.Of(double.IsInteger(number.Value)),
            IntegerValue number when name is "bit_length" => _ => new IntegerValue((long)number.Value.GetBitLength()),
            _ => null,
        };
        return method is null ? null : new FunctionValue(name, method);
    }

    private static Func<Arguments, JinjaValue>? OfMapping(MappingValue mapping, string name) => name switch
    {
        "get" => arguments =>
        {
            JinjaValue?[] given = arguments.Bind(name, 1, "key", "default");
            return mapping.Items.TryGetValue(given[0]!, out JinjaValue? found) ? found : given[1] ?? NoneValue.Instance;
        }
        ,
        "items" or "keys" or "values" => arguments =>
        {
            _ = arguments.Bind(name, 0);
            return new MappingView(mapping, name);
        }
        ,
        "copy" => _ => mapping,
        _ => null,
    };

    private static Func<Arguments, JinjaValue>? OfSequence(SequenceValue sequence, string name, Budget budget) => name switch
    {
        "count" => arguments =>
        {
            JinjaValue wanted = arguments.Bind(name, 1, "value")[0]!;
            return new IntegerValue(sequence.Items.Count(item => Comparison.AreEqual(item, wanted, budget)));
        }
        ,
        "index" => arguments =>
        {
            JinjaValue?[] given = arguments.Bind(name, 1, "value", "start", "stop");
            int length = sequence.Items.Length;
            int start = Place(Arguments.Whole(name, given[1], 0), length), stop = Place(Arguments.Whole(name, given[2], length), length);
            for (int i = start; i < stop; i++)
            {
                if (Comparison.AreEqual(sequence.Items[i], given[0]!, budget))
                {
                    return new IntegerValue(i);
                }
            }

            throw new JinjaException($"{Printing.Representation(given[0]!, budget)} is not in {sequence.TypeName}");
        }
        ,
        "copy" when sequence is ListValue => _ => sequence,
        _ => null,
    };

    /// <summary>A start or stop counted from the end when negative, within the length.</summary>
    internal static int Place(int index, int length) => Math.Clamp(index < 0 ? index + length : index, 0, length);
}
