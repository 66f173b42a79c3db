using Inferometer.Inference.Constraints.Grammars;

namespace Inferometer.Inference.Constraints.Schemas;

/// <content>Members of objects: those that are not named, and how many there are.</content>
internal sealed partial class SchemaCompiler
{
    private const int MostNamePatterns = 6; // each set of them is a kind of names
    private const int MostCountedPlaces = 4096;

    /// <summary>Members that the schema does not name; null where none is written.</summary>
    private Expression? Further(SchemaBranch branch, string[] names, SchemaPlace place)
    {
        if (branch.Named.Count == 0)
        {
            bool isOpen = branch.Additional is null ? branch.Properties.Count == 0 : !branch.IsClosed;
            return isOpen ? JsonGrammar.Member(FurtherName(names), Value(branch.Additional ?? [])) : null;
        }

        (MemberRule Rule, TextAutomaton Name, SchemaPlace Place)[] patterns =
        [
            .. branch.Named.SelectMany(rule => rule.Patterns.Select(pattern => (rule, pattern.Name, pattern.Place))),
        ];
        if (patterns.Length > MostNamePatterns)
        {
            throw place.Fault(
                _origin, "patternProperties", $"cannot be held to with more than {MostNamePatterns} patterns for one object.");
        }

        List<Expression> kinds = [];
        for (int kind = 0; kind < 1 << patterns.Length; kind++)
        {
            bool IsMatched(int pattern) => ((kind >> pattern) & 1) == 1;
            SchemaPlace[] fulfilled =
            [
                .. patterns.Where((_, i) => IsMatched(i)).Select(pattern => pattern.Place),
                .. branch.Named.Where(rule => !patterns.Where((pattern, i) => IsMatched(i) && ReferenceEquals(pattern.Rule, rule)).Any())
                    .SelectMany(rule => rule.Additional ?? []),
            ];

            // Names that no pattern matches are written only where the schema speaks of them.
            bool isSpokenOf = kind > 0 || branch.Named.Any(rule => rule.Additional is not null);
            if (!isSpokenOf || fulfilled.Any(schema => schema.Element.ValueKind == System.Text.Json.JsonValueKind.False))
            {
                continue;
            }

            var name = TextAutomaton.NoneOf(names, JsonGrammar.Plain, _limits, _origin);
            for (int i = 0; i < patterns.Length; i++)
            {
                TextAutomaton other = IsMatched(i) ? patterns[i].Name : patterns[i].Name.Complement(CharacterSet.Any);
                name = name.Intersect(other, _limits, _origin);
            }

            if (!name.IsEmpty)
            {
                kinds.Add(JsonGrammar.Member(JsonGrammar.InQuotes(new AutomatonExpression(name, Spelling: null)), Value(fulfilled)));
            }
        }

        return kinds.Count == 0 ? null : Expression.Choice(kinds);
    }

    /// <summary>A name that the schema does not know, written without escapes, since those could spell a known one.</summary>
    private Expression FurtherName(string[] names) => names.Length == 0 ? _json.String
        : JsonGrammar.InQuotes(
            new AutomatonExpression(TextAutomaton.NoneOf(names, JsonGrammar.Plain, _limits, _origin), Spelling: null));

    /// <summary>Members in order, as many as the branch asks for; null where there cannot be so many.</summary>
    private Expression? Members(SchemaBranch branch, ListItem[] members, Expression? further, SchemaPlace place)
    {
        if (branch.MinimumMembers == 0 && branch.MaximumMembers is null)
        {
            return new ListExpression(members, JsonGrammar.Comma, further);
        }

        // Further members may bear one name twice, so that only the first of them surely adds to the number.
        if (branch.MinimumMembers > members.Length + 1 && further is not null)
        {
            throw place.Fault(
                _origin, "minProperties",
                $"is {branch.MinimumMembers}, which cannot be held to where more than one of the members has no name in the schema.");
        }

        return Counted(members, further, branch.MinimumMembers, branch.MaximumMembers, place);
    }

    /// <summary>Some of a list in its order, and then further ones, a number of all together; null where there cannot be so many.</summary>
    private Expression? Counted(ListItem[] items, Expression? further, int least, int? most, SchemaPlace place)
    {
        int counted = most ?? Math.Max(least, 1); // without a bound, more count as just as many
        if ((long)(items.Length + 1) * (Math.Min(counted, items.Length) + 1) > MostCountedPlaces)
        {
            throw place.Fault(_origin, "minProperties", $"and its like are counted over up to {MostCountedPlaces} places.");
        }

        // From the last item to the first: what may follow with so many written.
        Expression?[] rest = [.. Enumerable.Range(0, Math.Min(counted, items.Length) + 1).Select(End)];
        for (int i = items.Length - 1; i >= 0; i--)
        {
            Expression?[] next = rest;
            rest = [.. Enumerable.Range(0, rest.Length).Select(written => At(items[i], written, next))];
        }

        return rest[0];

        Expression? At(ListItem item, int written, Expression?[] next)
        {
            List<Expression> ways = [];
            if ((most is null || written < most) && next[Math.Min(written + 1, next.Length - 1)] is { } behind)
            {
                ways.Add(Expression.Sequence(written > 0 ? JsonGrammar.Comma : Expression.Empty, item.Value, behind));
            }

            if (!item.IsRequired && next[written] is { } without)
            {
                ways.Add(without);
            }

            return ways.Count == 0 ? null : _grammar.Add("members", Expression.Choice(ways));
        }

        Expression? End(int written)
        {
            int missing = least - written;
            int? room = most - written;
            if (further is null || room == 0)
            {
                return missing > 0 ? null : Expression.Empty;
            }

            Expression more = Expression.Sequence(
                written > 0 ? JsonGrammar.Comma : Expression.Empty,
                further,
                Expression.Repeat(Expression.Sequence(JsonGrammar.Comma, further), 0, room - 1));
            return missing > 1 ? null : missing == 1 ? more : Expression.Optional(more);
        }
    }
}
