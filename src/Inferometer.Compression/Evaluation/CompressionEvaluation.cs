using Inferometer.Compression.Cache;
using Inferometer.Core;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Runners;

namespace Inferometer.Compression.Evaluation;

/// <summary>Runs a model over a text with the exact cache and with others side by side, and compares what it predicts.</summary>
/// <remarks>
/// All caches see the same steps: few tokens at a time, so that blocks age and are read compressed as they are in a conversation, not all
/// at once as in a prompt that is one step. One evaluation at a time per model. </remarks>
public static class CompressionEvaluation
{
    /// <summary>
    /// Tokens of a window in one step: a block, the coarsest step at which every block is compressed as soon as it leaves the recent
    /// window.
    /// </summary>
    private const int StepTokens = KvCache.BlockSize;

    /// <summary>Measures each compression against the exact f16 cache.</summary>
    /// <param name="model">The model.</param>
    /// <param name="windows">Token windows of equal length, each a sequence of its own; see <see cref="TextWindows"/>.</param>
    /// <param name="compressions">What to measure.</param>
    /// <param name="progress">Told of the share done, 0 to 1, from the calling thread.</param>
    /// <param name="cancellationToken">Stops between steps.</param>
    /// <exception cref="InferometerException">There are no windows, or they are of unequal length or longer than the model's
    /// context.</exception>
    public static IReadOnlyList<CacheQuality> Measure(
        TransformerModel model, IReadOnlyList<int[]> windows, IReadOnlyList<KvCompression> compressions, IProgress<double>? progress = null,
        CancellationToken cancellationToken = default) =>
        Measure(model, windows, compressions, StepTokens, progress, cancellationToken);

    /// <summary>Measures with steps of another length, a multiple of 16.</summary>
    internal static IReadOnlyList<CacheQuality> Measure(
        TransformerModel model, IReadOnlyList<int[]> windows, IReadOnlyList<KvCompression> compressions, int stepTokens,
        IProgress<double>? progress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(windows);
        ArgumentNullException.ThrowIfNull(compressions);
        if (windows.Count == 0 || windows.Any(window => window.Length != windows[0].Length) || windows[0].Length < 2
            || windows[0].Length > model.ContextTokens)
        {
            throw new InferometerException(
                $"evaluation needs windows of one length from 2 to {model.ContextTokens} tokens; {windows.Count} were given.");
        }

        int blocks = (windows[0].Length + KvCache.BlockSize - 1) / KvCache.BlockSize;
        using KvCache exact = model.CreateCache(blocks * windows.Count, KvElement.F16);
        List<KvCache> caches = [];
        try
        {
            caches.AddRange(compressions.Select(compression =>
                compression.CreateCache(blocks * windows.Count, windows.Count, stepTokens * windows.Count)));
            PredictionDifference[] differences = [.. compressions.Select(_ => new PredictionDifference())];
            Run(model, windows, [exact, .. caches], differences, stepTokens, progress, cancellationToken);
            double exactBytes = (double)PagedKvCache.BytesPerBlock(model.Architecture) / KvCache.BlockSize;
            return
            [
                .. compressions.Select((compression, i) =>
                    differences[i].ToQuality(compression.Name, compression.BytesPerToken, exactBytes, caches[i].MemoryBytes)),
            ];
        }
        finally
        {
            caches.ForEach(cache => cache.Dispose());
        }
    }

    // The first cache is the exact one.
    private static void Run(
        TransformerModel model, IReadOnlyList<int[]> windows, KvCache[] caches, PredictionDifference[] differences, int stepTokens,
        IProgress<double>? progress, CancellationToken cancellationToken)
    {
        int length = windows[0].Length, vocabulary = model.Architecture.VocabularySize;
        int blocks = (length + KvCache.BlockSize - 1) / KvCache.BlockSize;
        int[][] tables = [.. windows.Select((_, i) => Enumerable.Range(i * blocks, blocks).ToArray())];
        float[] expected = new float[stepTokens * windows.Count * vocabulary], actual = new float[expected.Length];
        ForwardBatch batch = new();
        for (int past = 0; past < length; past += stepTokens)
        {
            int count = Math.Min(stepTokens, length - past);
            batch.Clear();
            for (int i = 0; i < windows.Count; i++)
            {
                batch.Add(windows[i].AsMemory(past, count), past, tables[i], count);
            }

            // The last token of a window has no successor to predict.
            int[] targets =
            [
                .. windows.SelectMany(window => Enumerable.Range(past + 1, count).Select(next => next < window.Length ? window[next] : -1)),
            ];
            ExactPredictions? exact = null;
            for (int i = 0; i < caches.Length; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                model.Forward(batch, caches[i], exact is null ? expected : actual);
                if (exact is null)
                {
                    exact = new ExactPredictions(expected, vocabulary, targets);
                }
                else
                {
                    differences[i - 1].Add(exact, actual);
                }

                progress?.Report((past + (double)count * (i + 1) / caches.Length) / length);
            }
        }
    }
}
