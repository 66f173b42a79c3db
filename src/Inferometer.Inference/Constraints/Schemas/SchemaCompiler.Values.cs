using System.Globalization;
using System.Text.Json;
using Inferometer.Inference.Constraints.Grammars;

namespace Inferometer.Inference.Constraints.Schemas;

/// <content>Numbers, and values that are listed or ruled out.</content>
internal sealed partial class SchemaCompiler
{
    private static bool Excludes(SchemaBranch branch, JsonValueKind kind) => branch.Excluded.Any(value => value.ValueKind == kind);

    /// <summary>The values of a list that fulfil a branch and are not ruled out.</summary>
    private IEnumerable<JsonElement> Allowed(IEnumerable<JsonElement> values, SchemaBranch branch, SchemaPlace place) =>
        values.Where(value => Fulfils(value, branch, place) && !branch.Excluded.Any(other => JsonElement.DeepEquals(other, value)));

    private static Expression? Boolean(SchemaBranch branch) =>
        (Excludes(branch, JsonValueKind.True), Excludes(branch, JsonValueKind.False)) switch
        {
            (true, true) => null,
            (true, false) => Expression.Text("false"),
            (false, true) => Expression.Text("true"),
            _ => JsonGrammar.Boolean,
        };

    private Expression? Number(SchemaBranch branch, JsonTypes types)
    {
        // A number has many spellings, a whole one without point and exponent has one: where some are ruled out, only those are written.
        bool isWhole = Excludes(branch, JsonValueKind.Number) || (types & JsonTypes.Fraction) == JsonTypes.None;
        Expression? numbers = (branch.Bounds.IsNone, isWhole) switch
        {
            (true, true) => JsonGrammar.Integer,
            (true, false) => JsonGrammar.Number,
            (false, true) => NumberRanges.Integers(branch.Bounds),
            _ => NumberRanges.Numbers(branch.Bounds),
        };
        string[] excluded = [.. branch.Excluded.Where(value => SchemaKeywords.TypeOf(value) == JsonTypes.Integer).SelectMany(Spellings)];
        if (numbers is null || (branch.Multiples.Count == 0 && excluded.Length == 0))
        {
            return numbers;
        }

        TextAutomaton texts = Multiples.Of(numbers, branch.Multiples, _limits, _origin);
        if (excluded.Length > 0)
        {
            var others = TextAutomaton.NoneOf(excluded, CharacterSet.OfText("-0123456789"), _limits, _origin);
            texts = texts.Intersect(others, _limits, _origin);
        }

        return texts.IsEmpty ? null : new AutomatonExpression(texts, Spelling: null);
    }

    private static IEnumerable<string> Spellings(JsonElement whole)
    {
        if (whole.TryGetDecimal(out decimal value))
        {
            yield return value.ToString("0", CultureInfo.InvariantCulture);
            if (value == 0)
            {
                yield return "-0";
            }
        }
    }

    private void RequireNoneExcluded(SchemaBranch branch, JsonValueKind kind, SchemaPlace place)
    {
        if (Excludes(branch, kind))
        {
            throw place.Fault(_origin, "not", "cannot be held to where it rules out an object or an array.");
        }
    }

    /// <summary>Different elements are written where they come from a list of values, in its order.</summary>
    private Expression? DifferentItems(SchemaBranch branch, SchemaPlace place)
    {
        List<JsonElement> values = [];
        foreach (SchemaBranch item in _reader.Branches(branch.Items))
        {
            if (branch.FirstItems.Count > 0 || item.Values is null)
            {
                throw place.Fault(
                    _origin, "uniqueItems", "cannot be held to but for elements of a list of values (enum, const), or up to one element.");
            }

            foreach (JsonElement value in Allowed(item.Values, item, place))
            {
                if (!values.Exists(other => JsonElement.DeepEquals(other, value)))
                {
                    values.Add(value);
                }
            }
        }

        return Counted(
                [.. values.Select(value => new ListItem(Literal(value), IsRequired: false))], further: null, branch.MinimumItems,
                branch.MaximumItems, place)
            is { } items ? JsonGrammar.Brackets(items) : null;
    }
}
