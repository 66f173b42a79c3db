using Inferometer.Core;
using Inferometer.Inference.Engine;
using Inferometer.Inference.Sampling;
using Inferometer.ModelFiles.Generation;
using Inferometer.ModelFiles.Templates;
using Microsoft.Extensions.AI;

namespace Inferometer.Inference.Chat;

/// <summary>Turns the common chat messages and options into a request to the engine.</summary>
internal static class ChatRequests
{
    public static GenerationRequest Create(
        IEnumerable<ChatMessage> messages, ChatOptions? options, ChatTemplate template, SamplingDefaults recommended)
    {
        Refuse(options);
        return new GenerationRequest
        {
            Prompt = template.Render(TurnsOf(messages, options?.Instructions)),
            ParseSpecialTokens = true,
            MaxNewTokens = options?.MaxOutputTokens,
            Sampling = SamplingOf(options, template, recommended),
        };
    }

    private static SamplingOptions SamplingOf(ChatOptions? options, ChatTemplate template, SamplingDefaults recommended)
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
            Constraint = options?.ResponseFormat is ChatResponseFormatJson ? Constraints.OutputConstraint.JsonObject : null,
        };
    }

    private static List<ChatTurn> TurnsOf(IEnumerable<ChatMessage> messages, string? instructions)
    {
        List<string> system = string.IsNullOrEmpty(instructions) ? [] : [instructions];
        List<ChatTurn> turns = [];
        foreach (ChatMessage message in messages)
        {
            if (message.Contents.FirstOrDefault(c => c is not (TextContent or UsageContent or TextReasoningContent)) is { } content)
            {
                throw new InferometerException(
                    $"chat: a message of the role '{message.Role}' holds {content.GetType().Name}; the engine takes text only.");
            }

            if (message.Role == ChatRole.System && turns.Count == 0)
            {
                system.Add(message.Text);
                continue;
            }

            turns.Add(new ChatTurn(message.Role.Value, message.Text));
        }

        if (system.Count > 0)
        {
            turns.Insert(0, new ChatTurn(ChatTurn.System, string.Join("\n\n", system)));
        }

        return turns;
    }

    private static void Refuse(ChatOptions? options)
    {
        if (options?.Tools is { Count: > 0 } && options.ToolMode is not NoneChatToolMode)
        {
            throw new InferometerException("chat: tools are not supported by the engine; give none, or the tool mode 'none'.");
        }

        if (options?.ResponseFormat is ChatResponseFormatJson { Schema: not null })
        {
            throw new InferometerException("chat: the engine gives JSON objects but does not hold them to a schema; ask for plain JSON.");
        }

        if (options?.ConversationId is not null)
        {
            throw new InferometerException("chat: the engine stores no conversations; send all messages each time.");
        }
    }
}
