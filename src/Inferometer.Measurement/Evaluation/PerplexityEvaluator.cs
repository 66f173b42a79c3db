using System.Globalization;
using System.Numerics.Tensors;
using Inferometer.Core;
using Inferometer.ModelFiles.Tokenization;
using Inferometer.Runners;

namespace Inferometer.Measurement.Evaluation;

/// <summary>
/// How well a model predicts a text: exp of the mean negative log-likelihood of its tokens. Log-likelihoods are taken in double precision
/// from the model's
/// logits. Runs steps on the runner it is given; the runner must not run others meanwhile.
/// </summary>
/// <param name="runner">The model with a cache of at least one window.</param>
/// <param name="tokenizer">Its tokenizer.</param>
public sealed class PerplexityEvaluator(IModelRunner runner, Tokenizer tokenizer)
{
    private const int LongestDefaultWindow = 2048;
    private const int MaxChunkTokens = 512;

    // Logits of a whole window of a model with a large vocabulary would take gigabytes.
    private const int MaxChunkLogits = 1 << 24;

    /// <summary>Measures.</summary>
    /// <param name="text">The text; line ends and white space count as they are.</param>
    /// <param name="options">Windows and what counts in them.</param>
    /// <param name="progress">Told the windows done and the estimate so far, from the calling thread.</param>
    /// <param name="cancellationToken">Stops between steps.</param>
    /// <exception cref="InferometerException">The text does not fill one window, or the window does not fit the model.</exception>
    public PerplexityResult Run(
        string text, PerplexityOptions options, IProgress<PerplexityProgress>? progress = null,
            CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        ArgumentNullException.ThrowIfNull(options);
        int window = WindowOf(options);
        int[] tokens = tokenizer.Encode(text, addSpecial: false);
        bool replaces = options.Method == PerplexityMethod.SecondHalf;
        int begin = tokenizer.AddsBos ? tokenizer.BosId!.Value : -1; // that the vocabulary has one does not mean the model knows it
        int[] stream = replaces && begin >= 0 ? [begin, .. tokens] : tokens;

        // Without a begin token (none added by the tokenizer) the window holds text alone and its first token is context for the others.
        int stride = replaces || begin < 0 ? window : window - 1;
        int windows = stream.Length / stride;
        windows = options.Windows > 0 ? Math.Min(windows, options.Windows) : windows;
        if (windows == 0)
        {
            throw new InferometerException(string.Create(
                CultureInfo.InvariantCulture,
                $"The text has {tokens.Length} tokens and does not fill one window of {window}; use a longer text or a shorter window."));
        }

        int blocks = BlocksFor(window, runner.BlockSize);
        if (runner.BlockCount < blocks)
        {
            throw new InferometerException(string.Create(
                CultureInfo.InvariantCulture,
                $"Perplexity over windows of {window} tokens needs {blocks} blocks of keys and values; the runner has "
                + $"{runner.BlockCount}."));
        }

        Tally tally = new();
        int[] current = new int[window];
        for (int index = 0; index < windows; index++)
        {
            stream.AsSpan(index * stride, stride).CopyTo(current.AsSpan(window - stride));
            current[0] = begin >= 0 ? begin : current[0];
            Score(current, replaces ? (window / 2) + 1 : 1, tally, cancellationToken);
            progress?.Report(new PerplexityProgress(index + 1, windows, Math.Exp(tally.Mean)));
        }

        double perplexity = Math.Exp(tally.Mean);
        return new PerplexityResult(
            perplexity, tally.Mean, perplexity * tally.StandardErrorOfMean, tally.Count, windows, window, tokens.Length);
    }

    /// <summary>Tokens of a window: those asked for, or as many as the model and the default allow.</summary>
    /// <param name="options">What is asked for.</param>
    /// <param name="contextTokens">Longest sequence of the model.</param>
    public static int WindowOf(PerplexityOptions options, int contextTokens)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options.WindowTokens == 0 ? Math.Min(contextTokens, LongestDefaultWindow) : options.WindowTokens;
    }

    private static int BlocksFor(int tokens, int blockSize) => (tokens + blockSize - 1) / blockSize;

    private int WindowOf(PerplexityOptions options)
    {
        int longest = runner.ContextTokens;
        int window = WindowOf(options, longest);
        return window >= 2 && window <= longest && options.Windows >= 0
            ? window
            : throw new InferometerException(string.Create(
                CultureInfo.InvariantCulture,
                $"Perplexity over {options.Windows} windows of {window} tokens is not possible; this model allows windows of 2 to "
                + $"{longest} tokens."));
    }

    /// <summary>Runs a window in chunks and adds up the targets from position <paramref name="firstTarget"/> on.</summary>
    private void Score(int[] window, int firstTarget, Tally tally, CancellationToken cancellationToken)
    {
        int vocabulary = runner.Architecture.VocabularySize;
        int chunk = Math.Clamp(MaxChunkLogits / vocabulary, 1, MaxChunkTokens);
        int[] blocks = [.. Enumerable.Range(0, BlocksFor(window.Length, runner.BlockSize))];
        ForwardBatch batch = new();
        for (int start = 0; start < window.Length; start += chunk)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int count = Math.Min(chunk, window.Length - start);

            // Row i predicts token i + 1: rows before the first target are not asked for; the last row of a window predicts nothing in it.
            int rows = Math.Clamp(start + count - (firstTarget - 1), 0, count);
            batch.Clear();
            batch.Add(window.AsMemory(start, count), start, blocks, rows);
            runner.Forward(batch);
            for (int row = 0; row < rows; row++)
            {
                int target = start + count - rows + row + 1;
                if (target < window.Length)
                {
                    tally.Add(NegativeLogLikelihood(runner.Logits(row), window[target]));
                }
            }
        }
    }

    private static double NegativeLogLikelihood(ReadOnlySpan<float> logits, int target)
    {
        double max = TensorPrimitives.Max(logits), sum = 0;
        foreach (float logit in logits)
        {
            sum += Math.Exp(logit - max);
        }

        return max + Math.Log(sum) - logits[target];
    }

    /// <summary>Mean and variance as they come (Welford).</summary>
    private sealed class Tally
    {
        private double _squares;

        public long Count { get; private set; }

        public double Mean { get; private set; }

        public double StandardErrorOfMean => Count < 2 ? double.NaN : Math.Sqrt(_squares / (Count - 1) / Count);

        public void Add(double value)
        {
            double difference = value - Mean;
            Mean += difference / ++Count;
            _squares += difference * (value - Mean);
        }
    }
}

/// <summary>How far a perplexity run has come.</summary>
/// <param name="WindowsDone">Windows done.</param>
/// <param name="Windows">Windows in all.</param>
/// <param name="PerplexitySoFar">Over the windows done.</param>
[System.Runtime.InteropServices.StructLayout(System.Runtime.InteropServices.LayoutKind.Auto)]
public readonly record struct PerplexityProgress(int WindowsDone, int Windows, double PerplexitySoFar);
