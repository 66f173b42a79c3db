using System.Globalization;
using System.Text.Json;
using Inferometer.Inference.Engine;
using Inferometer.Inference.Sampling;
using Inferometer.ModelFiles.Templates;
using Inferometer.Server.Generation;
using Inferometer.Server.Wire;

namespace Inferometer.Server.OpenAi;

/// <summary>Reads requests for completions: of conversations, and of texts.</summary>
internal static class CompletionReader
{
    private const int DefaultTextTokens = 16; // as OpenAI and vLLM have it
    private const int MaxTopLogProbabilities = 20;

    /// <summary>Reads a request to <c>/v1/chat/completions</c>.</summary>
    /// <exception cref="ApiException">It is not one that is answered.</exception>
    public static CompletionRequest ReadChat(JsonElement body, ModelService service)
    {
        var fields = RequestFields.Of(body);
        service.RequireServed(fields);
        List<ChatTurn> turns = Conversation.Read(fields, service.Format);
        var shape = AnswerShape.Read(fields, service.Format);
        bool logs = fields.Flag("logprobs") ?? false;
        int? top = fields.Count("top_logprobs", 0, MaxTopLogProbabilities);
        if (top is not null && !logs)
        {
            throw fields.Wrong("top_logprobs", "left out unless logprobs is true");
        }

        RequireText(fields);
        bool addPrompt = fields.Flag("add_generation_prompt") ?? true;
        int? limit = Limit(fields);
        CompletionRequest request = Read(fields, service, shape, logs ? top ?? 0 : null, isChat: true, "chatcmpl-");
        fields.RequireNothingElse();
        ChatPlan plan = shape.Plan(service, turns, addPrompt);
        GenerationRequest generation = plan.Apply(request.Answers[0]) with { MaxNewTokens = limit };
        return request with { Plan = plan, Answers = Repeat(generation, request.AnswersPerPrompt) };
    }

    /// <summary>Reads a request to <c>/v1/completions</c>.</summary>
    /// <exception cref="ApiException">It is not one that is answered.</exception>
    public static CompletionRequest ReadText(JsonElement body, ModelService service)
    {
        var fields = RequestFields.Of(body);
        service.RequireServed(fields);
        var shape = AnswerShape.ReadForText(fields);
        bool addSpecial = fields.Flag("add_special_tokens") ?? true;
        int limit = Limit(fields) ?? DefaultTextTokens;
        CompletionRequest request = Read(
            fields, service, shape, fields.Count("logprobs", 0, MaxTopLogProbabilities), isChat: false, "cmpl-");
        fields.Refuse("echo", "the prompt is not given back.");
        fields.Refuse("suffix", "filling in between two texts is not supported.");
        if (fields.Count("best_of", 1) is { } best && best != request.AnswersPerPrompt)
        {
            throw ApiException.Unsupported("best_of", "answers are not chosen among others; leave it out, or give the value of n.");
        }

        List<GenerationRequest> prompts = TextPrompts.Read(fields);
        fields.RequireNothingElse();
        RequireFew(service, prompts.Count * (long)request.AnswersPerPrompt);
        GenerationRequest shared = request.Answers[0] with { MaxNewTokens = limit, AddSpecialTokens = addSpecial };
        return request with
        {
            Answers =
            [
                .. prompts.SelectMany(prompt => Repeat(
                    shared with { Prompt = prompt.Prompt, PromptTokens = prompt.PromptTokens }, request.AnswersPerPrompt)),
            ],
        };
    }

    private static CompletionRequest Read(
        RequestFields fields, ModelService service, AnswerShape shape, int? topLogProbabilities, bool isChat, string idPrefix)
    {
        int count = fields.Count("n", 1, service.Limits.MaxChoices) ?? 1;
        bool streams = fields.Flag("stream") ?? false;
        bool usage = false;
        if (fields.Object("stream_options") is { } options)
        {
            usage = options.Flag("include_usage") ?? false;
            options.Ignore("include_obfuscation"); // padding against listeners, which OpenAI's own service adds
            options.RequireNothingElse();
        }

        SamplingOptions sampling = SamplingReader.Read(fields, service.Model, isChat) with
        {
            LogitBias = SamplingReader.LogitBias(fields, service.Model),
            TopLogProbabilities = topLogProbabilities,
            IgnoreEndOfGeneration = fields.Flag("ignore_eos") ?? false,
        };
        fields.Ignore(
            "user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "prediction",
            "request_id");
        return new CompletionRequest
        {
            Format = isChat ? CompletionFormat.Chat : CompletionFormat.Text,
            Answers =
            [
                new GenerationRequest
                {
                    Sampling = shape.Apply(sampling),
                    Timeout = service.Limits.RequestTimeout,
                    Adapter = service.Model.Adapter,
                    UsePrefixCache = fields.Flag("cache_prompt") ?? true,
                },
            ],
            AnswersPerPrompt = count,
            Streams = streams,
            IncludesUsage = usage,
            HasLogProbabilities = topLogProbabilities is not null,
            Id = idPrefix + Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture),
        };
    }

    private static int? Limit(RequestFields fields)
    {
        int? old = fields.Count("max_tokens", 1);
        int? current = fields.Count("max_completion_tokens", 1);
        return old is null || current is null || old == current
            ? current ?? old
            : throw fields.Wrong("max_tokens", "the same as max_completion_tokens, or left out");
    }

    private static void RequireText(RequestFields fields)
    {
        if (fields.TryGet("modalities", out JsonElement modalities)
            && !(modalities.ValueKind == JsonValueKind.Array && modalities.EnumerateArray().All(IsText)))
        {
            throw ApiException.Unsupported("modalities", "answers are text; allowed is [\"text\"].");
        }

        static bool IsText(JsonElement modality) => modality.ValueKind == JsonValueKind.String && modality.ValueEquals("text"u8);
    }

    private static void RequireFew(ModelService service, long answers)
    {
        if (answers > service.Limits.MaxChoices)
        {
            throw ApiException.Invalid(
                "prompt",
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"prompt: {answers} answers are asked for; one request may ask for {service.Limits.MaxChoices}."));
        }
    }

    /// <summary>The same request several times; with a seed each has its own, or the answers would be the same.</summary>
    private static GenerationRequest[] Repeat(GenerationRequest request, int count) =>
    [
        .. Enumerable.Range(0, count).Select(i => i == 0 || request.Sampling?.Seed is not { } seed
            ? request
            : request with { Sampling = request.Sampling with { Seed = seed + (ulong)i } }),
    ];
}
