using System.Text.Json;
using Inferometer.Core;
using Inferometer.Inference.Constraints.Grammars;

namespace Inferometer.Inference.Constraints.Schemas;

/// <summary>Reads the keywords of one schema that say something of values.</summary>
internal sealed class SchemaKeywords(SchemaPlace place, string origin, GrammarLimits limits)
{
    /// <summary>Longest string, list or object that lengths are counted for.</summary>
    private const int MostCounted = 1 << 16;

    /// <summary>Elements beyond the least that are written where <c>maxContains</c> allows some.</summary>
    private const int MostFurther = 4;

    private static readonly Dictionary<string, JsonTypes> TypeNames = new(StringComparer.Ordinal)
    {
        ["null"] = JsonTypes.Null,
        ["boolean"] = JsonTypes.Boolean,
        ["integer"] = JsonTypes.Integer,
        ["number"] = JsonTypes.Number,
        ["string"] = JsonTypes.Text,
        ["array"] = JsonTypes.Array,
        ["object"] = JsonTypes.Object,
    };

    /// <summary>A branch with what a keyword says besides.</summary>
    /// <exception cref="InferometerException">The keyword is not known or its value cannot be held to.</exception>
    public SchemaBranch Add(SchemaBranch branch, JsonProperty member) => member.Name switch
    {
        "type" => branch with { Types = branch.Types & Types(member) },
        "enum" => WithValues(branch, Elements(member)),
        "const" => WithValues(branch, [member.Value]),
        "minLength" => branch with { MinimumLength = Count(member) },
        "maxLength" => branch with { MaximumLength = Count(member) },
        "pattern" => branch with { Patterns = [.. branch.Patterns, Pattern(member)] },
        "format" => branch with { Patterns = [.. branch.Patterns, Format(member)] },
        "minimum" => WithBounds(branch, NumberBounds.None with { Minimum = Number(member) }),
        "maximum" => WithBounds(branch, NumberBounds.None with { Maximum = Number(member) }),
        "exclusiveMinimum" => WithBounds(branch, new NumberBounds(Number(member), true, null, false)),
        "exclusiveMaximum" => WithBounds(branch, new NumberBounds(null, false, Number(member), true)),
        "multipleOf" => branch with { Multiples = [Divisor(member)] },
        "minProperties" => branch with { MinimumMembers = Count(member) },
        "maxProperties" => branch with { MaximumMembers = Count(member) },
        "patternProperties" => branch with { Named = [new MemberRule([.. NamePatterns(member)], null)] },
        "uniqueItems" => branch with { HasUniqueItems = Flag(member) },
        "minContains" or "maxContains" => branch, // read beside contains, and nothing without it
        "minItems" => branch with { MinimumItems = Count(member) },
        "maxItems" => branch with { MaximumItems = Count(member) },
        "items" => branch with { Items = [Schema(member)] },
        "prefixItems" => branch with { FirstItems = FirstItems(member) },
        "properties" => branch with { Properties = Properties(member) },
        "required" => branch with { Required = Names(member) },
        "additionalProperties" => branch with { Additional = [Schema(member)] },
        _ => throw place.Fault(origin, member.Name, "cannot be held to. Supported are type, enum, const, properties, required, "
            + "additionalProperties, patternProperties, minProperties, maxProperties, dependentRequired, dependentSchemas, items, "
            + "prefixItems, minItems, maxItems, uniqueItems, contains, minContains, maxContains, minLength, maxLength, pattern, f"
            + "ormat, minimum, maximum, "
            + "exclusiveMinimum, exclusiveMaximum, multipleOf, anyOf, oneOf, allOf, not, if and $ref."),
    };

