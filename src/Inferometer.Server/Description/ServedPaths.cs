using System.Text.Json.Nodes;

namespace Inferometer.Server.Description;

/// <summary>
/// The routes of a served model, and of the server itself, as an OpenAPI document has them: which fields are taken, in the words of
/// OpenAI's, vLLM's and Ollama's APIs. What they hold is checked where requests are read, and what is wrong told there.
/// </summary>
internal static class ServedPaths
{
    private const string Json = "application/json";
    private const string Events = "text/event-stream";

    /// <summary>Adds routes and schemas to a document.</summary>
    public static void AddTo(JsonObject document)
    {
        JsonObject paths = document["paths"]!.AsObject();
        JsonObject schemas = document["components"]!["schemas"]!.AsObject();
        foreach ((string name, JsonObject schema) in Schemas())
        {
            schemas[name] = schema;
        }

        AddOpenAi(paths);
        AddOllama(paths);
        AddServer(paths);
    }

    private static void AddOpenAi(JsonObject paths)
    {
        paths["/v1/models"] = Get("The model that is served, under all its names.", "Error");
        paths["/v1/models/{name}"] = WithName(Get("One of its names.", "Error"));
        paths["/v1/chat/completions"] = Post("An answer to a conversation.", "ChatRequest", "Error", Events);
        paths["/v1/completions"] = Post("The continuation of a text.", "CompletionRequest", "Error", Events);
        paths["/v1/responses"] = Post(
            "An answer in the form of OpenAI's responses API; nothing is stored.", "ResponseRequest", "Error", Events);
        paths["/v1/embeddings"] = Post("Texts as vectors.", "EmbeddingRequest", "Error");
        foreach (string path in (string[])["/v1/rerank", "/v2/rerank", "/rerank"])
        {
            paths[path] = Post("Texts by how well they answer a question.", "RerankRequest", "Error");
        }

        foreach (string path in (string[])["/v1/score", "/score"])
        {
            paths[path] = Post("Scores of pairs of texts.", "ScoreRequest", "Error");
        }

        paths["/tokenize"] = Post("The tokens of a text or a conversation.", "TokenizeRequest", "Error");
        paths["/tokenizer_info"] = Get("Special tokens and chat template, in the names of tokenizer_config.json.", "Error");
        paths["/detokenize"] = Post("The text of tokens.", "DetokenizeRequest", "Error");
    }

    private static void AddOllama(JsonObject paths)
    {
        const string Lines = "application/x-ndjson";
        paths["/api/chat"] = Post("An answer to a conversation, as Ollama has it.", "OllamaChatRequest", "OllamaError", Lines);
        paths["/api/generate"] = Post("An answer to a text, as Ollama has it.", "OllamaGenerateRequest", "OllamaError", Lines);
        paths["/api/embed"] = Post("Texts as vectors, as Ollama has it.", "OllamaEmbedRequest", "OllamaError");
        paths["/api/embeddings"] = Post("One text as a vector, as Ollama had it.", "OllamaEmbeddingsRequest", "OllamaError");
        paths["/api/pull"] = Post("Succeeds for the model that is served.", "OllamaShowRequest", "OllamaError", Lines);
        paths["/api/show"] = Post("What the model is.", "OllamaShowRequest", "OllamaError");
        paths["/api/tags"] = Get("The model that is served.", "OllamaError");
        paths["/api/ps"] = Get("The model that is loaded.", "OllamaError");
        paths["/api/version"] = Get("The program's version.", "OllamaError");
    }

    private static void AddServer(JsonObject paths)
    {
        paths["/health"] = Get("200, or 503: an engine has failed. No key is needed.", "Error");
        paths["/ready"] = Get("200, or 503: no requests are taken. No key is needed.", "Error");
        paths["/version"] = Get("The program's version.", "Error");
        paths["/metrics"] = Get("Metrics for Prometheus.", "Error", "text/plain");
        paths["/mcp"] = new JsonObject
        {
            ["post"] = Operation("The simulator as tools of the Model Context Protocol: one JSON-RPC message.", "Error", Json, Events),
        };
    }

