namespace Inferometer.Measurement.Evaluation;

/// <summary>Which tokens of a window count.</summary>
public enum PerplexityMethod
{
    /// <summary>
    /// Windows of N tokens: the token that begins a text, then N - 1 tokens of the text, without overlap; every one of the N - 1 is scored.
    /// This is the
    /// fixed-length evaluation of the Hugging Face documentation with a stride of the whole window.
    /// </summary>
    AllTokens,

    /// <summary>
    /// As llama.cpp's perplexity tool: the text with its begin token is cut into chunks of N tokens, the first token of each is replaced by
    /// the begin token,
    /// and only the tokens after the first N / 2 are scored, so that each has at least that much context.
    /// </summary>
    SecondHalf,
}

/// <summary>What a perplexity run measures.</summary>
public sealed record PerplexityOptions
{
    /// <summary>Tokens per window, the begin token included; 0 = the model's longest context, at most 2048. At least 2.</summary>
    public int WindowTokens { get; init; }

    /// <summary>Most windows; 0 = as many whole ones as the text fills.</summary>
    public int Windows { get; init; }

    /// <summary>Which tokens count.</summary>
    public PerplexityMethod Method { get; init; }
}

/// <summary>A perplexity and how sure it is.</summary>
/// <param name="Perplexity">exp of the mean negative log-likelihood.</param>
/// <param name="MeanNegativeLogLikelihood">Nats per scored token.</param>
/// <param name="StandardError">Of the perplexity: its value times the standard error of the mean over tokens (the delta method, tokens
/// taken as independent).</param>
/// <param name="ScoredTokens">Tokens that count.</param>
/// <param name="Windows">Windows run.</param>
/// <param name="WindowTokens">Tokens per window.</param>
/// <param name="TextTokens">Tokens of the whole text, the begin token aside.</param>
public sealed record PerplexityResult(
    double Perplexity, double MeanNegativeLogLikelihood, double StandardError, long ScoredTokens, int Windows, int WindowTokens,
    int TextTokens);