    /// <summary>The type of a value.</summary>
    public static JsonTypes TypeOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => JsonTypes.Null,
        JsonValueKind.True or JsonValueKind.False => JsonTypes.Boolean,
        JsonValueKind.Number => value.TryGetDecimal(out decimal number) && number == decimal.Truncate(number)
            ? JsonTypes.Integer
            : value.TryGetDecimal(out _) ? JsonTypes.Fraction : double.IsInteger(value.GetDouble()) ? JsonTypes.Integer
                : JsonTypes.Fraction,
        JsonValueKind.String => JsonTypes.Text,
        JsonValueKind.Array => JsonTypes.Array,
        _ => JsonTypes.Object,
    };

    private JsonTypes Types(JsonProperty member)
    {
        JsonElement[] names = member.Value.ValueKind == JsonValueKind.Array ? [.. member.Value.EnumerateArray()] : [member.Value];
        JsonTypes types = JsonTypes.None;
        foreach (JsonElement name in names)
        {
            types |= name.ValueKind == JsonValueKind.String && TypeNames.TryGetValue(name.GetString()!, out JsonTypes type)
                ? type
                : throw place.Fault(
                    origin, "type", $"is {name.GetRawText()}; allowed is {string.Join(", ", TypeNames.Keys)}, or a list of those.");
        }

        return types;
    }

    private static SchemaBranch WithValues(SchemaBranch branch, JsonElement[] values) => branch with
    {
        Types = branch.Types & values.Aggregate(JsonTypes.None, (types, value) => types | TypeOf(value)),
        Values = branch.Values is null ? values
            : [.. branch.Values.Where(value => values.Any(one => JsonElement.DeepEquals(one, value)))],
    };

    private static SchemaBranch WithBounds(SchemaBranch branch, NumberBounds bounds)
    {
        NumberBounds both = branch.Bounds.Intersect(bounds);
        return branch with { Bounds = both, Types = both.IsEmpty ? branch.Types & ~JsonTypes.Number : branch.Types };
    }

    private JsonElement[] Elements(JsonProperty member) =>
        member.Value.ValueKind == JsonValueKind.Array && member.Value.GetArrayLength() > 0
        ? [.. member.Value.EnumerateArray()]
        : throw place.Fault(origin, member.Name, "must be a list of one or more values.");

    private int Count(JsonProperty member)
    {
        if (member.Value.ValueKind != JsonValueKind.Number || !member.Value.TryGetDecimal(out decimal count) || count < 0
            || count != decimal.Truncate(count))
        {
            throw place.Fault(origin, member.Name, $"is {member.Value.GetRawText()}; allowed is a whole number from 0.");
        }

        return count <= MostCounted ? (int)count
            : throw place.Fault(origin, member.Name, $"is {member.Value.GetRawText()}; the most that is counted is {MostCounted}.");
    }

    private decimal Number(JsonProperty member) => member.Value.ValueKind != JsonValueKind.Number
        ? throw place.Fault(origin, member.Name, $"is {member.Value.GetRawText()}; it must be a number.")
        : member.Value.TryGetDecimal(out decimal value) ? value
        : throw place.Fault(origin, member.Name, $"is {member.Value.GetRawText()}; bounds have up to 28 digits.");

    private Expression Pattern(JsonProperty member) =>
        new PatternParser(Text(member), message => place.Fault(origin, member.Name, message)).Read();

    private Expression Format(JsonProperty member)
    {
        string name = Text(member);
        return StringFormats.Patterns.TryGetValue(name, out string? pattern)
            ? new PatternParser(pattern, message => place.Fault(origin, member.Name, message)).Read()
            : throw place.Fault(origin, member.Name, $"is '{name}', which cannot be held to; known are "
                + string.Join(", ", StringFormats.Patterns.Keys.Order(StringComparer.Ordinal)) + ".");
    }

    private string Text(JsonProperty member) => member.Value.ValueKind == JsonValueKind.String
        ? member.Value.GetString()!
        : throw place.Fault(origin, member.Name, $"is {member.Value.GetRawText()}; it must be a text.");

    private SchemaPlace Schema(JsonProperty member) =>
        member.Value.ValueKind is JsonValueKind.Object or JsonValueKind.True or JsonValueKind.False
        ? place.At(member.Name, member.Value)
        : throw place.Fault(origin, member.Name, "must be a schema: an object, true or false.");

    private IReadOnlyList<SchemaPlace>[] FirstItems(JsonProperty member) =>
    [
        .. Elements(member).Select((schema, i) => (IReadOnlyList<SchemaPlace>)[
            place.At(member.Name, member.Value).At(i.ToString(System.Globalization.CultureInfo.InvariantCulture), schema)]),
    ];

    private KeyValuePair<string, IReadOnlyList<SchemaPlace>>[] Properties(JsonProperty member)
    {
        if (member.Value.ValueKind != JsonValueKind.Object)
        {
            throw place.Fault(origin, member.Name, "must be an object of schemas.");
        }

        // Of a name given twice the last one counts, as in any JSON.
        OrderedDictionary<string, IReadOnlyList<SchemaPlace>> properties = new(StringComparer.Ordinal);
        foreach (JsonProperty property in member.Value.EnumerateObject())
        {
            properties[property.Name] = [place.At(member.Name, member.Value).At(property.Name, property.Value)];
        }

        return [.. properties];
    }

    private string[] Names(JsonProperty member) => Names(member, place, origin);

    private IEnumerable<(TextAutomaton Name, SchemaPlace Place)> NamePatterns(JsonProperty member)
    {
        if (member.Value.ValueKind != JsonValueKind.Object)
        {
            throw place.Fault(origin, member.Name, "must be an object of schemas.");
        }

        foreach (JsonProperty pattern in member.Value.EnumerateObject())
        {
            Expression names = new PatternParser(pattern.Name, message => place.Fault(origin, member.Name, message)).Read();
            yield return (TextAutomaton.Of(names, limits, origin), place.At(member.Name, member.Value).At(pattern.Name, pattern.Value));
        }
    }

    private decimal Divisor(JsonProperty member) => Number(member) is var divisor && Multiples.CanHold(divisor)
        ? divisor
        : throw place.Fault(
            origin, member.Name,
            $"is {member.Value.GetRawText()}; numbers above 0 of up to {Multiples.MostUnits} units of their last decimal can be held to.");

    private bool Flag(JsonProperty member) => member.Value.ValueKind is JsonValueKind.True or JsonValueKind.False
        ? member.Value.ValueKind == JsonValueKind.True
        : throw place.Fault(origin, member.Name, $"is {member.Value.GetRawText()}; it must be true or false.");

    /// <summary>
    /// As many elements of a kind as there must be; they are written first. Where there may be no more than some, a way for each number
    /// of them, and what follows is of another kind.
    /// </summary>
    public IReadOnlyList<SchemaBranch> Contains(JsonElement element)
    {
        int least = 1;
        int? most = null;
        foreach (JsonProperty other in place.Element.EnumerateObject())
        {
            least = other.Name is "minContains" ? Count(other) : least;
            most = other.Name is "maxContains" ? Count(other) : most;
        }

        SchemaPlace kind = place.At("contains", element);
        if (most is not { } limit)
        {
            return [Beginning(kind, least)];
        }

        if (limit < least)
        {
            return [new SchemaBranch { Types = JsonTypes.All & ~JsonTypes.Array }];
        }

        return
        [
            .. Enumerable.Range(least, Math.Min(limit - least, MostFurther) + 1).Select(count => Beginning(kind, count) with
            {
                Items = [Negation.Contrary(kind)],
                Types = count == least ? JsonTypes.All : JsonTypes.Array,
            }),
        ];
    }

    private static SchemaBranch Beginning(SchemaPlace kind, int count) => new()
    {
        FirstItems = [.. Enumerable.Repeat((IReadOnlyList<SchemaPlace>)[kind], count)],
        MinimumItems = count,
    };

    /// <summary>The names in a list.</summary>
    public static string[] Names(JsonProperty member, SchemaPlace place, string origin) => member.Value.ValueKind == JsonValueKind.Array
        && member.Value.EnumerateArray().All(name => name.ValueKind == JsonValueKind.String)
        ? [.. member.Value.EnumerateArray().Select(name => name.GetString()!).Distinct(StringComparer.Ordinal)]
        : throw place.Fault(origin, member.Name, "must be a list of names.");
}
