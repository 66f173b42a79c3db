namespace Inferometer.Runners;

/// <summary>
/// The most probable tokens of a row of logits, and what a sampler has to know of all others to tell whether they matter: enough to draw
/// most tokens without the row, which then stays on its device.
/// </summary>
/// <param name="tokens">See <see cref="Tokens"/>.</param>
/// <param name="logits">See <see cref="Logits"/>.</param>
/// <param name="ceiling">See <see cref="Ceiling"/>.</param>
/// <param name="mass">See <see cref="Mass"/>.</param>
/// <param name="plainMass">See <see cref="PlainMass"/>.</param>
public readonly ref struct RowCandidates(
    ReadOnlySpan<int> tokens, ReadOnlySpan<float> logits, float ceiling, float mass, float plainMass)
{
    /// <summary>Greatest relative error of <see cref="Mass"/> and <see cref="PlainMass"/>.</summary>
    public const double MassError = 1e-4;

    /// <summary>Token ids, rising; none where the row has to be read whole.</summary>
    public ReadOnlySpan<int> Tokens { get; } = tokens;

    /// <summary>Their logits, as <see cref="IModelRunner.Logits"/> would give them.</summary>
    public ReadOnlySpan<float> Logits { get; } = logits;

    /// <summary>No other token's logit is above; negative infinity where that is what all others are.</summary>
    public float Ceiling { get; } = ceiling;

    /// <summary>
    /// Sum over the whole row of exp((logit - greatest logit) / T), T the slice's <see cref="SequenceSlice.CandidateTemperature"/>.
    /// </summary>
    public float Mass { get; } = mass;

    /// <summary>The same with T = 1.</summary>
    public float PlainMass { get; } = plainMass;

    /// <summary>Whether the row has to be read whole.</summary>
    public bool IsEmpty => Tokens.IsEmpty;
}
