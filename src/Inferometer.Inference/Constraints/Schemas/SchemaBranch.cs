using System.Text.Json;
using Inferometer.Inference.Constraints.Grammars;

namespace Inferometer.Inference.Constraints.Schemas;

/// <summary>One way to fulfil a schema, without alternatives: what must hold of a value, type by type. Immutable.</summary>
internal sealed record SchemaBranch
{
    /// <summary>The types a value may have.</summary>
    public JsonTypes Types { get; init; } = JsonTypes.All;

    /// <summary>The values it may be; null = any.</summary>
    public IReadOnlyList<JsonElement>? Values { get; init; }

    /// <summary>The values it may not be.</summary>
    public IReadOnlyList<JsonElement> Excluded { get; init; } = [];

    /// <summary>What numbers must be multiples of.</summary>
    public IReadOnlyList<decimal> Multiples { get; init; } = [];

    public int MinimumMembers { get; init; }

    public int? MaximumMembers { get; init; }

    /// <summary>Elements are all different.</summary>
    public bool HasUniqueItems { get; init; }

    public int MinimumLength { get; init; }

    public int? MaximumLength { get; init; }

    /// <summary>Patterns of characters that a string must be of, as expressions over characters.</summary>
    public IReadOnlyList<Expression> Patterns { get; init; } = [];

    public NumberBounds Bounds { get; init; } = NumberBounds.None;

    public int MinimumItems { get; init; }

    public int? MaximumItems { get; init; }

    /// <summary>What the first elements must fulfil; of each, several schemas at once.</summary>
    public IReadOnlyList<IReadOnlyList<SchemaPlace>> FirstItems { get; init; } = [];

    /// <summary>What further elements must fulfil.</summary>
    public IReadOnlyList<SchemaPlace> Items { get; init; } = [];

    /// <summary>Members with what their values must fulfil, in the order of the schema.</summary>
    public IReadOnlyList<KeyValuePair<string, IReadOnlyList<SchemaPlace>>> Properties { get; init; } = [];

    public IReadOnlyList<string> Required { get; init; } = [];

    /// <summary>What members without a name in the schema must fulfil; null = nothing was said of them.</summary>
    public IReadOnlyList<SchemaPlace>? Additional { get; init; }

    /// <summary>The types that something is said about beyond the type itself.</summary>
    public JsonTypes Described =>
        (MinimumLength > 0 || MaximumLength is not null || Patterns.Count > 0 ? JsonTypes.Text : JsonTypes.None)
        | (Bounds.IsNone && Multiples.Count == 0 ? JsonTypes.None : JsonTypes.Number)
        | Excluded.Aggregate(JsonTypes.None, (types, value) => types | WholeType(SchemaKeywords.TypeOf(value)))
        | (MinimumItems > 0 || MaximumItems is not null || FirstItems.Count > 0 || Items.Count > 0 || HasUniqueItems
            ? JsonTypes.Array : JsonTypes.None)
        | (Properties.Count > 0 || Required.Count > 0 || Additional is not null || Named.Count > 0 || MinimumMembers > 0
            || MaximumMembers is not null ? JsonTypes.Object : JsonTypes.None);

    /// <summary>Types that are written: a schema that describes some types and excludes none means those.</summary>
    public JsonTypes Written => Types == JsonTypes.All && Values is null && Described != JsonTypes.None ? Described : Types;

    /// <summary>Whether a member of a name can be written: what a schema with members does not name is left out unless it says
    /// otherwise.</summary>
    public bool CanWrite(string name) =>
        Names(name) || Required.Contains(name, StringComparer.Ordinal) || Named.Any(rule => rule.Matched(name).Any())
        || (Additional is null ? Properties.Count == 0 : !IsClosed);

    /// <summary>
    /// What members must fulfil by their names; of schemas that hold together, a rule each, since <c>additionalProperties</c> speaks of the
    /// names that its own schema does not know.
    /// </summary>
    public IReadOnlyList<MemberRule> Named { get; init; } = [];

