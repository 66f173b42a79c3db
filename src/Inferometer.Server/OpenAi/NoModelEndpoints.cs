using System.Text.Json;
using Inferometer.Server.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Inferometer.Server.OpenAi;

/// <summary>The APIs of a model where none is served: lists are empty, and the rest says how to serve one.</summary>
internal sealed class NoModelEndpoints(string version) : IEndpointGroup
{
    private static readonly string[] s_paths =
        ["/v1/{**rest}", "/v2/rerank", "/rerank", "/score", "/tokenize", "/detokenize", "/tokenizer_info"];

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapRead("/v1/models", context => JsonBody.WriteAsync(context, static json => WriteEmpty(json, "data", "list")))
            .WithMetadata(ErrorStyle.OpenAi);
        routes.MapRead("/api/tags", context => JsonBody.WriteAsync(context, static json => WriteEmpty(json, "models", null)))
            .WithMetadata(ErrorStyle.Ollama);
        routes.MapRead("/api/ps", context => JsonBody.WriteAsync(context, static json => WriteEmpty(json, "models", null)))
            .WithMetadata(ErrorStyle.Ollama);
        routes.MapRead("/api/version", context => JsonBody.WriteAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteString("version"u8, version);
            json.WriteEndObject();
        })).WithMetadata(ErrorStyle.Ollama);
        foreach (string path in s_paths)
        {
            routes.Map(path, Refuse).WithMetadata(ErrorStyle.OpenAi);
        }

        routes.Map("/api/{name}", Refuse).WithMetadata(ErrorStyle.Ollama);
    }

    private static Task Refuse(HttpContext context) => throw new ApiException(
        StatusCodes.Status404NotFound, "invalid_request_error",
        "No model is served here; start the server with one, or with --demo for the small one that comes with the program.")
    {
        Code = "no_model",
    };

    private static void WriteEmpty(Utf8JsonWriter json, string list, string? kind)
    {
        json.WriteStartObject();
        if (kind is not null)
        {
            json.WriteString("object"u8, kind);
        }

        json.WriteStartArray(list);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
