using Inferometer.Inference.Constraints.Decoding;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.Inference.Sampling;

/// <summary>What one request remembers between its tokens: options, seed, counts for the penalties, the place in the grammar.</summary>
internal sealed class SamplerState
{
    private readonly TokenCounts? _counts;
    private readonly ConstraintMachine? _constraint;
    private readonly int[] _endTokens;
    private readonly float[] _endLogits;
    private readonly int _maxTokens;
    private Configuration? _place;

    /// <param name="options">Validated options.</param>
    /// <param name="prompt">Prompt tokens.</param>
    /// <param name="tokenizer">The model's tokenizer, for its end tokens.</param>
    /// <param name="constraint">Walks <see cref="SamplingOptions.Constraint"/>; null without one.</param>
    /// <param name="maxTokens">Tokens the output may have, so that what is constrained can be completed in time.</param>
    /// <param name="seed">Seed when the options give none.</param>
    public SamplerState(
        SamplingOptions options, ReadOnlySpan<int> prompt, Tokenizer tokenizer, ConstraintMachine? constraint, int maxTokens, ulong seed)
    {
        Options = options;
        Random = new SampleRandom(options.Seed ?? seed);
        _maxTokens = maxTokens;
        if (options.HasPenalties)
        {
            _counts = new TokenCounts();
            _counts.AddPrompt(prompt);
        }

        _constraint = constraint;
        _place = constraint?.Start;
        _endTokens = [.. options.IgnoreEndOfGeneration ? [] : tokenizer.EosIds, .. options.StopTokens];
        _endLogits = new float[_endTokens.Length];
        Bias = BiasOf(options, tokenizer);
    }

    public SamplingOptions Options { get; }

    public SampleRandom Random { get; }

    /// <summary>Biases, with negative infinity for end tokens that are to be ignored.</summary>
    public KeyValuePair<int, float>[] Bias { get; }

    /// <summary>Tokens chosen so far.</summary>
    public int OutputTokens { get; private set; }

    /// <summary>True when the output is complete under its constraint and nothing can follow, so that generation ends here.</summary>
    public bool IsComplete => _place is { IsFinished: true };

    /// <summary>
    /// Nothing but the most probable token of the model's own logits can be chosen, and nothing else of them is asked for.
    /// </summary>
    public bool TakesBest => Options.IsGreedy && Options.TopLogProbabilities is null && Options.MinOutputTokens == 0
        && Bias.Length == 0 && _counts is null && _constraint is null;

    /// <summary>
    /// Temperature at which a row's candidates may decide without the row; 0 where the best token does, or nothing but the row: without
    /// anything that narrows the choice, under a constraint, and where bias or penalties may raise a token above the candidates.
    /// </summary>
    public float CandidateTemperature => TakesBest || _constraint is not null || Raises || !Narrows ? 0
        : Options.IsGreedy ? 1 : Options.Temperature;

    /// <summary>Most tokens that <see cref="Shape(Span{float})"/> changes.</summary>
    public int ShapedTokens => Bias.Length + (_counts?.Distinct ?? 0) + (OutputTokens < Options.MinOutputTokens ? _endTokens.Length : 0);

    private bool Narrows => Options.IsGreedy || Options.TopK > 0 || Options.TopP < 1 || Options.MinP > 0;

    private bool Raises => Options.RepetitionPenalty < 1 || Options.FrequencyPenalty < 0 || Options.PresencePenalty < 0
        || Array.Exists(Bias, bias => bias.Value > 0);

    /// <summary>Bias and penalties of some tokens of a row, in place, as <see cref="Shape(Span{float})"/> changes them.</summary>
    /// <param name="tokens">Tokens, rising.</param>
    /// <param name="logits">Their logits.</param>
    /// <returns>Whether one has changed.</returns>
    public bool Shape(ReadOnlySpan<int> tokens, Span<float> logits)
    {
        bool hasChanged = false;
        foreach ((int token, float value) in Bias)
        {
            int at = tokens.BinarySearch(token);
            if (at >= 0)
            {
                logits[at] += value;
                hasChanged = true;
            }
        }

        for (int i = 0; _counts is not null && i < tokens.Length; i++)
        {
            if (_counts.TryGet(tokens[i], out TokenCount count))
            {
                logits[i] = LogitTransforms.Penalised(logits[i], count, Options);
                hasChanged = true;
            }
        }

        for (int i = 0; OutputTokens < Options.MinOutputTokens && i < _endTokens.Length; i++)
        {
            int at = tokens.BinarySearch(_endTokens[i]);
            if (at >= 0)
            {
                logits[at] = float.NegativeInfinity;
                hasChanged = true;
            }
        }

        return hasChanged;
    }

    /// <summary>Bias, penalties and grammar mask, in place.</summary>
    public void Shape(Span<float> logits)
    {
        LogitTransforms.AddBias(logits, Bias);
        if (_counts is not null)
        {
            LogitTransforms.Penalise(logits, _counts, Options);
        }

        if (_constraint is not null)
        {
            Constrain(_constraint, _place!, logits);
        }

        for (int i = 0; OutputTokens < Options.MinOutputTokens && i < _endTokens.Length; i++)
        {
            if (_endTokens[i] < logits.Length)
            {
                logits[_endTokens[i]] = float.NegativeInfinity;
            }
        }
    }

    /// <summary>Notes a chosen token.</summary>
    public void Accept(int token)
    {
        OutputTokens++;
        _counts?.AddOutput(token);
        if (_constraint is not null && Array.IndexOf(_endTokens, token) < 0)
        {
            _place = _constraint.Advance(_place!, token);
        }
    }

    /// <summary>Leaves what may follow: tokens of the text, and where it is complete those that end it.</summary>
    private void Constrain(ConstraintMachine constraint, Configuration place, Span<float> logits)
    {
        for (int i = 0; i < _endTokens.Length; i++)
        {
            _endLogits[i] = _endTokens[i] < logits.Length && place.IsComplete ? logits[_endTokens[i]] : float.NegativeInfinity;
        }

        constraint.Apply(place, logits, _maxTokens - OutputTokens, mayEnd: _endTokens.Length > 0);
        for (int i = 0; i < _endTokens.Length; i++)
        {
            if (_endTokens[i] < logits.Length)
            {
                logits[_endTokens[i]] = _endLogits[i];
            }
        }
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