    /// <summary>Whether members without a name in the schema are forbidden.</summary>
    public bool IsClosed => Additional is { } places && places.Any(place => place.Element.ValueKind == JsonValueKind.False);

    /// <summary>Whether a member of a name is certainly forbidden.</summary>
    public bool Forbids(string name) => IsClosed && !Names(name) && !Named.Any(rule => rule.Matched(name).Any());

    public bool Names(string name) => Properties.Any(property => string.Equals(property.Key, name, StringComparison.Ordinal));

    /// <summary>What the value of a member must fulfil, be it named or not.</summary>
    public IReadOnlyList<SchemaPlace> PlacesOf(string name) =>
        Properties.FirstOrDefault(property => string.Equals(property.Key, name, StringComparison.Ordinal)).Value is { } places
            ? [.. places, .. Named.SelectMany(rule => rule.Matched(name))]
            : Named.Count > 0 ? [.. Named.SelectMany(rule => rule.PlacesOf(name))]
            : Additional ?? [];

    /// <summary>The rules for members by their names, also where no name has a pattern.</summary>
    private IReadOnlyList<MemberRule> Rules => Named.Count > 0 ? Named : Additional is null ? [] : [new MemberRule([], Additional)];

    private static JsonTypes WholeType(JsonTypes type) => (type & JsonTypes.Number) != JsonTypes.None ? JsonTypes.Number : type;

    /// <summary>What fulfils both; null where nothing does.</summary>
    public SchemaBranch? And(SchemaBranch other)
    {
        NumberBounds bounds = Bounds.Intersect(other.Bounds);
        SchemaBranch both = this with
        {
            Types = Types & other.Types,
            Values = Values is null ? other.Values : other.Values is null ? Values
                : [.. Values.Where(value => other.Values.Any(one => JsonElement.DeepEquals(one, value)))],
            Excluded = [.. Excluded, .. other.Excluded],
            Multiples = [.. Multiples.Union(other.Multiples)],
            MinimumMembers = Math.Max(MinimumMembers, other.MinimumMembers),
            MaximumMembers = Least(MaximumMembers, other.MaximumMembers),
            HasUniqueItems = HasUniqueItems || other.HasUniqueItems,
            Named = Named.Count > 0 || other.Named.Count > 0 ? [.. Rules, .. other.Rules] : [],
            MinimumLength = Math.Max(MinimumLength, other.MinimumLength),
            MaximumLength = Least(MaximumLength, other.MaximumLength),
            Patterns = [.. Patterns, .. other.Patterns],
            Bounds = bounds,
            MinimumItems = Math.Max(MinimumItems, other.MinimumItems),
            MaximumItems = Least(MaximumItems, other.MaximumItems),
            FirstItems = [.. Enumerable.Range(0, Math.Max(FirstItems.Count, other.FirstItems.Count)).Select(
                i => (IReadOnlyList<SchemaPlace>)[.. ItemAt(i), .. other.ItemAt(i)])],
            Items = [.. Items, .. other.Items],
            Properties =
            [
                .. Properties.Concat(other.Properties).Select(property => property.Key).Distinct(StringComparer.Ordinal).Select(
                    name => KeyValuePair.Create(name, (IReadOnlyList<SchemaPlace>)[.. PlacesOf(name), .. other.PlacesOf(name)])),
            ],
            Required = [.. Required.Union(other.Required, StringComparer.Ordinal)],
            Additional = Additional is null ? other.Additional : other.Additional is null ? Additional : [.. Additional,
                .. other.Additional],
        };
        both = both with { Types = both.Bounds.IsEmpty ? both.Types & ~JsonTypes.Number : both.Types };
        return both.Types == JsonTypes.None || both.Values is { Count: 0 } ? null : both;
    }

    /// <summary>What the element of a number must fulfil.</summary>
    public IReadOnlyList<SchemaPlace> ItemAt(int index) => index < FirstItems.Count ? FirstItems[index] : Items;

    private static int? Least(int? a, int? b) => a is null ? b : b is null ? a : Math.Min(a.Value, b.Value);
}