    private static IEnumerable<(string Name, JsonObject Schema)> Schemas()
    {
        yield return ("Error", Members(
            ("error", Members(
                ("message", Text("What is wrong, which value, and what is allowed.")), ("type", Text("The kind of error.")),
                ("param", Text("The field that is wrong.")), ("code", Text("A word for programs."))))));
        yield return ("OllamaError", Members(("error", Text("What is wrong."))));
        yield return ("ChatRequest", Request(
            ["messages"],
            [
                ("messages", List("The conversation: role and content, tool_calls and tool_call_id.", "object")), .. Sampling, .. Answers,
                .. Shape, ("tools", List("Functions that may be called.", "object")),
                ("tool_choice", Any("none, auto, required, or one function by name.")),
                ("parallel_tool_calls", Flag("Whether there may be several calls.")),
                ("logprobs", Flag("Log-probabilities of the tokens.")), ("top_logprobs", Whole("And of as many others, up to 20.")),
                ("reasoning_effort", Text("none, minimal, low, medium, high or xhigh, where the model reasons.")),
                ("chat_template_kwargs", Object("Variables for the chat template.")),
                ("continue_final_message", Flag("Whether the answer goes on with the last message.")),
                ("add_generation_prompt", Flag("Whether the prompt ends with what makes the model answer.")),
            ]));
        yield return ("CompletionRequest", Request(
            ["prompt"],
            [
                ("prompt", Any("A text, a list of texts, tokens, or lists of tokens.")), .. Sampling, .. Answers, .. Shape,
                ("logprobs", Whole("Log-probabilities of the tokens and of as many others, up to 20.")),
                ("best_of", Whole("Answers that are generated, of which the n most probable are given.")),
                ("echo", Flag("Whether answers begin with the prompt.")),
                ("add_special_tokens", Flag("Whether the tokens that the model expects in front of a text are added.")),
            ]));
        yield return ("ResponseRequest", Request(
            ["input"],
            [
                ("input", Any("A text, or a list of items: messages, function_call, function_call_output.")),
                ("instructions", Text("What stands before the conversation.")),
                ("max_output_tokens", Whole("Longest answer.")), ("stream", Flag("Whether the answer comes in events.")),
                ("temperature", Number("0 = the most probable token.")), ("top_p", Number("Share of probability chosen from.")),
                ("text", Object("format: text, json_object or json_schema.")),
                ("tools", List("Functions that may be called.", "object")),
                ("tool_choice", Any("none, auto, required, or one function by name.")),
                ("parallel_tool_calls", Flag("Whether there may be several calls.")), ("reasoning", Object("effort.")),
            ]));
        yield return ("EmbeddingRequest", Request(
            ["input"],
            [
                ("input", Any("A text, or up to 2048.")), ("encoding_format", Text("float or base64.")),
            ]));
        yield return ("RerankRequest", Request(
            ["query", "documents"],
            [
                ("query", Text("The question.")), ("documents", List("The texts.", null)), ("top_n", Whole("Results to give.")),
                ("return_documents", Flag("Whether results hold the texts.")), ("instruction", Text("What is looked for.")),
            ]));
        yield return ("ScoreRequest", Request(
            ["text_1", "text_2"],
            [
                ("text_1", Any("A text, or several.")), ("text_2", Any("A text, or several.")),
                ("instruction", Text("What is looked for.")),
            ]));
        yield return ("TokenizeRequest", Request(
            [],
            [
                ("prompt", Text("A text.")), ("messages", List("Or a conversation.", "object")),
                ("tools", List("Functions that the conversation may call.", "object")),
                ("chat_template_kwargs", Object("Variables for the chat template.")),
                ("add_generation_prompt", Flag("Whether the conversation ends with what makes the model answer.")),
                ("continue_final_message", Flag("Whether the answer goes on with the last message.")),
                ("add_special_tokens", Flag("Whether the tokens that the model expects in front of a text are added.")),
                ("parse_special", Flag("Whether the written form of a control token in a text is that token; true as it comes.")),
                ("return_token_strs", Flag("Whether the tokens' texts are given too.")),
            ]));
        yield return ("DetokenizeRequest", Request(["tokens"], [("tokens", List("Ids.", "integer"))]));
        foreach ((string, JsonObject) schema in OllamaSchemas())
        {
            yield return schema;
        }
    }

    private static IEnumerable<(string Name, JsonObject Schema)> OllamaSchemas()
    {
        yield return ("OllamaChatRequest", Request(
            ["messages"],
            [
                ("messages", List("The conversation.", "object")), ("tools", List("Functions that may be called.", "object")),
                .. OllamaShape,
            ]));
        yield return ("OllamaGenerateRequest", Request(
            [],
            [
                ("prompt", Text("A text; without one the model is only loaded.")), ("system", Text("What stands before it.")),
                ("raw", Flag("Whether the prompt goes to the model as it is.")), .. OllamaShape,
            ]));
        yield return ("OllamaEmbedRequest", Request(["input"], [("input", Any("A text, or several."))]));
        yield return ("OllamaEmbeddingsRequest", Request(["prompt"], [("prompt", Text("A text."))]));
        yield return ("OllamaShowRequest", Request([], []));
    }

    private static (string Name, JsonObject Schema)[] OllamaShape =>
    [
        ("stream", Flag("Whether the answer comes in lines; it does where nothing is said.")),
        ("format", Any("json, or a JSON schema.")), ("think", Any("Whether the model reasons, or how much.")),
        ("options", Object("num_predict, temperature, top_p, top_k, min_p, seed, stop, penalties.")),
    ];

