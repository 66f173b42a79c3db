using Inferometer.Core;
using Inferometer.Inference.Engine;
using Inferometer.Inference.Sampling;
using Inferometer.ModelFiles.Tokenization;
using Inferometer.Serving;
using Inferometer.Serving.Arrivals;

namespace Inferometer.Measurement.Load;

/// <summary>The engine of this process, asked without a network between.</summary>
/// <param name="engine">The engine; it stays the caller's.</param>
/// <param name="name">What it is, as a person would name it.</param>
public sealed class EngineTarget(InferenceEngine engine, string name) : ILoadTarget
{
    private readonly int[] _tokens = Ordinary(engine.Tokenizer);
    private int _salt; // other loads, other prompts: what an earlier one left in the prefix cache is not found

    /// <inheritdoc/>
    public string Name { get; } = name;

    /// <inheritdoc/>
    public Task PrepareAsync(CancellationToken cancellationToken)
    {
        _salt = Random.Shared.Next();
        return _tokens.Length > 0
            ? Task.CompletedTask
            : throw new InferometerException($"{Name}: its vocabulary has no ordinary tokens to make prompts of.");
    }

    /// <inheritdoc/>
    public async Task<LoadAnswer> AskAsync(LoadQuestion question, LoadClock clock, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(question);
        ArgumentNullException.ThrowIfNull(clock);
        GenerationRequest request = new()
        {
            PromptTokens = PromptOf(question),
            MaxNewTokens = Math.Max(1, question.Arrival.OutputTokens),
            Sampling = new SamplingOptions { Temperature = 0, IgnoreEndOfGeneration = true },
        };
        List<TokenDelivery> deliveries = new(question.Arrival.OutputTokens);
        GenerationUpdate last = default;
        try
        {
            await foreach (GenerationUpdate update in engine.StreamAsync(request, cancellationToken).ConfigureAwait(false))
            {
                if (update.TokenId is not null)
                {
                    deliveries.Add(new TokenDelivery(clock.Seconds, 1));
                }

                last = update;
            }
        }
        catch (RequestRejectedException error)
        {
            return new LoadAnswer { EndSeconds = clock.Seconds, FinishReason = Scheduling.FinishReason.Error, Error = error.Message };
        }

        return new LoadAnswer
        {
            EndSeconds = clock.Seconds,
            FinishReason = last.FinishReason,
            PromptTokens = last.Usage?.PromptTokens ?? request.PromptTokens.Length,
            CachedTokens = last.Usage?.CachedPromptTokens ?? 0,
            Deliveries = deliveries,
        };
    }

    private int[] PromptOf(LoadQuestion question)
    {
        Arrival arrival = question.Arrival;
        int[] prompt = new int[arrival.InputTokens];
        int at = 0, position = 0;
        foreach (PromptSegment segment in arrival.Segments.Span)
        {
            Fill(
                prompt.AsSpan(at, segment.Tokens),
                segment.Content != 0 ? segment.Content : HashCode.Combine(arrival.Session, position), position);
            at += segment.Tokens;
            position++;
        }

        Fill(prompt.AsSpan(at), (int)question.Number, int.MaxValue);
        return prompt;
    }

    private void Fill(Span<int> prompt, int content, int kind)
    {
        // A generator of its own for each content: equal content, equal tokens.
        Random random = new(unchecked((content * 31) + (kind == int.MaxValue ? 17 : 0) + (_salt * 7)));
        foreach (ref int token in prompt)
        {
            token = _tokens[random.Next(_tokens.Length)];
        }
    }

    private static int[] Ordinary(Tokenizer tokenizer) =>
        [.. Enumerable.Range(0, tokenizer.UsedSize).Where(id => tokenizer.KindOf(id) is TokenKind.Normal)];
}
