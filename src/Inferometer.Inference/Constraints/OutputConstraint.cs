using System.Text.Json;
using Inferometer.Core;
using Inferometer.Inference.Constraints.Grammars;
using Inferometer.Inference.Constraints.Schemas;

namespace Inferometer.Inference.Constraints;

/// <summary>
/// What an output must be: a JSON value of a schema, or a text of a grammar. Tokens that would break it are never chosen, and it is
/// completed before the tokens run out. Immutable and thread-safe; two of the same text are equal.
/// </summary>
public sealed class OutputConstraint : IEquatable<OutputConstraint>
{
    private const int SchemaDepth = 64;
    private readonly string _key;

    private OutputConstraint(string key, Grammar grammar, JsonElement? schema = null)
    {
        _key = key;
        Grammar = grammar;
        Schema = schema;
    }

    /// <summary>Any JSON object.</summary>
    public static OutputConstraint JsonObject { get; } = new("object", JsonGrammar.AnyObject(), JsonElement.Parse("{\"type\":\"object\"}"));

    /// <summary>Any JSON value.</summary>
    public static OutputConstraint JsonValue { get; } = new("value", JsonGrammar.AnyValue(), JsonElement.Parse("true"));

    internal Grammar Grammar { get; }

    /// <summary>The schema it was made of; null where it was made of something else.</summary>
    internal JsonElement? Schema { get; }

    /// <summary>A JSON value of a schema. Properties come in the order of the schema.</summary>
    /// <param name="schema">The schema, in the vocabulary of JSON Schema 2020-12 as far as docs/structured.md says.</param>
    /// <param name="origin">What messages call it.</param>
    /// <exception cref="InferometerException">The schema says something that output cannot be held to; names keyword and place.</exception>
    public static OutputConstraint FromJsonSchema(JsonElement schema, string origin = "JSON schema") =>
        new($"schema {schema.GetRawText()}", SchemaCompiler.Compile(schema, origin), schema);

    /// <summary>A JSON value of a schema given as text.</summary>
    /// <param name="schema">The schema.</param>
    /// <param name="origin">What messages call it, such as the path of its file.</param>
    /// <exception cref="InferometerException">The text is no JSON, or the schema says something that output cannot be held to.</exception>
    public static OutputConstraint FromJsonSchema(string schema, string origin = "JSON schema")
    {
        ArgumentNullException.ThrowIfNull(schema);
        try
        {
            using JsonDocument document = JsonDocument.Parse(schema, new JsonDocumentOptions { MaxDepth = SchemaDepth });
            return FromJsonSchema(document.RootElement.Clone(), origin);
        }
        catch (JsonException error)
        {
            throw new InferometerException($"{origin}: not JSON: {JsonFault.Describe(error)}", error);
        }
    }

    /// <summary>A text of a grammar in GBNF, the notation of llama.cpp.</summary>
    /// <param name="grammar">The grammar; its rule <c>root</c> is the whole text.</param>
    /// <param name="origin">What messages call it, such as the path of its file.</param>
    /// <exception cref="InferometerException">The grammar is none; names line and column.</exception>
    public static OutputConstraint FromGrammar(string grammar, string origin = "grammar")
    {
        ArgumentNullException.ThrowIfNull(grammar);
        return new OutputConstraint("grammar " + grammar, GbnfParser.Parse(grammar, origin));
    }

    /// <summary>A text that a regular expression (ECMA-262) matches from its beginning to its end.</summary>
    /// <param name="pattern">The expression: no references back, no looking around; anchors only at its ends.</param>
    /// <param name="origin">What messages call it.</param>
    /// <exception cref="InferometerException">It is none, or cannot be held to; names the place.</exception>
    public static OutputConstraint FromPattern(string pattern, string origin = "pattern")
    {
        ArgumentNullException.ThrowIfNull(pattern);
        Expression texts = new PatternParser(pattern, fault => new InferometerException($"{origin} {fault}")).ReadWhole();
        return new OutputConstraint("pattern " + pattern, OfOneRule(texts, origin));
    }

    /// <summary>One of some texts.</summary>
    /// <param name="choices">The texts: at least one, none of them empty.</param>
    /// <param name="origin">What messages call them.</param>
    /// <exception cref="InferometerException">There is none, or one is empty.</exception>
    public static OutputConstraint FromChoices(IReadOnlyList<string> choices, string origin = "choices")
    {
        ArgumentNullException.ThrowIfNull(choices);
        return choices.Count > 0 && choices.All(choice => !string.IsNullOrEmpty(choice))
            ? new OutputConstraint(
                string.Concat(choices.Select(choice => $"choice {choice.Length} {choice} ")),
                OfOneRule(Expression.Choice([.. choices.Select(Expression.Text)]), origin))
            : throw new InferometerException($"{origin}: one or more texts are needed, none of them empty.");
    }

    private static Grammar OfOneRule(Expression body, string origin) => new([new GrammarRule("root", body)], 0, origin);

    /// <summary>A text of a grammar made elsewhere; equal keys must mean equal grammars.</summary>
    internal static OutputConstraint Of(string key, Grammar grammar) => new(key, grammar);

    /// <inheritdoc/>
    public bool Equals(OutputConstraint? other) => other is not null && string.Equals(_key, other._key, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as OutputConstraint);

    /// <inheritdoc/>
    public override int GetHashCode() => StringComparer.Ordinal.GetHashCode(_key);
}
