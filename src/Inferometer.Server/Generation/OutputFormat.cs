using System.Text.Json;
using Inferometer.Core;
using Inferometer.Inference.Constraints;
using Inferometer.Server.Wire;

namespace Inferometer.Server.Generation;

/// <summary>What the text of an answer is held to.</summary>
/// <param name="Constraint">It; null = nothing.</param>
/// <param name="IsGrammar">Whether it is a grammar of the whole output rather than JSON.</param>
internal sealed record OutputFormat(OutputConstraint? Constraint, bool IsGrammar = false)
{
    private const int MaxChoices = 1024;
    private const string BlanksAreFixed = "blanks between values are few already and not chosen; leave it out.";
    private const string Kinds = "\"text\", \"json_object\" or \"json_schema\"";

    /// <summary>Any text.</summary>
    public static OutputFormat Text { get; } = new(Constraint: null);

    private static OutputFormat Json { get; } = new(OutputConstraint.JsonObject);

    /// <summary>The format as the request has it, to be told back; null = text.</summary>
    public JsonElement? Given { get; private init; }

    /// <summary>
    /// Reads <c>response_format</c> of OpenAI's APIs, vLLM's <c>structured_outputs</c> and <c>guided_json</c>, <c>_regex</c>,
    /// <c>_choice</c> and <c>_grammar</c>, and llama.cpp's <c>json_schema</c> and <c>grammar</c>.
    /// </summary>
    /// <exception cref="ApiException">More than one is given, or one cannot be held to.</exception>
    public static OutputFormat Read(RequestFields fields)
    {
        List<(string Name, OutputFormat Format)> given = [];
        if (fields.Object("response_format") is { } format)
        {
            const string Schema = "json_schema";
            OutputFormat said = format.Text("type") switch
            {
                "text" => Text,
                "json_object" => Json,
                Schema => ReadSchema(format.Object(Schema) ?? throw format.Wrong(Schema, "an object with a schema")),
                _ => throw format.Wrong("type", Kinds),
            };
            format.RequireNothingElse();
            if (said.Constraint is not null)
            {
                given.Add(("response_format", said));
            }
        }

        foreach (string name in (ReadOnlySpan<string>)["guided_json", "json_schema"])
        {
            Add(name, fields.Json(name) is { } schema ? OfSchema(schema, fields.PathOf(name)) : null);
        }

        Add("guided_regex", OfPattern(fields, "guided_regex"));
        Add("guided_choice", OfChoices(fields, "guided_choice"));
        Add("guided_grammar", OfGrammar(fields, "guided_grammar"));
        Add("grammar", OfGrammar(fields, "grammar"));
        fields.Refuse("guided_whitespace_pattern", BlanksAreFixed);
        if (fields.Object("structured_outputs") is { } structured)
        {
            Add("structured_outputs", ReadStructured(structured));
        }

        return given.Count <= 1 ? given.Select(one => one.Format).FirstOrDefault(Text)
            : throw fields.Wrong(given[1].Name, $"left out where {given[0].Name} says what the answer must be");

        void Add(string name, OutputFormat? format)
        {
            if (format is not null)
            {
                given.Add((name, format));
            }
        }
    }

    /// <summary>vLLM's newer field for all of them, of which it must hold one.</summary>
    private static OutputFormat ReadStructured(RequestFields fields)
    {
        OutputFormat?[] given =
        [
            fields.Json("json") is not { } schema ? null
                : schema.ValueKind == JsonValueKind.String ? OfSchemaText(schema.GetString()!, fields.PathOf("json"))
                : OfSchema(schema, fields.PathOf("json")),
            OfPattern(fields, "regex"), OfChoices(fields, "choice"), OfGrammar(fields, "grammar"),
            fields.Flag("json_object") is true ? Json : null,
        ];
        fields.Refuse("structural_tag", "tags are not known; give json, regex, choice, grammar or json_object.");
        fields.Refuse("whitespace_pattern", BlanksAreFixed);
        fields.Refuse("disable_any_whitespace", BlanksAreFixed);
        fields.Refuse("disable_additional_properties", "say additionalProperties in the schema.");
        fields.Ignore("disable_fallback");
        fields.RequireNothingElse();
        OutputFormat[] said = [.. given.OfType<OutputFormat>()];
        return said.Length == 1 ? said[0] : throw ApiException.Invalid(
            "structured_outputs", "structured_outputs: one of json, regex, choice, grammar and json_object must be given, and one alone.");
    }

