using System.Diagnostics;
using System.Text.Json;
using Inferometer.Server.Generation;
using Inferometer.Server.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Inferometer.Server.Ollama;

/// <summary>
/// Ollama's API, as far as one loaded model answers it: what fetches and keeps models is in <see cref="OllamaLibraryEndpoints"/>.
/// </summary>
internal sealed class OllamaEndpoints(ModelService service, string version) : IEndpointGroup
{
    private readonly OllamaDescription _description = new(service);

    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        Post("/api/generate", context => AnswerAsync(context, OllamaRequest.ReadGenerate));
        Post("/api/chat", context => AnswerAsync(context, OllamaRequest.ReadChat));
        Post("/api/embed", context => EmbedAsync(context, isOld: false));
        Post("/api/embeddings", context => EmbedAsync(context, isOld: true));
        Post("/api/show", ShowAsync);
        Get("/api/tags", json => _description.WriteList(json, isRunning: false));
        Get("/api/ps", json => _description.WriteList(json, isRunning: true));
        Get("/api/version", json =>
        {
            json.WriteStartObject();
            json.WriteString("version"u8, version);
            json.WriteEndObject();
        });

        void Post(string path, RequestDelegate answer) => routes.MapPost(path, answer).WithMetadata(ErrorStyle.Ollama);
        void Get(string path, Action<Utf8JsonWriter> write) =>
            routes.MapRead(path, context => JsonBody.WriteAsync(context, write)).WithMetadata(ErrorStyle.Ollama);
    }

    private async Task AnswerAsync(HttpContext context, Func<JsonElement, ModelService, OllamaRequest> read)
    {
        OllamaRequest request;
        using (JsonDocument body = await RequestReader.ReadAsync(context).ConfigureAwait(false))
        {
            request = read(body.RootElement, service);
        }

        OllamaAnswer answer = new(request, service);
        if (request.Generation is not { } generation)
        {
            await JsonBody.WriteAsync(context, answer.WriteLoaded).ConfigureAwait(false);
            return;
        }

        (string operation, string field) = request.IsChat ? ("chat", "messages") : ("text_completion", "prompt");
        ChoiceStream stream = await service.StartAsync(operation, field, [generation], key: null, context.RequestAborted)
            .ConfigureAwait(false);
        await using (stream.ConfigureAwait(false))
        {
            if (!request.Streams)
            {
                await answer.CollectAsync(stream).ConfigureAwait(false);
                await JsonBody.WriteAsync(context, answer.WriteWhole).ConfigureAwait(false);
                return;
            }

            MessageStream output = await MessageStream.LinesAsync(context).ConfigureAwait(false);
            await using (output.ConfigureAwait(false))
            {
                await answer.SendAsync(stream, output).ConfigureAwait(false);
            }
        }
    }

    /// <summary>Vectors: of the texts in <c>input</c>, or in the older form of the one in <c>prompt</c>.</summary>
    private async Task EmbedAsync(HttpContext context, bool isOld)
    {
        long start = Stopwatch.GetTimestamp();
        EmbeddingInputs inputs;
        using (JsonDocument body = await RequestReader.ReadAsync(context).ConfigureAwait(false))
        {
            var fields = RequestFields.Of(body.RootElement);
            service.RequireServed(fields);
            inputs = EmbeddingInputs.Read(fields, service.Model, isOld ? "prompt" : "input");
            if (fields.Flag("truncate") is true)
            {
                inputs = inputs.CutTo(service.Model.Engine.MaxSequenceTokens, service.Model);
            }

            fields.Refuse("dimensions", "vectors have the model's own length.");
            OllamaOptions.Of(fields, service.Model).RequireNothingElse();
            fields.RequireNothingElse();
        }

        float[][] vectors = await inputs.EmbedAsync(service, context.RequestAborted).ConfigureAwait(false);
        long nanoseconds = (long)Stopwatch.GetElapsedTime(start).TotalNanoseconds;
        await JsonBody.WriteAsync(context, json =>
        {
            json.WriteStartObject();
            if (isOld)
            {
                WriteVector(json, "embedding", vectors[0]);
            }
            else
            {
                json.WriteString("model"u8, service.Model.Name);
                json.WriteStartArray("embeddings"u8);
                foreach (float[] vector in vectors)
                {
                    WriteVector(json, name: null, vector);
                }

                json.WriteEndArray();
                json.WriteNumber("total_duration"u8, nanoseconds);
                json.WriteNumber("load_duration"u8, 0);
                json.WriteNumber("prompt_eval_count"u8, inputs.CountTokens());
            }

            json.WriteEndObject();
        }).ConfigureAwait(false);
    }

    private static void WriteVector(Utf8JsonWriter json, string? name, float[] vector)
    {
        if (name is not null)
        {
            json.WritePropertyName(name);
        }

        json.WriteStartArray();
        foreach (float value in vector)
        {
            json.WriteNumberValue(value);
        }

        json.WriteEndArray();
    }

    private async Task ShowAsync(HttpContext context)
    {
        using (JsonDocument body = await RequestReader.ReadAsync(context).ConfigureAwait(false))
        {
            var fields = RequestFields.Of(body.RootElement);
            string? name = fields.Text("model") ?? fields.Text("name");
            fields.Ignore("model", "name", "verbose");
            fields.RequireNothingElse();
            if (name is not null && !service.Model.GoesBy(name))
            {
                throw ApiException.UnknownModel(name, service.Model.Name);
            }
        }

        await JsonBody.WriteAsync(context, _description.WriteWhole).ConfigureAwait(false);
    }
}
