using System.Globalization;
using System.Runtime.CompilerServices;
using Inferometer.Core;
using Inferometer.Inference.Chat.Formats;
using Inferometer.Inference.Engine;
using Inferometer.ModelFiles.Templates;
using Inferometer.Scheduling;
using Microsoft.Extensions.AI;

namespace Inferometer.Inference.Chat;

/// <summary>
/// An <see cref="InferenceEngine"/> as the common .NET chat client: messages are rendered by the model's chat template, requests run beside
/// all others of the engine. Thread-safe. Tools are written by the template, and calls, reasoning and text told apart in the answer. What
/// the engine cannot do (images, stored conversations) is refused, never ignored.
/// </summary>
public sealed class EngineChatClient : IChatClient
{
    /// <summary>Additional property of chat options: variables of the template, a JSON object or a dictionary.</summary>
    public const string TemplateVariablesProperty = "chat_template_kwargs";

    /// <summary>Additional property of chat options: an <see cref="Constraints.OutputConstraint"/> for the answer.</summary>
    public const string ConstraintProperty = "constraint";

    private readonly InferenceEngine _engine;
    private readonly ChatTemplate _template;
    private readonly ChatRequests _requests;
    private readonly bool _ownsEngine;
    private readonly ChatClientMetadata _metadata;

    /// <summary>Creates a client over a running engine.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="template">Chat format; null = the model's own, plain roles where it has none.</param>
    /// <param name="ownsEngine">Disposing the client disposes the engine.</param>
    /// <param name="note">Told when the model has no chat template and its turns are written as plain roles.</param>
    public EngineChatClient(InferenceEngine engine, ChatTemplate? template = null, bool ownsEngine = false, Action<string>? note = null)
    {
        ArgumentNullException.ThrowIfNull(engine);
        _engine = engine;
        _template = template ?? ChatTemplate.For(engine.Tokenizer, note);
        _requests = new ChatRequests(_template, engine.Tokenizer, engine.SamplingDefaults);
        _ownsEngine = ownsEngine;
        _metadata = new ChatClientMetadata("inferometer", providerUri: null, engine.Architecture.Name);
    }

    /// <inheritdoc/>
    /// <exception cref="InferometerException">The messages or options ask for something the engine cannot do.</exception>
    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        await GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    /// <exception cref="InferometerException">The messages or options ask for something the engine cannot do.</exception>
    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        ChatRequest request = _requests.Create(messages, options);
        return StreamAsync(request, options?.ModelId ?? _metadata.DefaultModelId, cancellationToken);
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        return serviceKey is not null ? null
            : serviceType == typeof(ChatClientMetadata) ? _metadata
            : serviceType.IsInstanceOfType(this) ? this
            : serviceType.IsInstanceOfType(_engine) ? _engine
            : serviceType.IsInstanceOfType(_template) ? _template
            : serviceType == typeof(ChatFormat) ? _requests.Format
            : null;
    }

    /// <summary>Disposes the engine if the client owns it.</summary>
    public void Dispose()
    {
        if (_ownsEngine)
        {
            _engine.Dispose();
        }
    }

    private async IAsyncEnumerable<ChatResponseUpdate> StreamAsync(
        ChatRequest request, string? model, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string id = Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture);
        DateTimeOffset created = DateTimeOffset.UtcNow;
        bool hasCalls = false;
        await foreach (GenerationUpdate update in _engine.StreamAsync(request.Generation, cancellationToken).ConfigureAwait(false))
        {
            List<AIContent> contents = [];
            Add(request.Reader.Append(update.Text), request, contents);
            if (update.Usage is not null)
            {
                Add(request.Reader.Complete(), request, contents);
            }

            hasCalls |= contents.Exists(content => content is FunctionCallContent);
            if (contents.Count == 0 && update.Usage is null)
            {
                continue; // a character, a mark or a call is incomplete
            }

            ChatResponseUpdate result = new(ChatRole.Assistant, contents)
            {
                ResponseId = id,
                MessageId = id,
                ModelId = model,
                CreatedAt = created,
                RawRepresentation = update,
            };
            if (update.Usage is { } usage)
            {
                result.FinishReason = hasCalls && update.FinishReason == FinishReason.Stop
                    ? ChatFinishReason.ToolCalls : ReasonOf(update.FinishReason);
                result.Contents.Add(new UsageContent(DetailsOf(usage)));
            }

            yield return result;
        }
    }

    private static void Add(IReadOnlyList<AnswerPart> parts, ChatRequest request, List<AIContent> contents)
    {
        foreach (AnswerPart part in parts)
        {
            if (part.Call is { } call)
            {
                Dictionary<string, object?> arguments = new(StringComparer.Ordinal);
                foreach (System.Text.Json.JsonProperty member in call.Arguments.EnumerateObject())
                {
                    arguments[member.Name] = member.Value; // of equal names the last counts
                }

                contents.Add(new FunctionCallContent(call.Id, call.Name, arguments));
            }
            else if (part.Kind == AnswerPartKind.Text)
            {
                contents.Add(new TextContent(part.Text));
            }
            else if (request.KeepsReasoning)
            {
                contents.Add(new TextReasoningContent(part.Text));
            }
        }
    }

    private static UsageDetails DetailsOf(GenerationUsage usage) => new()
    {
        InputTokenCount = usage.PromptTokens,
        OutputTokenCount = usage.OutputTokens,
        TotalTokenCount = usage.PromptTokens + usage.OutputTokens,
        CachedInputTokenCount = usage.CachedPromptTokens,
    };

    private static ChatFinishReason ReasonOf(FinishReason reason) => reason switch
    {
        FinishReason.Stop => ChatFinishReason.Stop,
        FinishReason.Length => ChatFinishReason.Length,
        _ => new ChatFinishReason(reason.ToString().ToLowerInvariant()),
    };
}
