namespace Inferometer.Inference.Sampling;

/// <summary>A token and its natural log-probability under the model.</summary>
/// <param name="TokenId">The token.</param>
/// <param name="LogProbability">Natural logarithm of its probability, before bias, penalties and temperature.</param>
[System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
public readonly record struct TokenLogProbability(int TokenId, float LogProbability);

/// <summary>The chosen token with its most probable rivals.</summary>
/// <param name="Chosen">The token that was chosen.</param>
/// <param name="Top">The most probable tokens, most probable first; may or may not contain the chosen one.</param>
public sealed record TokenLogProbabilities(TokenLogProbability Chosen, IReadOnlyList<TokenLogProbability> Top)
{
    /// <summary>Place of <see cref="Chosen"/> among all tokens, the most probable one the first; 0 where it was not looked for.</summary>
    public int Rank { get; init; }
}
