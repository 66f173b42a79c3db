namespace Inferometer.Compression.Evaluation;

/// <summary>What a cache does to a model's predictions of a text, measured by running the model over it.</summary>
/// <param name="Name">The cache.</param>
/// <param name="Perplexity">Perplexity with this cache.</param>
/// <param name="ExactPerplexity">Perplexity with the exact f16 cache, in the same run.</param>
/// <param name="KlDivergence">Mean Kullback-Leibler divergence of the predictions from those with the exact cache, nats per token.</param>
/// <param name="TopOneAgreement">Share of tokens for which both caches give the same most probable token, 0 to 1.</param>
/// <param name="BytesPerToken">Bytes of a compressed token over all layers, scales included.</param>
/// <param name="ExactBytesPerToken">Bytes of an exact f16 token.</param>
/// <param name="CacheBytes">Memory the cache held for this run, exact and compressed pages.</param>
/// <param name="TokensScored">Predictions that were compared.</param>
public sealed record CacheQuality(
    string Name, double Perplexity, double ExactPerplexity, double KlDivergence, double TopOneAgreement, double BytesPerToken,
    double ExactBytesPerToken, long CacheBytes, int TokensScored)
{
    /// <summary>Relative increase of perplexity; 0.01 is one percent.</summary>
    public double PerplexityIncrease => Perplexity / ExactPerplexity - 1;

    /// <summary>Memory saved per compressed token, 0 to 1.</summary>
    public double Saved => 1 - BytesPerToken / ExactBytesPerToken;
}
