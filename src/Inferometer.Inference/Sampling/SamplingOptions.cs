using Inferometer.Core;
using Inferometer.Inference.Constraints;
using Inferometer.ModelFiles.Generation;

namespace Inferometer.Inference.Sampling;

/// <summary>
/// How the next token is chosen from the logits. The order is: logit bias and penalties, grammar mask, temperature, min-p, top-k, top-p,
/// draw; each stage works on the renormalised result of the one before it.
/// </summary>
public sealed record SamplingOptions
{
    internal const int MostLogProbabilities = 100;

    /// <summary>The most probable token every time.</summary>
    public static SamplingOptions Greedy { get; } = new() { Temperature = 0 };

    /// <summary>Divides the logits; 0 = the most probable token (greedy). From 0.</summary>
    public float Temperature { get; init; } = 1;

    /// <summary>Only this many most probable tokens; 0 = all.</summary>
    public int TopK { get; init; }

    /// <summary>Only the fewest most probable tokens whose probabilities reach this sum; above 0, up to 1 = all.</summary>
    public float TopP { get; init; } = 1;

    /// <summary>Only tokens at least this fraction as probable as the most probable one; 0 = all, up to 1.</summary>
    public float MinP { get; init; }

    /// <summary>Divides positive and multiplies negative logits of tokens that occur in prompt or output; 1 = off, above 0.</summary>
    public float RepetitionPenalty { get; init; } = 1;

    /// <summary>Subtracted from a token's logit for each time it occurs in the output; 0 = off.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>Subtracted from a token's logit when it occurs in the output; 0 = off.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>
    /// Same seed, same model and same prompt give the same output, whatever else is in the batch; null = a seed of its own for each
    /// request.
    /// </summary>
    public ulong? Seed { get; init; }

    /// <summary>Added to the logits of these tokens; negative infinity forbids one.</summary>
    public IReadOnlyDictionary<int, float>? LogitBias { get; init; }

    /// <summary>
    /// The output ends before the first of these texts; none of it is given out. The written form of a control token stands for the token.
    /// </summary>
    public IReadOnlyList<string> StopStrings { get; init; } = [];

    /// <summary>Tokens that end the output besides those of the model; not given out.</summary>
    public IReadOnlyList<int> StopTokens { get; init; } = [];

    /// <summary>The model's own end tokens do not end the output and are never chosen.</summary>
    public bool IgnoreEndOfGeneration { get; init; }

    /// <summary>
    /// Tokens that the output has at least: before them no token that ends it is chosen, and stop strings are not looked for. A
    /// <see cref="Constraint"/> that nothing can follow ends it all the same.
    /// </summary>
    public int MinOutputTokens { get; init; }

    /// <summary>Whether the stop string or the token that ended the output belongs to it; of control tokens those that are shown.</summary>
    public bool IncludesStop { get; init; }

    /// <summary>What the output must be: JSON, JSON of a schema, or a text of a grammar; null = anything.</summary>
    public OutputConstraint? Constraint { get; init; }

    /// <summary>
    /// Log-probabilities of the chosen token and of this many most probable ones; null = none. They are those of the model, before bias,
    /// penalties and temperature.
    /// </summary>
    public int? TopLogProbabilities { get; init; }

    /// <summary>Whether the choice is the most probable token.</summary>
    public bool IsGreedy => Temperature == 0;

    internal bool HasPenalties => RepetitionPenalty != 1 || FrequencyPenalty != 0 || PresencePenalty != 0;

    /// <summary>These options with what a model's makers recommend in place of their own values.</summary>
    public SamplingOptions With(SamplingDefaults recommended)
    {
        ArgumentNullException.ThrowIfNull(recommended);
        return this with
        {
            Temperature = recommended.Temperature ?? Temperature,
            TopK = recommended.TopK ?? TopK,
            TopP = recommended.TopP ?? TopP,
            MinP = recommended.MinP ?? MinP,
            RepetitionPenalty = recommended.RepetitionPenalty ?? RepetitionPenalty,
        };
    }

    /// <summary>Checks every value against its range and the vocabulary.</summary>
    /// <param name="vocabularySize">Tokens that the model can choose.</param>
    /// <exception cref="InferometerException">A value is out of range; the message names it.</exception>
    public void Validate(int vocabularySize)
    {
        Require(Temperature >= 0 && float.IsFinite(Temperature), nameof(Temperature), Temperature, "0 (greedy) or more");
        Require(TopK >= 0, nameof(TopK), TopK, "0 (all) or more");
        Require(TopP is > 0 and <= 1, nameof(TopP), TopP, "above 0, up to 1");
        Require(MinP is >= 0 and <= 1, nameof(MinP), MinP, "0 to 1");
        Require(RepetitionPenalty > 0 && float.IsFinite(RepetitionPenalty), nameof(RepetitionPenalty), RepetitionPenalty,
            "above 0 (1 = off)");
        Require(float.IsFinite(FrequencyPenalty), nameof(FrequencyPenalty), FrequencyPenalty, "a finite number");
        Require(float.IsFinite(PresencePenalty), nameof(PresencePenalty), PresencePenalty, "a finite number");
        Require(MinOutputTokens >= 0, nameof(MinOutputTokens), MinOutputTokens, "0 or more");
        Require(
            TopLogProbabilities is null or (>= 0 and <= MostLogProbabilities), nameof(TopLogProbabilities), TopLogProbabilities ?? 0,
            "0 to 100");
        foreach ((int token, float bias) in LogitBias ?? EmptyBias)
        {
            RequireToken(token, nameof(LogitBias), vocabularySize);
            Require(!float.IsNaN(bias) && !float.IsPositiveInfinity(bias), nameof(LogitBias), bias, "a finite number or negative infinity");
        }

        foreach (int token in StopTokens)
        {
            RequireToken(token, nameof(StopTokens), vocabularySize);
        }

        if (StopStrings.Any(string.IsNullOrEmpty))
        {
            throw new InferometerException("sampling: a stop string is empty; each needs at least one character.");
        }
    }

    private static Dictionary<int, float> EmptyBias { get; } = [];

    private static void RequireToken(int token, string name, int vocabularySize) =>
        Require(token >= 0 && token < vocabularySize, name, token, $"token ids 0 to {vocabularySize - 1}");

    private static void Require(bool condition, string name, FormattableString value, string allowed)
    {
        if (!condition)
        {
            throw new InferometerException($"sampling: {name} is {FormattableString.Invariant(value)}; allowed is {allowed}.");
        }
    }

    private static void Require(bool condition, string name, double value, string allowed) => Require(condition, name, $"{value}", allowed);
}
