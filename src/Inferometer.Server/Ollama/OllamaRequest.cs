using System.Text.Json;
using Inferometer.Inference.Engine;
using Inferometer.Inference.Sampling;
using Inferometer.ModelFiles.Templates;
using Inferometer.Server.Generation;
using Inferometer.Server.Wire;

namespace Inferometer.Server.Ollama;

/// <summary>A request to <c>/api/generate</c> or <c>/api/chat</c>, checked and ready for the engine.</summary>
/// <param name="Generation">What the engine is asked; null = nothing: Ollama's clients send no prompt to have a model loaded.</param>
/// <param name="IsChat">Whether the answer is a message.</param>
/// <param name="Streams">Whether the answer is sent in pieces.</param>
internal sealed record OllamaRequest(GenerationRequest? Generation, bool IsChat, bool Streams)
{
    /// <summary>Reads a request to <c>/api/chat</c>.</summary>
    /// <exception cref="ApiException">It is not one that is answered.</exception>
    public static OllamaRequest ReadChat(JsonElement body, ModelService service)
    {
        var fields = RequestFields.Of(body);
        service.RequireServed(fields);
        var shape = AnswerShape.ReadOllama(fields);
        bool isEmpty = !fields.TryGet("messages", out JsonElement messages)
            || messages is { ValueKind: JsonValueKind.Array } && messages.GetArrayLength() == 0;
        string? prompt = isEmpty ? null : Conversation.Render(service.Model, Conversation.Read(fields), shape);
        return Read(fields, service, shape, prompt, isChat: true, isRendered: true);
    }

    /// <summary>Reads a request to <c>/api/generate</c>: the prompt is a user's turn, unless it is <c>raw</c>.</summary>
    /// <exception cref="ApiException">It is not one that is answered.</exception>
    public static OllamaRequest ReadGenerate(JsonElement body, ModelService service)
    {
        var fields = RequestFields.Of(body);
        service.RequireServed(fields);
        var shape = AnswerShape.ReadOllama(fields);
        string? prompt = fields.Text("prompt");
        string? system = fields.Text("system");
        bool raw = fields.Flag("raw") ?? false;
        fields.Refuse("suffix", "filling in between two texts is not supported.");
        fields.Refuse("images", "only text is understood.");
        fields.Refuse("template", "the model's own template is used; send raw to use none.");
        fields.Refuse("context", "conversations are not kept as tokens; use /api/chat.");
        if (string.IsNullOrEmpty(prompt))
        {
            prompt = null;
        }
        else if (!raw)
        {
            List<ChatTurn> turns = Conversation.WithSystem([new ChatTurn(ChatTurn.User, prompt)], system is null or "" ? [] : [system]);
            prompt = Conversation.Render(service.Model, turns, shape);
        }

        return Read(fields, service, shape, prompt, isChat: false, isRendered: !raw);
    }

    private static OllamaRequest Read(
        RequestFields fields, ModelService service, AnswerShape shape, string? prompt, bool isChat, bool isRendered)
    {
        bool streams = fields.Flag("stream") ?? true;
        fields.Ignore("keep_alive"); // the model stays
        JsonElement none = JsonElement.Parse("{}");
        RequestFields options = fields.Object("options") ?? RequestFields.Of(none);
        SamplingOptions sampling = SamplingReader.Read(options, service.Model, isChat: isRendered);
        int? limit = options.Count("num_predict", -2);
        _ = options.Count("num_ctx", 1, service.Model.Engine.MaxSequenceTokens); // the context is there, whatever part is asked for
        options.Ignore("num_keep", "num_thread", "num_batch", "num_gpu", "main_gpu", "use_mmap", "use_mlock", "numa", "low_vram");
        options.RequireNothingElse();
        fields.RequireNothingElse();
        GenerationRequest? generation = prompt is null ? null : new GenerationRequest
        {
            Prompt = prompt,
            ParseSpecialTokens = isRendered,
            MaxNewTokens = limit is null or <= 0 ? null : limit,
            Sampling = shape.Apply(sampling),
            Timeout = service.Limits.RequestTimeout,
            Adapter = service.Model.Adapter,
        };
        return new OllamaRequest(generation, isChat, streams);
    }
}