    private static (string Name, JsonObject Schema)[] Sampling =>
    [
        ("temperature", Number("0 = the most probable token.")), ("top_p", Number("Share of probability chosen from.")),
        ("top_k", Whole("Most probable tokens chosen from; 0 = all.")), ("min_p", Number("Least probability beside the greatest.")),
        ("frequency_penalty", Number("-2 to 2.")), ("presence_penalty", Number("-2 to 2.")),
        ("repetition_penalty", Number("Above 1: what was said becomes less probable.")), ("seed", Whole("The same seed, the same answer.")),
        ("stop", Any("A text, or up to several, before which the answer ends.")), ("logit_bias", Object("Added to the logits of tokens.")),
        ("ignore_eos", Flag("Whether the answer goes on behind its end.")), ("min_tokens", Whole("Shortest answer.")),
        ("stop_token_ids", List("Tokens at which the answer ends.", "integer")),
        ("include_stop_str_in_output", Flag("Whether what ended the answer belongs to it.")),
    ];

    private static (string Name, JsonObject Schema)[] Answers =>
    [
        ("n", Whole("Answers.")), ("max_tokens", Whole("Longest answer; -1 = as long as fits the context.")),
        ("max_completion_tokens", Whole("The same.")), ("n_predict", Whole("The same.")),
        ("stream", Flag("Whether the answer comes in events.")),
        ("stream_options", Object("include_usage, continuous_usage_stats.")),
        ("truncate_prompt_tokens", Whole("Tokens of the prompt that are used, its last ones; -1 = as many as fit.")),
        ("priority", Whole("The least is served first.")), ("skip_special_tokens", Flag("Whether control tokens are left out.")),
        ("timings_per_token", Flag("Whether times are told, as llama.cpp has it.")),
        ("cache_prompt", Flag("Whether the beginning of the prompt may come from the cache.")),
    ];

    private static (string Name, JsonObject Schema)[] Shape =>
    [
        ("response_format", Object("text, json_object, or json_schema with a schema, which the answer is held to.")),
        ("guided_json", Any("A JSON schema, as vLLM has it.")), ("guided_regex", Text("A regular expression.")),
        ("guided_choice", List("Texts of which the answer is one.", "string")), ("guided_grammar", Text("A grammar in GBNF.")),
        ("structured_outputs", Object("One of json, regex, choice, grammar, json_object, as vLLM has it.")),
        ("grammar", Text("A grammar in GBNF, as llama.cpp has it.")),
    ];

    private static JsonObject Post(string summary, string schema, string error, params string[] streams)
    {
        JsonObject post = Operation(summary, error, [Json, .. streams]);
        post["requestBody"] = new JsonObject
        {
            ["required"] = true,
            ["content"] = new JsonObject { [Json] = new JsonObject { ["schema"] = Ref(schema) } },
        };
        return new JsonObject { ["post"] = post };
    }

    private static JsonObject Get(string summary, string error, string media = Json) =>
        new() { ["get"] = Operation(summary, error, media) };

    private static JsonObject WithName(JsonObject path)
    {
        path["parameters"] = new JsonArray(new JsonObject
        {
            ["name"] = "name",
            ["in"] = "path",
            ["required"] = true,
            ["schema"] = new JsonObject { ["type"] = "string" },
        });
        return path;
    }

    private static JsonObject Operation(string summary, string error, params string[] media)
    {
        JsonObject content = [];
        foreach (string one in media)
        {
            content[one] = new JsonObject { ["schema"] = new JsonObject { ["type"] = one is Json ? "object" : "string" } };
        }

        return new JsonObject
        {
            ["summary"] = summary,
            ["responses"] = new JsonObject
            {
                ["200"] = new JsonObject { ["description"] = "The answer.", ["content"] = content },
                ["default"] = new JsonObject
                {
                    ["description"] = "What is wrong.",
                    ["content"] = new JsonObject { [Json] = new JsonObject { ["schema"] = Ref(error) } },
                },
            },
        };
    }

    /// <summary>A request that may name the model; what is not listed and not one of the fields that change nothing is refused.</summary>
    private static JsonObject Request(string[] required, (string Name, JsonObject Schema)[] fields)
    {
        JsonObject schema = Members([("model", Text("A name of the model; without one it is the model that is served.")), .. fields]);
        schema["required"] = new JsonArray([.. required.Select(name => JsonValue.Create(name))]);
        return schema;
    }

    private static JsonObject Members(params (string Name, JsonObject Schema)[] members) => new()
    {
        ["type"] = "object",
        ["properties"] = new JsonObject(members.Select(member => KeyValuePair.Create(member.Name, (JsonNode?)member.Schema))),
    };

    private static JsonObject Ref(string name) => new() { ["$ref"] = $"#/components/schemas/{name}" };

    private static JsonObject Text(string description) => Of("string", description);

    private static JsonObject Flag(string description) => Of("boolean", description);

    private static JsonObject Whole(string description) => Of("integer", description);

    private static JsonObject Number(string description) => Of("number", description);

    private static JsonObject Object(string description) => Of("object", description);

    private static JsonObject Any(string description) => new() { ["description"] = description };

    private static JsonObject List(string description, string? of)
    {
        JsonObject list = Of("array", description);
        list["items"] = of is null ? [] : new JsonObject { ["type"] = of };
        return list;
    }

    private static JsonObject Of(string type, string description) => new() { ["type"] = type, ["description"] = description };
}
