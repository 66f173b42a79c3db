using System.Text.Json;
using Inferometer.Server.Generation;
using Inferometer.Server.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Inferometer.Server.OpenAi;

/// <summary><c>/v1/models</c> and one of them.</summary>
internal sealed class ModelEndpoints(ModelService service) : IEndpointGroup
{
    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapRead("/v1/models", context => JsonBody.WriteAsync(context, WriteList)).WithMetadata(ErrorStyle.OpenAi);

        // Names may hold slashes.
        routes.MapRead("/v1/models/{**name}", WriteOneAsync).WithMetadata(ErrorStyle.OpenAi);
    }

    private void WriteList(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("object"u8, "list"u8);
        json.WriteStartArray("data"u8);
        foreach (string name in (IEnumerable<string>)[service.Model.Name, .. service.Model.Aliases])
        {
            Write(json, name);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private Task WriteOneAsync(HttpContext context)
    {
        string name = (string)context.Request.RouteValues["name"]!;
        return service.Model.GoesBy(name)
            ? JsonBody.WriteAsync(context, json => Write(json, name))
            : throw ApiException.UnknownModel(name, service.Model.Name);
    }

    private void Write(Utf8JsonWriter json, string name)
    {
        json.WriteStartObject();
        json.WriteString("id"u8, name);
        json.WriteString("object"u8, "model"u8);
        json.WriteNumber("created"u8, service.Model.LoadedAt.ToUnixTimeSeconds());
        json.WriteString("owned_by"u8, "inferometer"u8);
        json.WriteString("root"u8, service.Model.Name);
        json.WriteNumber("max_model_len"u8, service.Model.Engine.MaxSequenceTokens);
        json.WriteEndObject();
    }
}
