using System.Globalization;
using System.Text.Json;
using Inferometer.Core;
using Inferometer.Inference.Constraints.Grammars;

namespace Inferometer.Inference.Constraints.Schemas;

/// <summary>
/// Reads a JSON schema, place by place, as the ways to fulfil it. A keyword that output cannot be held to is an error, never left out.
/// </summary>
internal sealed class SchemaReader
{
    private const int DeepestReferences = 64;
    private const int MostBranches = 512;
    private const int MostRead = 100_000; // schemas, each as often as it is named

    private static readonly HashSet<string> Annotations = new(StringComparer.Ordinal)
    {
        "$schema", "$id", "$comment", "$defs", "definitions", "title", "description", "default", "examples", "example", "deprecated",
            "readOnly",
        "writeOnly", "contentMediaType", "contentEncoding", "discriminator",
    };

    private readonly JsonElement _root;
    private readonly string _origin;
    private readonly GrammarLimits _limits;
    private readonly Negation _negation;
    private int _depth;
    private int _read;

    public SchemaReader(JsonElement root, string origin, GrammarLimits limits)
    {
        (_root, _origin, _limits) = (root, origin, limits);
        _negation = new Negation(this, origin, limits);
    }

    /// <summary>The ways to fulfil some schemas at once.</summary>
    /// <exception cref="InferometerException">They cannot be held to.</exception>
    public IReadOnlyList<SchemaBranch> Branches(IReadOnlyList<SchemaPlace> places)
    {
        IReadOnlyList<SchemaBranch> branches = [new SchemaBranch()];
        foreach (SchemaPlace place in places)
        {
            branches = And(branches, Branches(place), place);
        }

        return branches;
    }

    /// <summary>The schema that a reference leads to, over references to references; the place itself where it is none.</summary>
    public SchemaPlace Resolved(SchemaPlace place)
    {
        for (int i = 0; i < DeepestReferences; i++)
        {
            if (place.Element.ValueKind != JsonValueKind.Object || !place.Element.TryGetProperty("$ref", out JsonElement reference)
                || place.Element.EnumerateObject().Any(member => member.Name is not "$ref" && !IsAnnotation(member.Name)))
            {
                return place;
            }

            place = Target(place, reference);
        }

        throw place.Fault(_origin, "$ref", "leads to itself.");
    }

    private IReadOnlyList<SchemaBranch> Branches(SchemaPlace place)
    {
        switch (place.Element.ValueKind)
        {
            case JsonValueKind.True:
                return [new SchemaBranch()];
            case JsonValueKind.False:
                return [];
            case JsonValueKind.Object:
                break;
            default:
                throw new InferometerException(
                    $"{_origin}, at {place.Pointer}: a schema is an object, true or false, not {place.Element.GetRawText()}.");
        }

        if (++_depth > DeepestReferences)
        {
            throw place.Fault(_origin, "$ref", $"leads to itself, or through more than {DeepestReferences} schemas.");
        }

        if (++_read > MostRead)
        {
            throw new InferometerException($"{_origin}: the schema names its parts more than {MostRead} times.");
        }

        SchemaKeywords keywords = new(place, _origin, _limits);
        SchemaBranch own = new();
        List<(SchemaPlace Place, JsonElement Value, string Keyword)> combined = [];
        foreach (JsonProperty member in place.Element.EnumerateObject())
        {
            if (IsAnnotation(member.Name))
            {
                continue;
            }

            if (member.Name is "anyOf" or "oneOf" or "allOf" or "$ref" or "not" or "if" or "dependentRequired" or "dependentSchemas"
                or "contains")
            {
                combined.Add((place, member.Value, member.Name));
            }
            else if (member.Name is not ("then" or "else"))
            {
                own = keywords.Add(own, member);
            }
        }

        own = own.Named is [MemberRule rule] ? own with { Named = [rule with { Additional = own.Additional }] } : own;
        IReadOnlyList<SchemaBranch> branches = own.Types == JsonTypes.None ? [] : [own];
        foreach ((SchemaPlace at, JsonElement value, string keyword) in combined)
        {
            branches = And(branches, Combined(at, keyword, value), at);
        }

        _depth--;
        return branches;
    }

