using System.Runtime.InteropServices;

namespace Inferometer.Compression.Evaluation;

/// <summary>What turns a row of logits into probabilities.</summary>
/// <param name="LogSum">Logarithm of the sum of the logits' exponentials.</param>
/// <param name="Top">Index of the largest logit.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct LogitRow(double LogSum, int Top)
{
    public static LogitRow Of(ReadOnlySpan<float> logits)
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

        return new LogitRow(logits[top] + Math.Log(sum), top);
    }
}
