namespace Inferometer.Compression.Evaluation;

/// <summary>Adds up how predictions from two caches differ, in double precision. Not thread-safe.</summary>
internal sealed class PredictionDifference
{
    private double _loss;
    private double _exactLoss;
    private double _divergence;
    private int _agreements;
    private int _count;

    /// <summary>Compares the predictions of one token.</summary>
    /// <param name="exact">Logits with the exact cache.</param>
    /// <param name="other">Logits with the other.</param>
    /// <param name="target">The token that followed.</param>
    public void Add(ReadOnlySpan<float> exact, ReadOnlySpan<float> other, int target)
    {
        (double exactNormaliser, int exactTop) = Normaliser(exact);
        (double otherNormaliser, int otherTop) = Normaliser(other);
        double divergence = 0;
        for (int i = 0; i < exact.Length; i++)
        {
            double logProbability = exact[i] - exactNormaliser;
            divergence += Math.Exp(logProbability) * (logProbability - (other[i] - otherNormaliser));
        }

        _divergence += divergence;
        _exactLoss += exactNormaliser - exact[target];
        _loss += otherNormaliser - other[target];
        _agreements += exactTop == otherTop ? 1 : 0;
        _count++;
    }

    public CacheQuality ToQuality(string name, double bytesPerToken, double exactBytesPerToken, long cacheBytes) => new(
        name, Math.Exp(_loss / _count), Math.Exp(_exactLoss / _count), _divergence / _count, (double)_agreements / _count, bytesPerToken, exactBytesPerToken, cacheBytes, _count);

    // log of the sum of exponentials, and the index of the largest logit.
    private static (double Normaliser, int Top) Normaliser(ReadOnlySpan<float> logits)
    {
        int top = 0;
        for (int i = 1; i < logits.Length; i++)
        {
            top = logits[i] > logits[top] ? i : top;
        }

        double sum = 0;
        foreach (float logit in logits)
        {
            sum += Math.Exp(logit - logits[top]);
        }

        return (logits[top] + Math.Log(sum), top);
    }
}
