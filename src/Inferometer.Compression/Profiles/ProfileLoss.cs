namespace Inferometer.Compression.Profiles;

/// <summary>Measured losses of a level.</summary>
/// <param name="PerplexityIncrease">Relative to the exact f16 cache.</param>
/// <param name="KlDivergence">Nats per token.</param>
/// <param name="TopOneAgreement">Share, 0 to 1.</param>
/// <param name="Saved">Memory saved per compressed token against f16, 0 to 1.</param>
/// <param name="TokensScored">Predictions compared.</param>
public sealed record ProfileLoss(double PerplexityIncrease, double KlDivergence, double TopOneAgreement, double Saved, int TokensScored);
