using System.Globalization;
using Inferometer.Core;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.ModelFiles.Conversion;
using Inferometer.ModelFiles.Tokenization;
using Inferometer.Runners;

namespace Inferometer.Measurement.Evaluation;

/// <summary>
/// Collects an importance matrix: the mean square of every input of every weight over a text, as llama.cpp's imatrix does. Runs steps on
/// the model it is given; the model must not run others meanwhile.
/// </summary>
public sealed class ImportanceCollector : IInputObserver
{
    private const int LongestDefaultWindow = 512;

    private readonly Dictionary<string, (double[] Sums, double[] Counts)> _sums = new(StringComparer.Ordinal);

    private ImportanceCollector()
    {
    }

    /// <summary>Runs a text through a model.</summary>
    /// <param name="model">The model, best in its original precision.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="text">The text, what the model will be used for.</param>
    /// <param name="origin">What the text is called.</param>
    /// <param name="windowTokens">Tokens of a window; 0 = the model's longest context, at most 512.</param>
    /// <param name="windows">Most windows; 0 = all that the text fills.</param>
    /// <param name="progress">Told of the share done, 0 to 1.</param>
    /// <param name="cancellationToken">Stops between windows.</param>
    /// <exception cref="InferometerException">The text does not fill one window, or the window does not fit the model.</exception>
    public static ImportanceMatrix Collect(
        TransformerModel model, Tokenizer tokenizer, string text, string origin, int windowTokens = 0, int windows = 0,
        IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(tokenizer);
        int window = windowTokens == 0 ? Math.Min(LongestDefaultWindow, model.ContextTokens) : windowTokens;
        int[] tokens = tokenizer.Encode(text, addSpecial: true);
        int count = window > model.ContextTokens ? 0 : tokens.Length / window;
        count = windows > 0 ? Math.Min(count, windows) : count;
        if (count == 0)
        {
            throw new InferometerException(string.Create(
                CultureInfo.InvariantCulture,
                $"{origin}: {tokens.Length} tokens in windows of {window} are not possible; the text must fill one, and this model takes "
                    + $"at most {model.ContextTokens}."));
        }

        ImportanceCollector collector = new();
        IInputObserver? before = model.InputObserver;
        model.InputObserver = collector;
        try
        {
            using PagedKvCache cache = model.CreateCache((window + PagedKvCache.BlockSize - 1) / PagedKvCache.BlockSize, KvElement.F16);
            int[] blocks = [.. Enumerable.Range(0, cache.BlockCount)];
            ForwardBatch batch = new();
            for (int i = 0; i < count; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                int[] piece = tokens[(i * window)..((i + 1) * window)];
                piece[0] = tokenizer.AddsBos && tokenizer.BosId is { } begin ? begin : piece[0];
                batch.Clear();
                batch.Add(piece, 0, blocks, 0);
                model.Forward(batch, cache, []);
                progress?.Report((i + 1.0) / count);
            }
        }
        finally
        {
            model.InputObserver = before;
        }

        return collector.ToMatrix(origin, count, window);
    }

    /// <inheritdoc/>
    void IInputObserver.Observe(string weight, int expert, int experts, ReadOnlySpan<float> inputs, int columns)
    {
        if (!_sums.TryGetValue(weight, out (double[] Sums, double[] Counts) entry))
        {
            entry = (new double[experts * columns], new double[experts]);
            _sums.Add(weight, entry);
        }

        Span<double> sums = entry.Sums.AsSpan(expert * columns, columns);
        for (int at = 0; at < inputs.Length; at += columns)
        {
            ReadOnlySpan<float> row = inputs.Slice(at, columns);
            for (int i = 0; i < columns; i++)
            {
                sums[i] += (double)row[i] * row[i];
            }
        }

        entry.Counts[expert] += inputs.Length / columns;
    }

    private ImportanceMatrix ToMatrix(string origin, int windows, int windowTokens) => new(
        origin,
        _sums.ToDictionary(
            pair => pair.Key,
            pair => new ImportanceEntry([.. pair.Value.Sums.Select(sum => (float)sum)],
                [.. pair.Value.Counts.Select(count => (float)count)]),
            StringComparer.Ordinal))
    {
        Texts = new EquatableList<string>([origin]),
        Windows = windows,
        WindowTokens = windowTokens,
    };
}
