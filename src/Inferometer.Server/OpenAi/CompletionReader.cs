using System.Globalization;
using System.Text.Json;
using Inferometer.Core;
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
    private const int MaxPriority = 1_000_000;
    private const int Unlimited = -1;

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
        if (top is > 0 && !logs)
        {
            throw fields.Wrong("top_logprobs", "left out unless logprobs is true");
        }

        RequireText(fields);
        (bool addPrompt, bool continues) = EndOfChat(fields);
        CompletionRequest request = Read(fields, service, shape, logs ? top ?? 0 : null, echoes: false, isChat: true, "chatcmpl-");
        ForeignFields.RefuseOfChats(fields);
        var cut = PromptCut.Read(fields, service, request.Answers[0].MaxNewTokens, isChat: true);
        fields.RequireNothingElse();
        ChatPlan plan = shape.Plan(service, turns, addPrompt, continuesLast: continues);
        RequireOneTimed(request, request.AnswersPerPrompt);
        GenerationRequest generation = cut.Apply(plan.Apply(request.Answers[0]), service);
        GenerationRequest[] answers = Repeat(generation, request.AnswersPerPrompt);
        for (int i = 1; i < answers.Length; i++)
        {
            answers[i] = answers[i] with { TopPromptLogProbabilities = null }; // there is one prompt, and it is told of once
        }

        return request with { Plan = plan, Answers = answers };
    }

    /// <summary>Reads a request to <c>/v1/completions</c>.</summary>
    /// <exception cref="ApiException">It is not one that is answered.</exception>
    public static CompletionRequest ReadText(JsonElement body, ModelService service)
    {
        var fields = RequestFields.Of(body);
        service.RequireServed(fields);
        var shape = AnswerShape.ReadForText(fields);
        bool addSpecial = fields.Flag("add_special_tokens") ?? true;
        bool echoes = fields.Flag("echo") ?? false;
        CompletionRequest request = Read(
            fields, service, shape, fields.Count("logprobs", 0, MaxTopLogProbabilities), echoes, isChat: false, "cmpl-");
        fields.Refuse("suffix", "filling in between two texts is not supported.");
        fields.Refuse("prompt_embeds", "prompts are texts or tokens.");
        int kept = request.AnswersPerPrompt;
        int tried = Tried(fields, kept, request.Streams);
        List<GenerationRequest> prompts = TextPrompts.Read(fields, service.Model);
        var cut = PromptCut.Read(fields, service, request.Answers[0].MaxNewTokens, isChat: false);
        fields.RequireNothingElse();
        RequireFew(service, prompts.Count, tried);
        GenerationRequest shared = request.Answers[0] with { AddSpecialTokens = addSpecial };
        shared = tried > kept && shared.Sampling is { TopLogProbabilities: null } plain
            ? shared with { Sampling = plain with { TopLogProbabilities = 0 } } // answers are chosen by them
            : shared;
        GenerationRequest[] whole =
        [
            .. prompts.Select(prompt => cut.Apply(Asked(shared, prompt), service)),
        ];
        string[]? echoed = echoes ? [.. whole.Select(prompt => EchoOf(prompt, service))] : null;
        if (request.HasRunningUsage)
        {
            whole = [.. whole.Select(prompt => PromptCut.InTokens(prompt, service))];
        }

        RequireOneTimed(request, whole.Length * tried);
        return request with
        {
            AnswersPerPrompt = tried,
            KeptPerPrompt = kept,
            Echoes = echoed,
            Answers = [.. whole.SelectMany(prompt => Repeat(prompt, tried))],
        };
    }

    /// <summary>
    /// Whether a conversation's prompt ends with what makes the model answer, and whether the answer goes on with its last turn.
    /// </summary>
    /// <exception cref="ApiException">Both are wanted.</exception>
    public static (bool AddsPrompt, bool ContinuesLast) EndOfChat(RequestFields fields)
    {
        bool addsPrompt = fields.Flag("add_generation_prompt") ?? true;
        bool continues = fields.Flag("continue_final_message") ?? false;
        return continues && addsPrompt
            ? throw fields.Wrong("continue_final_message", "true only beside \"add_generation_prompt\": false")
            : (addsPrompt, continues);
    }

    private static GenerationRequest Asked(GenerationRequest shared, GenerationRequest prompt) => shared with
    {
        Prompt = prompt.Prompt,
        PromptTokens = prompt.PromptTokens,
        ParseSpecialTokens = prompt.ParseSpecialTokens,
    };

    private static void RequireOneTimed(CompletionRequest request, int answers)
    {
        if (request.HasTimings && answers > 1)
        {
            throw ApiException.Unsupported("timings_per_token", "one answer alone has times; leave it out, or ask for one.");
        }
    }

    private static int Tried(RequestFields fields, int kept, bool streams)
    {
        const string Name = "best_of";
        int tried = fields.Count(Name, 1) ?? kept;
        return tried < kept ? throw fields.Wrong(Name, "n or more")
            : tried > kept && streams ? throw ApiException.Unsupported(Name, "the best answers are known at the end; leave out stream.")
            : tried;
    }

    private static string EchoOf(GenerationRequest prompt, ModelService service)
    {
        try
        {
            return prompt.Prompt ?? service.Model.Engine.Tokenizer.Decode(prompt.PromptTokens.Span);
        }
        catch (InferometerException error)
        {
            throw ApiException.Invalid("prompt", service.Model.Public(error.Message));
        }
    }

    private static CompletionRequest Read(
        RequestFields fields, ModelService service, AnswerShape shape, int? topLogProbabilities, bool echoes, bool isChat, string idPrefix)
    {
        int count = fields.Count("n", 1, service.MaxChoices) ?? 1;
        bool streams = fields.Flag("stream") ?? false;
        bool usage = false;
        bool runningUsage = false;
        if (fields.Object("stream_options") is { } options)
        {
            usage = options.Flag("include_usage") ?? false;
            runningUsage = options.Flag("continuous_usage_stats") ?? false;
            options.Ignore("include_obfuscation"); // padding against listeners, which OpenAI's own service adds
            options.RequireNothingElse();
        }

        SamplingOptions sampling = SamplingReader.Read(fields, service.Model, isChat) with
        {
            LogitBias = SamplingReader.LogitBias(fields, service.Model),
            TopLogProbabilities = topLogProbabilities,
        };
        const string OfPrompt = "prompt_logprobs";
        int? topOfPrompt = fields.Count(OfPrompt, 0, MaxTopLogProbabilities);
        if (topOfPrompt is not null && streams)
        {
            throw ApiException.Unsupported(OfPrompt, "they are given with the whole answer; leave out stream.");
        }

        int? topComputed = echoes && topLogProbabilities > (topOfPrompt ?? -1) ? topLogProbabilities : topOfPrompt;
        int? limit = Limit(fields, mayBeNone: topComputed is not null) ?? (isChat ? null : DefaultTextTokens);
        limit = limit is Unlimited ? null : limit;
        if (limit < sampling.MinOutputTokens)
        {
            throw fields.Wrong("min_tokens", string.Create(CultureInfo.InvariantCulture, $"at most max_tokens, which is {limit}"));
        }

        bool showsControl = fields.Flag("skip_special_tokens") is false;
        bool hasTimings = fields.Flag("timings_per_token") ?? false;
        int priority = fields.Count("priority", -MaxPriority, MaxPriority) ?? 0;
        ForeignFields.Refuse(fields);
        fields.Ignore(IdleFields.Bookkeeping);
        fields.Ignore(IdleFields.Machinery);
        return new CompletionRequest
        {
            Format = isChat ? CompletionFormat.Chat : CompletionFormat.Text,
            Answers =
            [
                new GenerationRequest
                {
                    Sampling = shape.Apply(sampling),
                    MaxNewTokens = limit,
                    TopPromptLogProbabilities = topComputed,
                    Priority = -priority, // vLLM serves the least first
                    ShownTokens = showsControl ? service.ControlTokens : [],
                    Timeout = service.Limits.RequestTimeout,
                    Adapter = service.Model.Adapter,
                    UsePrefixCache = fields.Flag("cache_prompt") ?? true,
                },
            ],
            AnswersPerPrompt = count,
            KeptPerPrompt = count,
            Streams = streams,
            IncludesUsage = usage,
            HasRunningUsage = runningUsage,
            HasTimings = hasTimings,
            TopLogProbabilities = topLogProbabilities,
            TopPromptLogProbabilities = topOfPrompt,
            Id = idPrefix + Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture),
        };
    }

    /// <summary>
    /// The longest answer, by whichever of its three names; -1 = up to the context, as llama.cpp has it. 0 where there is something else to
    /// be told.
    /// </summary>
    private static int? Limit(RequestFields fields, bool mayBeNone)
    {
        (string Name, int? Tokens)? said = null;
        foreach (string name in (ReadOnlySpan<string>)["max_completion_tokens", "max_tokens", "n_predict"])
        {
            int? tokens = fields.Count(name, Unlimited);
            if (tokens is 0 && !mayBeNone)
            {
                throw fields.Wrong(
                    name,
                    "1 or more, or -1 for as many as fit the context (0 where a text is echoed with logprobs, or with prompt_logprobs)");
            }

            if (tokens is not null && said is { } other && other.Tokens != tokens)
            {
                throw fields.Wrong(name, $"the same as {other.Name}, or left out");
            }

            said = tokens is null ? said : (name, tokens);
        }

        return said?.Tokens;
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

    private static void RequireFew(ModelService service, int prompts, int tried)
    {
        long answers = prompts * (long)tried;
        if (answers > service.MaxChoices)
        {
            string name = prompts > 1 ? "prompt" : "best_of"; // n was held to the same by itself
            throw ApiException.Invalid(
                name,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{name}: {answers} answers are asked for; one request may ask for {service.MaxChoices}."));
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
