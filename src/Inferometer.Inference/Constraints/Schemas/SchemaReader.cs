using System.Text.Json;
using Inferometer.Core;

namespace Inferometer.Inference.Constraints.Schemas;

/// <summary>
/// Reads a JSON schema, place by place, as the ways to fulfil it. A keyword that output cannot be held to is an error, never left out.
/// </summary>
internal sealed class SchemaReader(JsonElement root, string origin)
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

    private int _depth;
    private int _read;

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

        throw place.Fault(origin, "$ref", "leads to itself.");
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
                    $"{origin}, at {place.Pointer}: a schema is an object, true or false, not {place.Element.GetRawText()}.");
        }

        if (++_depth > DeepestReferences)
        {
            throw place.Fault(origin, "$ref", $"leads to itself, or through more than {DeepestReferences} schemas.");
        }

        if (++_read > MostRead)
        {
            throw new InferometerException($"{origin}: the schema names its parts more than {MostRead} times.");
        }

        SchemaKeywords keywords = new(place, origin);
        SchemaBranch own = new();
        List<(SchemaPlace Place, JsonElement Value, string Keyword)> combined = [];
        foreach (JsonProperty member in place.Element.EnumerateObject())
        {
            if (IsAnnotation(member.Name))
            {
                continue;
            }

            if (member.Name is "anyOf" or "oneOf" or "allOf" or "$ref")
            {
                combined.Add((place, member.Value, member.Name));
            }
            else
            {
                own = keywords.Add(own, member);
            }
        }

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

        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() == 0)
        {
            throw place.Fault(origin, keyword, "must be a list of one or more schemas.");
        }

        SchemaPlace[] schemas = [.. value.EnumerateArray().Select(
            (schema, i) => place.At(keyword, value).At(i.ToString(System.Globalization.CultureInfo.InvariantCulture), schema))];
        if (keyword is "allOf")
        {
            return Branches(schemas);
        }

        IReadOnlyList<SchemaBranch>[] branches = [.. schemas.Select(Branches)];
        if (keyword is "oneOf")
        {
            new Exclusion(this).Require(branches, (a, b) => place.Fault(origin, keyword,
                $"cannot be held to: what is written for the schema {a} may fulfil the schema {b} as well. Use anyOf, or tell them apa"
                    + $"rt by "
                    + "type, by members that only one has, or by a required member with another constant in each."));
        }

        return branches.Sum(each => each.Count) <= MostBranches ? [.. branches.SelectMany(each => each)] : throw TooMany(place);
    }

    private InferometerException TooMany(SchemaPlace place) =>
        new($"{origin}, at {place.Pointer}: the alternatives combine in more than {MostBranches} ways.");

    private IReadOnlyList<SchemaBranch> And(IReadOnlyList<SchemaBranch> a, IReadOnlyList<SchemaBranch> b, SchemaPlace place)
    {
        if ((long)a.Count * b.Count > MostBranches)
        {
            throw TooMany(place);
        }

        return [.. a.SelectMany(x => b.Select(y => x.And(y)).OfType<SchemaBranch>())];
    }

    private SchemaPlace Target(SchemaPlace place, JsonElement reference)
    {
        string? text = reference.ValueKind == JsonValueKind.String ? reference.GetString() : null;
        if (text is not ['#', .. string pointer] || (pointer.Length > 0 && pointer[0] != '/'))
        {
            throw place.Fault(
                origin, "$ref", $"is {reference.GetRawText()}; only places in the same schema can be named, as in \"#/$defs/name\".");
        }

        JsonElement at = root;
        foreach (string part in pointer.Split('/').Skip(1))
        {
            string name = Uri.UnescapeDataString(part).Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~",
                StringComparison.Ordinal);
            bool isFound = at.ValueKind switch
            {
                JsonValueKind.Object => at.TryGetProperty(name, out at),
                JsonValueKind.Array when int.TryParse(name, out int index) && index >= 0 && index < at.GetArrayLength() =>
                    (at = at[index]).ValueKind != JsonValueKind.Undefined,
                _ => false,
            };
            if (!isFound)
            {
                throw place.Fault(origin, "$ref", $"names {text}, which is not in the schema.");
            }
        }

        return new SchemaPlace(at, "#" + pointer);
    }

    private static bool IsAnnotation(string keyword) =>
        Annotations.Contains(keyword) || keyword.StartsWith("x-", StringComparison.Ordinal);
}