    /// <summary>Reads <c>text.format</c> of the responses API.</summary>
    /// <exception cref="ApiException">It is none that can be held to.</exception>
    public static OutputFormat ReadResponses(RequestFields text)
    {
        if (text.Object("format") is not { } format)
        {
            return Text;
        }

        OutputFormat said = format.Text("type") switch
        {
            "text" => Text,
            "json_object" => Json,
            "json_schema" => ReadSchema(format),
            _ => throw format.Wrong("type", Kinds),
        };
        format.RequireNothingElse();
        return said with { Given = text.Json("format") };
    }

    /// <summary>Reads Ollama's <c>format</c>: the word json, or a schema.</summary>
    /// <exception cref="ApiException">It is none that can be held to.</exception>
    public static OutputFormat ReadOllama(RequestFields fields)
    {
        const string Name = "format";
        if (fields.Json(Name) is not { } format || format is { ValueKind: JsonValueKind.String } && format.GetString() is "")
        {
            return Text;
        }

        return format.ValueKind == JsonValueKind.Object ? OfSchema(format, Name)
            : format.ValueKind == JsonValueKind.String && format.GetString() is "json" ? Json
            : throw fields.Wrong(Name, "\"json\", or a JSON schema");
    }

    /// <summary>The constraint that a request's text describes.</summary>
    /// <param name="path">The field.</param>
    /// <param name="make">Makes it; what it fails with begins with the field.</param>
    /// <exception cref="ApiException">It cannot be held to.</exception>
    public static OutputConstraint Held(string path, Func<OutputConstraint> make)
    {
        try
        {
            return make();
        }
        catch (InferometerException error)
        {
            throw ApiException.Invalid(path, error.Message);
        }
    }

    private static OutputFormat ReadSchema(RequestFields fields)
    {
        // Schemas are always held to, strict or not; name and description are for the reader of the request.
        fields.Ignore("name", "description", "strict");
        JsonElement schema = fields.Json("schema") ?? throw fields.Wrong("schema", "a JSON schema");
        OutputFormat format = OfSchema(schema, fields.PathOf("schema"));
        fields.RequireNothingElse();
        return format;
    }

    private static OutputFormat OfSchema(JsonElement schema, string path) =>
        new(Held(path, () => OutputConstraint.FromJsonSchema(schema, path)));

    private static OutputFormat OfSchemaText(string schema, string path) =>
        new(Held(path, () => OutputConstraint.FromJsonSchema(schema, path)));

    private static OutputFormat? OfGrammar(RequestFields fields, string name) => fields.Text(name) is not { Length: > 0 } grammar ? null
        : new OutputFormat(Held(fields.PathOf(name), () => OutputConstraint.FromGrammar(grammar, fields.PathOf(name))), IsGrammar: true);

    private static OutputFormat? OfPattern(RequestFields fields, string name) => fields.Text(name) is not { Length: > 0 } pattern ? null
        : new OutputFormat(Held(fields.PathOf(name), () => OutputConstraint.FromPattern(pattern, fields.PathOf(name))), IsGrammar: true);

    private static OutputFormat? OfChoices(RequestFields fields, string name)
    {
        const string Allowed = "a list of 1 to 1024 texts, none of them empty";
        if (!fields.TryGet(name, out JsonElement given))
        {
            return null;
        }

        if (given.ValueKind != JsonValueKind.Array || given.GetArrayLength() is 0 or > MaxChoices)
        {
            throw fields.Wrong(name, Allowed);
        }

        string[] choices =
        [
            .. given.EnumerateArray().Select(item =>
                item.ValueKind == JsonValueKind.String && fields.StringOf(item, name) is { Length: > 0 } text
                    ? text : throw fields.Wrong(name, Allowed)),
        ];
        return new OutputFormat(
            Held(fields.PathOf(name), () => OutputConstraint.FromChoices(choices, fields.PathOf(name))), IsGrammar: true);
    }
}
