using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Inferometer.Core;
using Inferometer.Inference.Constraints.Grammars;

namespace Inferometer.Inference.Constraints.Schemas;

/// <summary>
/// Writes a JSON schema as a grammar of the JSON texts that fulfil it. Every text of the grammar fulfils the schema; not every value that
/// does has a text: members come in the schema's order, and members that it does not name only where it says
/// <c>additionalProperties</c> or names none.
/// </summary>
internal sealed partial class SchemaCompiler
{
    private static readonly JsonWriterOptions Written = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly GrammarBuilder _grammar;
    private readonly JsonGrammar _json;
    private readonly SchemaReader _reader;
    private readonly string _origin;
    private readonly GrammarLimits _limits;
    private readonly Queue<(int Rule, SchemaPlace[] Places)> _open = new();
    private readonly Dictionary<string, Expression> _rules = new(StringComparer.Ordinal);

    /// <summary>Creates a compiler that adds to a grammar.</summary>
    public SchemaCompiler(GrammarBuilder grammar, JsonGrammar json, JsonElement root, string origin, GrammarLimits limits)
    {
        (_grammar, _json, _origin, _limits) = (grammar, json, origin, limits);
        _reader = new SchemaReader(root, origin, limits);
    }

    /// <summary>The grammar of a schema.</summary>
    /// <exception cref="InferometerException">The schema says something that output cannot be held to; names keyword and place.</exception>
    public static Grammar Compile(JsonElement schema, string origin, GrammarLimits? limits = null)
    {
        RequireUnicode(schema, origin);
        GrammarBuilder grammar = new();
        int root = grammar.Declare("root");
        SchemaCompiler compiler = new(grammar, new JsonGrammar(grammar), schema, origin, limits ?? GrammarLimits.Default);
        grammar.Define(root, Expression.Sequence(JsonGrammar.Beginning, compiler.Value(schema)));
        return grammar.Build(root, origin);
    }

    /// <summary>Fails at texts that hold half of a character, which JSON can spell.</summary>
    public static void RequireUnicode(JsonElement schema, string origin)
    {
        try
        {
            Visit(schema);
        }
        catch (InvalidOperationException error)
        {
            throw new InferometerException($"{origin}: a text holds half of a character (an unpaired surrogate).", error);
        }

        static void Visit(JsonElement element)
        {
            switch (element.ValueKind)
            {
                case JsonValueKind.Object:
                    foreach (JsonProperty member in element.EnumerateObject())
                    {
                        _ = member.Name;
                        Visit(member.Value);
                    }

                    break;
                case JsonValueKind.Array:
                    foreach (JsonElement inner in element.EnumerateArray())
                    {
                        Visit(inner);
                    }

                    break;
                case JsonValueKind.String:
                    _ = element.GetString();
                    break;
            }
        }
    }

    /// <summary>The texts of values that fulfil the whole schema.</summary>
    public Expression Value(JsonElement root)
    {
        Expression value = Value([new SchemaPlace(root, "#")]);
        while (_open.TryDequeue(out (int Rule, SchemaPlace[] Places) next))
        {
            _grammar.Define(next.Rule, next.Places.Length == 0 ? _json.Value : Body(next.Places));
        }

        return value;
    }

    /// <summary>The texts of values that fulfil some schemas at once: a rule of its own, so that schemas may name themselves.</summary>
    private Expression Value(IReadOnlyList<SchemaPlace> places)
    {
        SchemaPlace[] resolved = [.. places.Select(_reader.Resolved).DistinctBy(place => place.Pointer, StringComparer.Ordinal)];
        string key = string.Join(' ', resolved.Select(place => place.Pointer));
        if (!_rules.TryGetValue(key, out Expression? known))
        {
            int rule = _grammar.Declare(key.Length == 0 ? "value" : key);
            known = _rules[key] = new RuleExpression(rule);
            _open.Enqueue((rule, resolved)); // not at once: schemas may name each other in long rows
        }

        return known;
    }

    private Expression Body(SchemaPlace[] places)
    {
        IReadOnlyList<SchemaBranch> branches = _reader.Branches(places);
        return Expression.Choice([.. branches.SelectMany(branch => Forms(branch, places[0]))]);
    }

    private IEnumerable<Expression> Forms(SchemaBranch branch, SchemaPlace place)
    {
        if (branch.Values is { } values)
        {
            return Allowed(values, branch, place).Select(Literal);
        }

        if (branch.Types == JsonTypes.All && branch.Described == JsonTypes.None)
        {
            return [_json.Value];
        }

        JsonTypes types = branch.Written;
        List<Expression?> forms = [];
        Add(JsonTypes.Object, () => Object(branch, place));
        Add(JsonTypes.Array, () => Array(branch, place));
        Add(JsonTypes.Text, () => Text(branch));
        Add(JsonTypes.Number, () => Number(branch, types));
        Add(JsonTypes.Boolean, () => Boolean(branch));
        Add(JsonTypes.Null, () => Excludes(branch, JsonValueKind.Null) ? null : JsonGrammar.Null);
        return forms.OfType<Expression>();

        void Add(JsonTypes type, Func<Expression?> form)
        {
            if ((types & type) != JsonTypes.None)
            {
                forms.Add(form());
            }
        }
    }

