using System.Runtime.InteropServices;
using System.Text.Json;
using Inferometer.Server.Generation;
using Inferometer.Server.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Inferometer.Server.OpenAi;

/// <summary><c>/v1/embeddings</c>: a text's hidden states as one vector, pooled and scaled as the model's files say.</summary>
internal sealed class EmbeddingEndpoints(ModelService service) : IEndpointGroup
{
    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes) => routes.MapPost("/v1/embeddings", AnswerAsync).WithMetadata(ErrorStyle.OpenAi);

    private async Task AnswerAsync(HttpContext context)
    {
        EmbeddingInputs inputs;
        bool asBase64;
        using (JsonDocument body = await RequestReader.ReadAsync(context).ConfigureAwait(false))
        {
            var fields = RequestFields.Of(body.RootElement);
            service.RequireServed(fields);
            inputs = EmbeddingInputs.Read(fields, service.Model);
            asBase64 = fields.Text("encoding_format") switch
            {
                null or "float" => false,
                "base64" => true,
                _ => throw fields.Wrong("encoding_format", "\"float\" or \"base64\""),
            };
            fields.Refuse("dimensions", "vectors have the model's own length.");
            if (fields.Count("truncate_prompt_tokens", -1) is { } most)
            {
                inputs = most is 0 ? throw fields.Wrong("truncate_prompt_tokens", "1 or more, or -1 for as many as fit the context")
                    : inputs.CutTo(most is -1 ? service.Model.Engine.MaxSequenceTokens : most, service.Model);
            }

            fields.Ignore(IdleFields.Bookkeeping);
            fields.RequireNothingElse();
        }

        float[][] vectors = await inputs.EmbedAsync(service, context.RequestAborted).ConfigureAwait(false);
        int tokens = inputs.CountTokens();
        await JsonBody.WriteAsync(context, json => Write(json, vectors, asBase64, tokens)).ConfigureAwait(false);
    }

    private void Write(Utf8JsonWriter json, float[][] vectors, bool asBase64, int tokens)
    {
        json.WriteStartObject();
        json.WriteString("object"u8, "list"u8);
        json.WriteStartArray("data"u8);
        for (int i = 0; i < vectors.Length; i++)
        {
            json.WriteStartObject();
            json.WriteString("object"u8, "embedding"u8);
            json.WriteNumber("index"u8, i);
            if (asBase64)
            {
                json.WriteBase64String("embedding"u8, MemoryMarshal.AsBytes(vectors[i].AsSpan())); // floats, little end first
            }
            else
            {
                json.WriteStartArray("embedding"u8);
                foreach (float value in vectors[i])
                {
                    json.WriteNumberValue(value);
                }

                json.WriteEndArray();
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteString("model"u8, service.Model.Name);
        json.WriteStartObject("usage"u8);
        json.WriteNumber("prompt_tokens"u8, tokens);
        json.WriteNumber("total_tokens"u8, tokens);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
