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
    private const string Kinds = "\"text\", \"json_object\" or \"json_schema\"";

    /// <summary>Any text.</summary>
    public static OutputFormat Text { get; } = new(Constraint: null);

    private static OutputFormat Json { get; } = new(OutputConstraint.JsonObject);

    /// <summary>The format as the request has it, to be told back; null = text.</summary>
    public JsonElement? Given { get; private init; }

    /// <summary>
    /// Reads <c>response_format</c> of OpenAI's APIs, vLLM's <c>guided_json</c>, and llama.cpp's <c>json_schema</c> and <c>grammar</c>.
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
            if (fields.Json(name) is { } schema)
            {
                given.Add((name, OfSchema(schema, fields.PathOf(name))));
            }
        }

        if (fields.Text("grammar") is { Length: > 0 } grammar)
        {
            string path = fields.PathOf("grammar");
            given.Add(("grammar", new OutputFormat(Held(path, () => OutputConstraint.FromGrammar(grammar, path)), IsGrammar: true)));
        }

        return given.Count <= 1 ? given.Select(one => one.Format).FirstOrDefault(Text)
            : throw fields.Wrong(given[1].Name, $"left out where {given[0].Name} says what the answer must be");
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
}