    private Expression? Object(SchemaBranch branch, SchemaPlace place)
    {
        if ((branch.Described & JsonTypes.Object) == JsonTypes.None)
        {
            return _json.Object;
        }

        RequireNoneExcluded(branch, JsonValueKind.Object, place);
        string[] names = [.. branch.Properties.Select(property => property.Key).Union(branch.Required, StringComparer.Ordinal)];
        if (names.FirstOrDefault(name => !branch.CanWrite(name) || branch.Forbids(name)) is { } forbidden)
        {
            throw place.Fault(_origin, "required", $"names '{forbidden}', which 'additionalProperties' forbids.");
        }

        ListItem[] members =
        [
            .. names.Select(name => new ListItem(
                JsonGrammar.Member(NameOf(name), Value(branch.PlacesOf(name))),
                branch.Required.Contains(name, StringComparer.Ordinal))),
        ];
        Expression? further = Further(branch, names, place);
        return Members(branch, members, further, place) is { } list ? JsonGrammar.Braces(list) : null;
    }

    private Expression? Array(SchemaBranch branch, SchemaPlace place)
    {
        if ((branch.Described & JsonTypes.Array) == JsonTypes.None)
        {
            return _json.Array;
        }

        RequireNoneExcluded(branch, JsonValueKind.Array, place);
        if (branch is { HasUniqueItems: true, MaximumItems: not <= 1 })
        {
            return DifferentItems(branch, place);
        }

        int least = branch.MinimumItems;
        int first = Math.Min(branch.FirstItems.Count, branch.MaximumItems ?? int.MaxValue);
        if (least > branch.MaximumItems)
        {
            return null;
        }

        // From the last place to the first: behind each element either nothing or a comma and the next.
        Expression rest = Expression.Empty;
        if (branch.MaximumItems is not int most || most > first)
        {
            int needed = Math.Max(0, least - first);
            Expression next = Expression.Sequence(JsonGrammar.Comma, Value(branch.Items));
            rest = first > 0
                ? Expression.Repeat(next, needed, branch.MaximumItems - first)
                : Expression.Sequence(Value(branch.Items), Expression.Repeat(next, Math.Max(0, needed - 1), branch.MaximumItems - 1));
            rest = first == 0 && least == 0 ? Expression.Optional(rest) : rest;
        }

        for (int i = first - 1; i >= 0; i--)
        {
            Expression value = Expression.Sequence(i == 0 ? Expression.Empty : JsonGrammar.Comma, Value(branch.FirstItems[i]), rest);
            rest = i < least ? value : Expression.Optional(value);
        }

        return JsonGrammar.Brackets(rest);
    }

    private Expression? Text(SchemaBranch branch)
    {
        if ((branch.Described & JsonTypes.Text) == JsonTypes.None)
        {
            return _json.String;
        }

        if (branch.MinimumLength > branch.MaximumLength)
        {
            return null;
        }

        string[] excluded =
            [.. branch.Excluded.Where(value => value.ValueKind == JsonValueKind.String).Select(value => value.GetString()!)];
        if (branch.Patterns.Count == 0 && excluded.Length == 0)
        {
            return JsonGrammar.InQuotes(
                Expression.Repeat(JsonGrammar.CountedCharacter, branch.MinimumLength, branch.MaximumLength));
        }

        TextAutomaton automaton = excluded.Length > 0
            ? TextAutomaton.NoneOf(excluded, JsonGrammar.Printable, _limits, _origin)
            : TextAutomaton.Of(branch.Patterns[0], _limits, _origin);
        foreach (Expression pattern in branch.Patterns.Skip(excluded.Length > 0 ? 0 : 1))
        {
            automaton = automaton.Intersect(TextAutomaton.Of(pattern, _limits, _origin), _limits, _origin);
        }

        if (branch.MinimumLength > 0 || branch.MaximumLength is not null)
        {
            automaton = automaton.WithLength(branch.MinimumLength, branch.MaximumLength, _limits, _origin);
        }

        return JsonGrammar.InQuotes(new AutomatonExpression(automaton, JsonGrammar.Spelled));
    }

    /// <summary>Whether a value of a list is one of the branch's type and range.</summary>
    private bool Fulfils(JsonElement value, SchemaBranch branch, SchemaPlace place)
    {
        JsonTypes type = SchemaKeywords.TypeOf(value);
        if ((branch.Types & type) == JsonTypes.None)
        {
            return false;
        }

        if ((branch.Described & type & (JsonTypes.Object | JsonTypes.Array)) != JsonTypes.None
            || (type == JsonTypes.Text && branch.Patterns.Count > 0))
        {
            throw place.Fault(_origin, "enum", "and 'const' are not supported beside what describes members, elements or patterns.");
        }

        return type switch
        {
            JsonTypes.Text => value.GetString()!.EnumerateRunes().Count() is var length && length >= branch.MinimumLength
                && !(length > branch.MaximumLength),
            JsonTypes.Integer or JsonTypes.Fraction when !branch.Bounds.IsNone || branch.Multiples.Count > 0 =>
                value.TryGetDecimal(out decimal number)
                ? branch.Bounds.Contains(number) && Multiples.Contains(branch.Multiples, number)
                : throw place.Fault(_origin, "enum", $"holds {value.GetRawText()}, which is too large to be compared with the bounds."),
            _ => true,
        };
    }

    private static Expression NameOf(string name) => Expression.Text($"\"{JsonEncodedText.Encode(name, Written.Encoder)}\"");

    private static Expression Literal(JsonElement value)
    {
        using MemoryStream text = new();
        using (Utf8JsonWriter writer = new(text, Written))
        {
            value.WriteTo(writer);
        }

        return Expression.Text(Encoding.UTF8.GetString(text.ToArray()));
    }
}
