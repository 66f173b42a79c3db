using System.Runtime.InteropServices;

namespace Inferometer.Compression.Evaluation;

/// <summary>Adds up how predictions from a cache differ from those of the exact one, in double precision. Not thread-safe.</summary>
internal sealed class PredictionDifference
{
    private double _loss;
    private double _exactLoss;
    private double _divergence;
    private int _agreements;
    private int _count;

    /// <summary>Compares the predictions of a step.</summary>
    /// <param name="exact">With the exact cache.</param>
    /// <param name="logits">With the other, [rows, vocabulary].</param>
    public void Add(ExactPredictions exact, float[] logits)
    {
        var rows = new Row[exact.Targets.Length];
        Parallel.For(
            0, rows.Length,
            row => rows[row] = exact.Targets[row] < 0
                ? default
                : Compare(exact, row, logits.AsSpan(row * exact.Vocabulary, exact.Vocabulary)));

        // Added in order, so that sums do not depend on the threads.
        for (int row = 0; row < rows.Length; row++)
        {
            if (exact.Targets[row] < 0)
            {
                continue;
            }

            _loss += rows[row].Loss;
            _exactLoss += exact.Rows[row].LogSum - exact.Logits(row)[exact.Targets[row]];
            _divergence += rows[row].Divergence;
            _agreements += rows[row].Agrees ? 1 : 0;
            _count++;
        }
    }

    public CacheQuality ToQuality(string name, double bytesPerToken, double exactBytesPerToken, long cacheBytes) => new(
        name, Math.Exp(_loss / _count), Math.Exp(_exactLoss / _count), _divergence / _count, (double)_agreements / _count, bytesPerToken,
        exactBytesPerToken, cacheBytes, _count);

    private static Row Compare(ExactPredictions exact, int row, ReadOnlySpan<float> other)
    {
        LogitRow found = LogitRow.Of(other), expected = exact.Rows[row];
        ReadOnlySpan<float> logits = exact.Logits(row);
        double divergence = 0;
        for (int i = 0; i < logits.Length; i++)
        {
            double logProbability = logits[i] - expected.LogSum;
            divergence += Math.Exp(logProbability) * (logProbability - (other[i] - found.LogSum));
        }

        return new Row(found.LogSum - other[exact.Targets[row]], divergence, found.Top == expected.Top);
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Row(double Loss, double Divergence, bool Agrees);
}
