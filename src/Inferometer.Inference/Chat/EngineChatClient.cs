using System.Globalization;
using System.Runtime.CompilerServices;
using Inferometer.Core;
using Inferometer.Inference.Engine;
using Inferometer.ModelFiles.Templates;
using Inferometer.Scheduling;
using Microsoft.Extensions.AI;

namespace Inferometer.Inference.Chat;

/// <summary>
/// An <see cref="InferenceEngine"/> as the common .NET chat client: messages are rendered by the model's chat template, requests run beside
/// all others of the engine. Thread-safe. What the engine cannot do (tools, images, JSON schemas, stored conversations) is refused, never
/// ignored.
/// </summary>
public sealed class EngineChatClient : IChatClient
{
    private readonly InferenceEngine _engine;
    private readonly ChatTemplate _template;
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
        GenerationRequest request = ChatRequests.Create(messages, options, _template, _engine.SamplingDefaults);
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
        GenerationRequest request, string? model, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string id = Guid.NewGuid().ToString("N", CultureInfo.InvariantCulture);
        DateTimeOffset created = DateTimeOffset.UtcNow;
        await foreach (GenerationUpdate update in _engine.StreamAsync(request, cancellationToken).ConfigureAwait(false))
        {
            if (update.Text.Length == 0 && update.Usage is null)
            {
                continue; // a character or a possible stop string is incomplete
            }

            ChatResponseUpdate result = new(ChatRole.Assistant, update.Text)
            {
                ResponseId = id,
                MessageId = id,
                ModelId = model,
                CreatedAt = created,
                RawRepresentation = update,
            };
            if (update.Usage is { } usage)
            {
                result.FinishReason = ReasonOf(update.FinishReason);
                result.Contents.Add(new UsageContent(DetailsOf(usage)));
            }

            yield return result;
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
