using System.Text.Json;
using Inferometer.Core;
using Inferometer.Inference.Constraints.Grammars;

namespace Inferometer.Inference.Constraints.Schemas;

/// <summary>
/// The ways not to fulfil a schema, as far as they can be written: a value breaks a schema where it breaks one of its keywords. Narrower
/// than all values that do, where the rest could not be told apart in writing.
/// </summary>
internal sealed class Negation(SchemaReader reader, string origin, GrammarLimits limits)
{
    private const string Prefix = "!"; // before the pointers of schemas that no document holds

    private static readonly JsonElement False = JsonElement.Parse("false");

    /// <summary>A schema that nothing fulfils.</summary>
    public static SchemaPlace Nothing { get; } = new(False, Prefix);

    /// <summary>Ways to break a schema.</summary>
    /// <exception cref="InferometerException">It has a keyword whose contrary cannot be written.</exception>
    public IReadOnlyList<SchemaBranch> Of(SchemaPlace place)
    {
        if (place.Element.ValueKind != JsonValueKind.Object)
        {
            return reader.Branches([place]).Count == 0 ? [new SchemaBranch()] : [];
        }

        SchemaKeywords keywords = new(place, origin, limits);
        return
        [
            .. place.Element.EnumerateObject().Where(member => !SchemaReader.IsAnnotation(member.Name)).SelectMany(
                member => Of(place, member, keywords)),
        ];
    }

    private IEnumerable<SchemaBranch> Of(SchemaPlace place, JsonProperty member, SchemaKeywords keywords)
    {
        SchemaPlace[] Listed() => [.. reader.Listed(place, member.Name, member.Value)];
        switch (member.Name)
        {
            case "$ref":
                return Of(reader.Target(place, member.Value));
            case "allOf":
                return Listed().SelectMany(Of);
            case "anyOf":
                return Listed().Aggregate(
                    (IReadOnlyList<SchemaBranch>)[new SchemaBranch()], (all, schema) => reader.And(all, Of(schema), place));
            case "not":
                return reader.Branches([place.At("not", member.Value)]);
        }

        SchemaBranch one = keywords.Add(new SchemaBranch(), member);
        return member.Name switch
        {
            "type" => Types(JsonTypes.All & ~one.Types),
            "const" or "enum" => [new SchemaBranch { Excluded = one.Values! }],
            "required" => one.Required.Select(Without),
            "properties" => one.Properties.Select(property => new SchemaBranch
            {
                Types = JsonTypes.Object,
                Required = [property.Key],
                Properties = [KeyValuePair.Create(property.Key, (IReadOnlyList<SchemaPlace>)[.. property.Value.Select(Contrary)])],
            }),
            "minimum" or "exclusiveMinimum" =>
                [Numbers(new NumberBounds(null, false, one.Bounds.Minimum, !one.Bounds.ExcludesMinimum))],
            "maximum" or "exclusiveMaximum" =>
                [Numbers(new NumberBounds(one.Bounds.Maximum, !one.Bounds.ExcludesMaximum, null, false))],
            "minLength" => Fewer(one.MinimumLength, most => new() { Types = JsonTypes.Text, MaximumLength = most }),
            "maxLength" => [new SchemaBranch { Types = JsonTypes.Text, MinimumLength = one.MaximumLength!.Value + 1 }],
            "minItems" => Fewer(one.MinimumItems, most => new() { Types = JsonTypes.Array, MaximumItems = most }),
            "maxItems" => [new SchemaBranch { Types = JsonTypes.Array, MinimumItems = one.MaximumItems!.Value + 1 }],
            _ => throw place.Fault(origin, member.Name, "cannot be held to inside 'not' or 'if'. There type, const, enum, required, "
                + "properties, minimum, maximum, exclusiveMinimum, exclusiveMaximum, minLength, maxLength, minItems, maxItems, anyOf, "
                + "allOf, not and $ref can be."),
        };
    }

    /// <summary>Objects without a member, and all that is no object.</summary>
    public static SchemaBranch Lacking(string name) => new()
    {
        Properties = [KeyValuePair.Create(name, (IReadOnlyList<SchemaPlace>)[Nothing])],
    };

    private static SchemaBranch Without(string name) => Lacking(name) with { Types = JsonTypes.Object };

    private static SchemaBranch Numbers(NumberBounds bounds) => new() { Types = JsonTypes.Number, Bounds = bounds };

    private static IEnumerable<SchemaBranch> Fewer(int least, Func<int, SchemaBranch> branch) => least > 0 ? [branch(least - 1)] : [];

    // What is a number and no whole one is not written apart from others, so it is left out.
    private static IEnumerable<SchemaBranch> Types(JsonTypes types)
    {
        types = (types & JsonTypes.Number) == JsonTypes.Fraction ? types & ~JsonTypes.Number : types;
        return types == JsonTypes.None ? [] : [new SchemaBranch { Types = types }];
    }

    /// <summary>A schema of what breaks another.</summary>
    public static SchemaPlace Contrary(SchemaPlace place) =>
        new(JsonElement.Parse($"{{\"not\":{place.Element.GetRawText()}}}"), Prefix + place.Pointer);
}
