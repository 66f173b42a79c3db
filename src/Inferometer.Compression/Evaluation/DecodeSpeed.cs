using System.Diagnostics;
using Inferometer.Cpu.Execution;
using Inferometer.Runners;

namespace Inferometer.Compression.Evaluation;

/// <summary>
/// Measures how fast one sequence decodes behind a context of a given length. A figure says something only on a machine that does nothing
/// else.
/// </summary>
public static class DecodeSpeed
{
    /// <summary>Tokens in a step while the context is filled.</summary>
    private const int FillTokens = 128;

    /// <summary>Fills a cache with a context, decodes some tokens to warm up, then measures.</summary>
    /// <param name="model">The model.</param>
    /// <param name="cache">A cache with room for <paramref name="contextTokens"/> + 2 <paramref name="decodeTokens"/> tokens, for one
    /// sequence and steps of 128 tokens; its contents are lost.</param>
    /// <param name="contextTokens">Tokens before the first that is measured, warm-up included.</param>
    /// <param name="decodeTokens">Tokens measured; as many are decoded before to warm up.</param>
    /// <param name="cancellationToken">Stops between steps.</param>
    /// <returns>Tokens per second.</returns>
    public static double Measure(
        TransformerModel model, KvCache cache, int contextTokens, int decodeTokens = 32, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(cache);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(decodeTokens);
        ArgumentOutOfRangeException.ThrowIfLessThan(contextTokens, decodeTokens);
        int[] blocks = [.. Enumerable.Range(0, cache.BlockCount)];
        float[] logits = new float[model.Architecture.VocabularySize];
        ForwardBatch batch = new();
        int past = 0;
        int[] tokens = new int[FillTokens];
        void Step(int count, int logitRows)
        {
            cancellationToken.ThrowIfCancellationRequested();
            for (int i = 0; i < count; i++)
            {
                tokens[i] = (past + i) * 7919 % model.Architecture.VocabularySize;
            }

            batch.Clear();
            batch.Add(tokens.AsMemory(0, count), past, blocks, logitRows);
            model.Forward(batch, cache, logits);
            past += count;
        }

        while (past < contextTokens - decodeTokens)
        {
            Step(Math.Min(FillTokens, contextTokens - decodeTokens - past), 0);
        }

        for (int i = 0; i < decodeTokens; i++)
        {
            Step(1, 1);
        }

        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < decodeTokens; i++)
        {
            Step(1, 1);
        }

        return decodeTokens / Stopwatch.GetElapsedTime(start).TotalSeconds;
    }
}
