using Inferometer.Core;
using Inferometer.Inference.Chat.Formats;
using Inferometer.Inference.Constraints;
using Inferometer.Inference.Engine;
using Inferometer.Inference.Sampling;
using Inferometer.ModelFiles.Generation;
using Inferometer.ModelFiles.Templates;
using Inferometer.ModelFiles.Tokenization;
using Microsoft.Extensions.AI;

namespace Inferometer.Inference.Chat;

/// <summary>Turns the common chat messages and options into requests to the engine.</summary>
internal sealed class ChatRequests(ChatTemplate template, Tokenizer tokenizer, SamplingDefaults recommended)
{
    private readonly Lazy<ChatFormat> _format = new(() => ChatFormat.For(template, tokenizer));

    /// <summary>How the model writes calls and reasoning.</summary>
    public ChatFormat Format => _format.Value;

    public ChatRequest Create(IEnumerable<ChatMessage> messages, ChatOptions? options)
    {
        if (options?.ConversationId is not null)
        {
            throw new InferometerException("chat: the engine stores no conversations; send all messages each time.");
        }

        IReadOnlyList<ToolDeclaration> tools = ChatTools.Of(options);
        if (tools.Count > 0 && !Format.TakesTools)
        {
            throw new InferometerException(
                $"chat: the chat template ({template.Name}) does not write tools; give none, or choose a template that does.");
        }

        if (tools.Count > 0 && Format.ToolCalls is null)
        {
            throw new InferometerException(
                $"chat: how the models of the chat template ({template.Name}) write calls of tools is not known; give no tools.");
        }

        RenderedPrompt prompt = template.Render(
            new ChatPrompt
            {
                Turns = new ChatTurns(Format).Of(messages, options?.Instructions),
                Tools = ToolDeclaration.VariableOf(tools),
                Variables = ChatVariables.Of(options, Format),
                FoldsSystemTurn = true,
            },
            tokenizer);
        GenerationRequest generation = new()
        {
            PromptTokens = prompt.Encode(tokenizer),
            MaxNewTokens = options?.MaxOutputTokens,
            ShownTokens = Format.ShownTokens,
            Sampling = SamplingOf(options) with { Constraint = ConstraintOf(options, prompt, tools) },
        };
        return new ChatRequest(
            generation, Format.Read(prompt, tools), KeepsReasoning: options?.Reasoning?.Output is not ReasoningOutput.None);
    }

    private SamplingOptions SamplingOf(ChatOptions? options)
    {
        SamplingOptions defaults = new SamplingOptions().With(recommended);
        return defaults with
        {
            Temperature = options?.Temperature ?? defaults.Temperature,
            TopK = options?.TopK ?? defaults.TopK,
            TopP = options?.TopP ?? defaults.TopP,
            FrequencyPenalty = options?.FrequencyPenalty ?? defaults.FrequencyPenalty,
            PresencePenalty = options?.PresencePenalty ?? defaults.PresencePenalty,
            Seed = options?.Seed is { } seed and not -1 ? (ulong)seed : null, // -1: another one each time, as everywhere
            StopStrings = [.. template.StopStrings, .. options?.StopSequences ?? []],
            StopTokens = template.EndTokens,
        };
    }

    private OutputConstraint? ConstraintOf(ChatOptions? options, RenderedPrompt prompt, IReadOnlyList<ToolDeclaration> tools)
    {
        object? given = null;
        _ = options?.AdditionalProperties?.TryGetValue(EngineChatClient.ConstraintProperty, out given);
        OutputConstraint? own = given is null or OutputConstraint ? (OutputConstraint?)given
            : throw new InferometerException(
                $"chat: the additional property '{EngineChatClient.ConstraintProperty}' is {given.GetType().Name}; it must be an "
                    + $"{nameof(OutputConstraint)}.");
        IReadOnlyList<ToolDeclaration>? required = ChatTools.Required(options, tools);
        ChatResponseFormatJson? format = options?.ResponseFormat as ChatResponseFormatJson;
        if ((own is null ? 0 : 1) + (required is null ? 0 : 1) + (format is null ? 0 : 1) > 1)
        {
            throw new InferometerException(
                $"chat: a required tool, a response format and '{EngineChatClient.ConstraintProperty}' each say what the answer must be; "
                    + "give one of them.");
        }

        bool many = options?.AllowMultipleToolCalls ?? true;
        OutputConstraint? json = format is null ? null
            : format.Schema is { } schema ? OutputConstraint.FromJsonSchema(schema, "response format") : OutputConstraint.JsonObject;
        return required is not null ? Format.CallsFor(prompt, required, many)
            : json is null ? own
            : tools.Count > 0 ? Format.CallsFor(prompt, tools, many, json) // the model may call first
            : Format.ConstraintFor(prompt, json);
    }
}
