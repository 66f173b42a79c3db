namespace Inferometer.ModelFiles.Templates.Jinja.Values;

/// <summary>What a call passes: values by position and by name.</summary>
internal sealed class Arguments(IReadOnlyList<JinjaValue> positional, IReadOnlyList<KeyValuePair<string, JinjaValue>> named)
{
    public static readonly Arguments None = new([], []);

    public IReadOnlyList<JinjaValue> Positional { get; } = positional;

    public IReadOnlyList<KeyValuePair<string, JinjaValue>> Named { get; } = named;

    /// <summary>The values of a function's parameters, null for those not given.</summary>
    /// <param name="function">Its name, for messages.</param>
    /// <param name="required">How many of the first must be given.</param>
    /// <param name="names">The parameters in order.</param>
    public JinjaValue?[] Bind(string function, int required, params ReadOnlySpan<string> names)
    {
        var values = new JinjaValue?[names.Length];
        if (Positional.Count > names.Length)
        {
            throw new JinjaException($"{function}() takes at most {names.Length} arguments, {Positional.Count} were given");
        }

        for (int i = 0; i < Positional.Count; i++)
        {
            values[i] = Positional[i];
        }

        foreach ((string name, JinjaValue value) in Named)
        {
            int at = names.IndexOf(name);
            if (at < 0 || values[at] is not null)
            {
                throw new JinjaException(at < 0
                    ? $"{function}() got an unexpected keyword argument '{name}'"
                    : $"{function}() got multiple values for argument '{name}'");
            }

            values[at] = value;
        }

        for (int i = 0; i < required; i++)
        {
            if (values[i] is null)
            {
                throw new JinjaException($"{function}() misses its argument '{names[i]}'");
            }
        }

        return values;
    }

    /// <summary>A whole number that fits an index, or the default where none was given.</summary>
    public static int Whole(string function, JinjaValue? value, int fallback) => value switch
    {
        null => fallback,
        UndefinedValue undefined => throw undefined.Failure(),
        _ => Numbers.Whole(value) is { } number
            ? (int)System.Numerics.BigInteger.Max(int.MinValue + 1, System.Numerics.BigInteger.Min(int.MaxValue, number))
            : throw new JinjaException($"{function}(): '{value.TypeName}' object cannot be interpreted as an integer"),
    };

    /// <summary>Text, or the default where none (or None) was given.</summary>
    public static string? TextOrNone(string function, JinjaValue? value) => value switch
    {
        null or NoneValue => null,
        StringValue text => text.Text,
        _ => throw new JinjaException($"{function}() needs text, not '{value.TypeName}'"),
    };

    /// <summary>Text.</summary>
    public static string Text(string function, JinjaValue? value) => TextOrNone(function, value)
        ?? throw new JinjaException($"{function}() needs text, not '{value?.TypeName ?? "nothing"}'");
}
