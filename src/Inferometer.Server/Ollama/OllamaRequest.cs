using System.Text.Json;
using Inferometer.Inference.Engine;
using Inferometer.Inference.Sampling;
using Inferometer.ModelFiles.Templates;
using Inferometer.Server.Generation;
using Inferometer.Server.Wire;

namespace Inferometer.Server.Ollama;

/// <summary>A request to <c>/api/generate</c> or <c>/api/chat</c>, checked and ready for the engine.</summary>
/// <param name="Generation">What the engine is asked; null = nothing: Ollama's clients send no prompt to have a model loaded.</param>
/// <param name="Plan">How the answer is read; null = it is a text.</param>
/// <param name="IsChat">Whether the answer is a message.</param>
/// <param name="Streams">Whether the answer is sent in pieces.</param>
internal sealed record OllamaRequest(GenerationRequest? Generation, ChatPlan? Plan, bool IsChat, bool Streams)
{
    /// <summary>Reads a request to <c>/api/chat</c>.</summary>
    /// <exception cref="ApiException">It is not one that is answered.</exception>
    public static OllamaRequest ReadChat(JsonElement body, ModelService service)
    {
        var fields = RequestFields.Of(body);
        service.RequireServed(fields);
        var shape = AnswerShape.ReadOllama(fields, service.Format, takesTools: true);
        bool isEmpty = !fields.TryGet("messages", out JsonElement messages)
            || messages is { ValueKind: JsonValueKind.Array } && messages.GetArrayLength() == 0;
        ChatPlan? plan = isEmpty ? null : shape.Plan(service, Conversation.Read(fields, service.Format));
        return Read(fields, service, plan?.Apply(new GenerationRequest()), plan, isChat: true);
    }

    /// <summary>Reads a request to <c>/api/generate</c>: the prompt is a user's turn, unless it is <c>raw</c>.</summary>
    /// <exception cref="ApiException">It is not one that is answered.</exception>
    public static OllamaRequest ReadGenerate(JsonElement body, ModelService service)
    {
        var fields = RequestFields.Of(body);
        service.RequireServed(fields);
        var shape = AnswerShape.ReadOllama(fields, service.Format, takesTools: false);
        string? prompt = fields.Text("prompt");
        string? system = fields.Text("system");
        bool raw = fields.Flag("raw") ?? false;
        fields.Refuse("suffix", "filling in between two texts is not supported.");
        fields.Refuse("images", "only text is understood.");
        fields.Refuse("template", "the model's own template is used; send raw to use none.");
        fields.Refuse("context", "conversations are not kept as tokens; use /api/chat.");
        if (raw)
        {
            fields.Refuse("think", "a raw prompt has no template that could turn reasoning on or off.");
        }

        ChatPlan? plan = null;
        GenerationRequest? generation = null;
        if (!string.IsNullOrEmpty(prompt))
        {
            List<ChatTurn> turns = Conversation.WithSystem([new ChatTurn(ChatTurn.User, prompt)], system is null or "" ? [] : [system]);
            plan = raw ? null : shape.Plan(service, turns);
            generation = plan?.Apply(new GenerationRequest())
                ?? new GenerationRequest
                {
                    Prompt = prompt,
                    ParseSpecialTokens = true, // who sends raw writes the template out
                    Sampling = shape.Apply(new SamplingOptions()),
                };
        }

        return Read(fields, service, generation, plan, isChat: false);
    }

    private static OllamaRequest Read(
        RequestFields fields, ModelService service, GenerationRequest? generation, ChatPlan? plan, bool isChat)
    {
        bool streams = fields.Flag("stream") ?? true;
        fields.Refuse("logprobs", "log-probabilities are given by /v1/chat/completions and /v1/completions.");
        fields.Ignore("top_logprobs");
        RequestFields options = OllamaOptions.Of(fields, service.Model);
        SamplingOptions sampling = SamplingReader.Read(options, service.Model, isChat: isChat || plan is not null);
        int? limit = options.Count("num_predict", -2);
        options.RequireNothingElse();
        fields.RequireNothingElse();
        generation = generation is null ? null : generation with
        {
            MaxNewTokens = limit is null or <= 0 ? null : limit,
            Sampling = sampling with { Constraint = generation.Sampling?.Constraint },
            Timeout = service.Limits.RequestTimeout,
            Adapter = service.Model.Adapter,
        };
        return new OllamaRequest(generation, plan, isChat, streams);
    }
}
