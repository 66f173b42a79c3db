using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Inferometer.Core.Models;
using Inferometer.Server.Generation;
using Inferometer.Server.Wire;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Inferometer.Server.Ollama;

/// <summary>Ollama's API, as far as one loaded model answers it: nothing is pulled, created or deleted.</summary>
internal sealed class OllamaEndpoints(ModelService service, string version) : IEndpointGroup
{
    /// <inheritdoc/>
    public void Map(IEndpointRouteBuilder routes)
    {
        Post("/api/generate", context => AnswerAsync(context, OllamaRequest.ReadGenerate));
        Post("/api/chat", context => AnswerAsync(context, OllamaRequest.ReadChat));
        Post("/api/embed", EmbedAsync);
        Post("/api/show", ShowAsync);
        Get("/api/tags", json => WriteModels(json, isRunning: false));
        Get("/api/ps", json => WriteModels(json, isRunning: true));
        Get("/api/version", json =>
        {
            json.WriteStartObject();
            json.WriteString("version"u8, version);
            json.WriteEndObject();
        });

        void Post(string path, RequestDelegate answer) => routes.MapPost(path, answer).WithMetadata(ErrorStyle.Ollama);
        void Get(string path, Action<Utf8JsonWriter> write) =>
            routes.MapGet(path, context => JsonBody.WriteAsync(context, write)).WithMetadata(ErrorStyle.Ollama);
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

        string operation = request.IsChat ? "chat" : "text_completion";
        ChoiceStream stream = await service.StartAsync(operation, [generation], key: null, context.RequestAborted).ConfigureAwait(false);
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

    private async Task EmbedAsync(HttpContext context)
    {
        long start = Stopwatch.GetTimestamp();
        EmbeddingInputs inputs;
        using (JsonDocument body = await RequestReader.ReadAsync(context).ConfigureAwait(false))
        {
            var fields = RequestFields.Of(body.RootElement);
            service.RequireServed(fields);
            inputs = EmbeddingInputs.Read(fields);
            fields.Refuse("truncate", "texts are not cut; what is too long is refused.");
            fields.Refuse("dimensions", "vectors have the model's own length.");
            fields.Ignore("keep_alive");
            fields.RequireNothingElse();
        }

        float[][] vectors = await inputs.EmbedAsync(service, context.RequestAborted).ConfigureAwait(false);
        int tokens = inputs.CountTokens(service.Model);
        long nanoseconds = (long)Stopwatch.GetElapsedTime(start).TotalNanoseconds;
        await JsonBody.WriteAsync(context, json =>
        {
            json.WriteStartObject();
            json.WriteString("model"u8, service.Model.Name);
            json.WriteStartArray("embeddings"u8);
            foreach (float[] vector in vectors)
            {
                json.WriteStartArray();
                foreach (float value in vector)
                {
                    json.WriteNumberValue(value);
                }

                json.WriteEndArray();
            }

            json.WriteEndArray();
            json.WriteNumber("total_duration"u8, nanoseconds);
            json.WriteNumber("load_duration"u8, 0);
            json.WriteNumber("prompt_eval_count"u8, tokens);
            json.WriteEndObject();
        }).ConfigureAwait(false);
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

        await JsonBody.WriteAsync(context, WriteDescription).ConfigureAwait(false);
    }

    private void WriteDescription(Utf8JsonWriter json)
    {
        ModelArchitecture architecture = service.Model.Files.Architecture;
        string family = architecture.ModelType;
        json.WriteStartObject();
        json.WriteString("template"u8, service.Model.Engine.Tokenizer.ChatTemplateText ?? "");
        json.WriteString("modified_at"u8, service.Model.LoadedAt);
        WriteDetails(json);
        json.WriteStartObject("model_info"u8);
        json.WriteString("general.architecture"u8, family);
        json.WriteString("general.basename"u8, architecture.Name);
        json.WriteNumber("general.parameter_count"u8, service.Model.Files.Parameters);
        json.WriteNumber($"{family}.context_length", service.Model.Engine.MaxSequenceTokens);
        json.WriteNumber($"{family}.embedding_length", architecture.HiddenSize);
        json.WriteNumber($"{family}.block_count", architecture.LayerCount);
        json.WriteEndObject();
        json.WriteStartArray("capabilities"u8);
        json.WriteStringValue("completion"u8);
        json.WriteStringValue("embedding"u8);
        if (service.Format.TakesTools && service.Format.ToolCalls is not null)
        {
            json.WriteStringValue("tools"u8);
        }

        if (service.Format.HasReasoning)
        {
            json.WriteStringValue("thinking"u8);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WriteModels(Utf8JsonWriter json, bool isRunning)
    {
        json.WriteStartObject();
        json.WriteStartArray("models"u8);
        json.WriteStartObject();
        json.WriteString("name"u8, service.Model.Name);
        json.WriteString("model"u8, service.Model.Name);
        json.WriteNumber("size"u8, service.Model.Files.FileBytes);
        WriteDetails(json);
        if (isRunning)
        {
            json.WriteNumber("size_vram"u8, 0); // it lies in the memory of the processor
            json.WriteNumber("context_length"u8, service.Model.Engine.MaxSequenceTokens);
            json.WriteString("expires_at"u8, DateTimeOffset.MaxValue.UtcDateTime);
        }
        else
        {
            json.WriteString("modified_at"u8, service.Model.LoadedAt);
        }

        json.WriteEndObject();
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WriteDetails(Utf8JsonWriter json)
    {
        string family = service.Model.Files.Architecture.ModelType;
        json.WriteStartObject("details"u8);
        json.WriteString("parent_model"u8, ""u8);
        json.WriteString("format"u8, service.Model.Files.Format.StartsWith("GGUF", StringComparison.Ordinal) ? "gguf"u8 : "safetensors"u8);
        json.WriteString("family"u8, family);
        json.WriteStartArray("families"u8);
        json.WriteStringValue(family);
        json.WriteEndArray();
        json.WriteString("parameter_size"u8, SizeOf(service.Model.Files.Parameters));
        json.WriteString("quantization_level"u8, service.Model.Files.MainType.ToString());
        json.WriteEndObject();
    }

    private static string SizeOf(long parameters) => parameters >= 1_000_000_000
        ? string.Create(CultureInfo.InvariantCulture, $"{parameters / 1e9:0.0}B")
        : string.Create(CultureInfo.InvariantCulture, $"{parameters / 1e6:0.0}M");
}
