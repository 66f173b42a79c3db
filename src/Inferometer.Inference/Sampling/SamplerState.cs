using Inferometer.Inference.Sampling.Json;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.Inference.Sampling;

/// <summary>What one request remembers between its tokens: options, seed, counts for the penalties, the place in the grammar.</summary>
internal sealed class SamplerState
{
    private readonly TokenCounts? _counts;
    private readonly JsonTokenMask? _mask;
    private readonly int _maxTokens;
    private JsonState _json;

    /// <param name="options">Validated options.</param>
    /// <param name="prompt">Prompt tokens.</param>
    /// <param name="tokenizer">The model's tokenizer, for its end tokens.</param>
    /// <param name="mask">Grammar mask of the tokenizer; needed when <see cref="SamplingOptions.Json"/>.</param>
    /// <param name="maxTokens">Tokens the output may have, so that JSON can be closed in time.</param>
    /// <param name="seed">Seed when the options give none.</param>
    public SamplerState(
        SamplingOptions options, ReadOnlySpan<int> prompt, Tokenizer tokenizer, JsonTokenMask? mask, int maxTokens, ulong seed)
    {
        Options = options;
        Random = new SampleRandom(options.Seed ?? seed);
        _maxTokens = maxTokens;
        if (options.HasPenalties)
        {
            _counts = new TokenCounts();
            _counts.AddPrompt(prompt);
        }

        _mask = options.Json ? mask : null;
        Bias = BiasOf(options, tokenizer);
    }

    public SamplingOptions Options { get; }

    public SampleRandom Random { get; }

    /// <summary>Biases, with negative infinity for end tokens that are to be ignored.</summary>
    public KeyValuePair<int, float>[] Bias { get; }

    /// <summary>Tokens chosen so far.</summary>
    public int OutputTokens { get; private set; }

    /// <summary>True when the output is a complete JSON value, so that generation ends here.</summary>
    public bool IsComplete => _mask is not null && _json.IsComplete;

    /// <summary>
    /// Nothing but the most probable token of the model's own logits can be chosen, and nothing else of them is asked for.
    /// </summary>
    public bool TakesBest =>
        Options.IsGreedy && Options.TopLogProbabilities is null && Bias.Length == 0 && _counts is null && _mask is null;

    /// <summary>Bias, penalties and grammar mask, in place.</summary>
    public void Shape(Span<float> logits)
    {
        LogitTransforms.AddBias(logits, Bias);
        if (_counts is not null)
        {
            LogitTransforms.Penalise(logits, _counts, Options);
        }

        _mask?.Apply(_json, logits, _maxTokens - OutputTokens);
    }

    /// <summary>Notes a chosen token.</summary>
    public void Accept(int token)
    {
        OutputTokens++;
        _counts?.AddOutput(token);
        _mask?.Advance(ref _json, token);
    }

    private static KeyValuePair<int, float>[] BiasOf(SamplingOptions options, Tokenizer tokenizer)
    {
        Dictionary<int, float> bias = options.LogitBias is null ? [] : new Dictionary<int, float>(options.LogitBias);
        if (options.IgnoreEndOfGeneration)
        {
            foreach (int id in tokenizer.EosIds)
            {
                bias[id] = float.NegativeInfinity;
            }
        }

        return [.. bias];
    }
}