    private IReadOnlyList<SchemaBranch> Combined(SchemaPlace place, string keyword, JsonElement value)
    {
        if (keyword is "$ref")
        {
            return Branches(Target(place, value));
        }

        switch (keyword)
        {
            case "not":
                return _negation.Of(place.At(keyword, value));
            case "contains":
                return new SchemaKeywords(place, _origin, _limits).Contains(value);
            case "if":
                return Conditional(place, place.At(keyword, value));
            case "dependentRequired" or "dependentSchemas":
                return Dependent(place, keyword, value);
        }

        SchemaPlace[] schemas = [.. Listed(place, keyword, value)];
        if (keyword is "allOf")
        {
            return Branches(schemas);
        }

        IReadOnlyList<SchemaBranch>[] branches = [.. schemas.Select(Branches)];
        if (keyword is "oneOf")
        {
            new Exclusion(this).Require(branches, (a, b) => place.Fault(_origin, keyword,
                $"cannot be held to: what is written for the schema {a} may fulfil the schema {b} as well. Use anyOf, or tell them apa"
                    + $"rt by "
                    + "type, by members that only one has, or by a required member with another constant in each."));
        }

        return branches.Sum(each => each.Count) <= MostBranches ? [.. branches.SelectMany(each => each)] : throw TooMany(place);
    }

    /// <summary>The schemas of a list.</summary>
    public IEnumerable<SchemaPlace> Listed(SchemaPlace place, string keyword, JsonElement value) =>
        value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0
            ? value.EnumerateArray().Select((schema, i) => place.At(keyword, value).At(i.ToString(CultureInfo.InvariantCulture), schema))
            : throw place.Fault(_origin, keyword, "must be a list of one or more schemas.");

    /// <summary>What fulfils the condition and <c>then</c>, and what breaks it and fulfils <c>else</c>.</summary>
    private IReadOnlyList<SchemaBranch> Conditional(SchemaPlace place, SchemaPlace condition)
    {
        IReadOnlyList<SchemaBranch> Part(string name) => place.Element.TryGetProperty(name, out JsonElement schema)
            ? Branches(place.At(name, schema)) : [new SchemaBranch()];
        return [.. And(Branches(condition), Part("then"), place), .. And(_negation.Of(condition), Part("else"), place)];
    }

    /// <summary>For each name: either no such member, or what it brings with it.</summary>
    private IReadOnlyList<SchemaBranch> Dependent(SchemaPlace place, string keyword, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            throw place.Fault(_origin, keyword, "must be an object.");
        }

        SchemaPlace at = place.At(keyword, value);
        IReadOnlyList<SchemaBranch> branches = [new SchemaBranch()];
        foreach (JsonProperty member in value.EnumerateObject())
        {
            SchemaBranch present = new() { Required = [member.Name] };
            IReadOnlyList<SchemaBranch> brought = keyword is "dependentSchemas"
                ? Branches(at.At(member.Name, member.Value))
                : [new SchemaBranch { Required = SchemaKeywords.Names(member, at, _origin) }];
            branches = And(branches, [Negation.Lacking(member.Name), .. And([present], brought, at)], at);
        }

        return branches;
    }

    private InferometerException TooMany(SchemaPlace place) =>
        new($"{_origin}, at {place.Pointer}: the alternatives combine in more than {MostBranches} ways.");

    /// <summary>What fulfils one way of each.</summary>
    public IReadOnlyList<SchemaBranch> And(IReadOnlyList<SchemaBranch> a, IReadOnlyList<SchemaBranch> b, SchemaPlace place)
    {
        if ((long)a.Count * b.Count > MostBranches)
        {
            throw TooMany(place);
        }

        return [.. a.SelectMany(x => b.Select(y => x.And(y)).OfType<SchemaBranch>())];
    }

    /// <summary>The schema that a reference names.</summary>
    public SchemaPlace Target(SchemaPlace place, JsonElement reference)
    {
        string? text = reference.ValueKind == JsonValueKind.String ? reference.GetString() : null;
        if (text is not ['#', .. string pointer] || (pointer.Length > 0 && pointer[0] != '/'))
        {
            throw place.Fault(
                _origin, "$ref", $"is {reference.GetRawText()}; only places in the same schema can be named, as in \"#/$defs/name\".");
        }

        JsonElement at = _root;
        foreach (string part in pointer.Split('/').Skip(1))
        {
            string name = Uri.UnescapeDataString(part).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~",
                StringComparison.Ordinal);
            bool isFound = at.ValueKind switch
            {
                JsonValueKind.Object => at.TryGetProperty(name, out at),
                JsonValueKind.Array when int.TryParse(name, CultureInfo.InvariantCulture, out int index) && index >= 0
                    && index < at.GetArrayLength() =>
                    (at = at[index]).ValueKind != JsonValueKind.Undefined,
                _ => false,
            };
            if (!isFound)
            {
                throw place.Fault(_origin, "$ref", $"names {text}, which is not in the schema.");
            }
        }

        return new SchemaPlace(at, "#" + pointer);
    }

    /// <summary>Whether a keyword says nothing of values.</summary>
    public static bool IsAnnotation(string keyword) =>
        Annotations.Contains(keyword) || keyword.StartsWith("x-", StringComparison.Ordinal);
}
