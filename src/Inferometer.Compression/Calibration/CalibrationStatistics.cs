using Inferometer.Core;
using Inferometer.Core.Models;
using Inferometer.Inference.Execution;
using Inferometer.Inference.Kernels.Attention;
using Inferometer.Inference.Rotary;
using MathNet.Numerics.LinearAlgebra;

namespace Inferometer.Compression.Calibration;

/// <summary>
/// What a model's queries, keys and values look like over a text, per layer and KV head: means and second moments, keys and queries before their rotation.
/// Collected while the model runs; read afterwards. Not thread-safe.
/// </summary>
public sealed class CalibrationStatistics : IAttentionObserver
{
    /// <summary>Distances between query and key over which the query's importance is averaged.</summary>
    private const int SampledDistances = 64;

    private readonly TransformerModel _model;
    private readonly AttentionMixer[] _mixers;
    private readonly MomentAccumulator[][] _queries;
    private readonly MomentAccumulator[][] _keys;
    private readonly MomentAccumulator[][] _values;

    private CalibrationStatistics(TransformerModel model)
    {
        _model = model;
        _mixers = [.. model.Architecture.Layers.Select(layer => (AttentionMixer)layer.Mixer!)];
        _queries = [.. _mixers.Select(mixer => Accumulators(mixer.KvHeads, mixer.HeadDim))];
        _keys = [.. _mixers.Select(mixer => Accumulators(mixer.KvHeads, mixer.HeadDim))];
        _values = [.. _mixers.Select(mixer => Accumulators(mixer.KvHeads, mixer.ValueHeadDim))];
    }

    /// <summary>Tokens seen.</summary>
    public long Tokens => _keys[0][0].Count;

    /// <summary>Runs the model over windows of a text and collects.</summary>
    /// <param name="model">The model; its observer is taken for the time of the run.</param>
    /// <param name="windows">Token windows, each a sequence of its own, no longer than the model's context.</param>
    /// <param name="progress">Told of the share done, 0 to 1, from the calling thread.</param>
    /// <param name="cancellationToken">Stops between windows.</param>
    /// <exception cref="InferometerException">There are no windows.</exception>
    public static CalibrationStatistics Collect(
        TransformerModel model, IReadOnlyList<int[]> windows, IProgress<double>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(windows);
        if (windows.Count == 0)
        {
            throw new InferometerException("calibration needs at least one window of text.");
        }

        CalibrationStatistics statistics = new(model);
        IAttentionObserver? before = model.Observer;
        model.Observer = statistics;
        try
        {
            using KvCache cache = model.CreateCache((windows.Max(window => window.Length) + KvCache.BlockSize - 1) / KvCache.BlockSize, KvElement.F32);
            int[] blocks = [.. Enumerable.Range(0, cache.BlockCount)];
            ForwardBatch batch = new();
            for (int i = 0; i < windows.Count; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                batch.Clear();
                batch.Add(windows[i], 0, blocks, 0);
                model.Forward(batch, cache, []);
                progress?.Report((i + 1.0) / windows.Count);
            }
        }
        finally
        {
            model.Observer = before;
        }

        return statistics;
    }

    /// <inheritdoc/>
    void IAttentionObserver.Observe(int layer, ReadOnlySpan<int> positions, ReadOnlySpan<float> queries, ReadOnlySpan<float> keys, ReadOnlySpan<float> values)
    {
        AttentionMixer mixer = _mixers[layer];
        RotaryEmbedding rotary = _model.RotaryOf(layer);
        float[] row = new float[Math.Max(mixer.Heads, mixer.KvHeads) * mixer.HeadDim];
        for (int token = 0; token < positions.Length; token++)
        {
            int group = mixer.Heads / mixer.KvHeads;
            Add(rotary, positions[token], queries.Slice(token * mixer.Heads * mixer.HeadDim, mixer.Heads * mixer.HeadDim), row, _queries[layer], mixer.HeadDim, group);
            Add(rotary, positions[token], keys.Slice(token * mixer.KvHeads * mixer.HeadDim, mixer.KvHeads * mixer.HeadDim), row, _keys[layer], mixer.HeadDim, 1);
            for (int head = 0; head < mixer.KvHeads; head++)
            {
                _values[layer][head].Add(values.Slice((token * mixer.KvHeads + head) * mixer.ValueHeadDim, mixer.ValueHeadDim));
            }
        }
    }

    internal Vector<double> KeyMean(int layer, int head) => _keys[layer][head].Mean();

    internal Matrix<double> KeyCovariance(int layer, int head) => _keys[layer][head].Covariance();

    internal Vector<double> ValueMean(int layer, int head) => _values[layer][head].Mean();

    internal Matrix<double> ValueCovariance(int layer, int head) => _values[layer][head].Covariance();

    /// <summary>
    /// How much an error of a key before its rotation matters: E over queries q of the head's group and distances d of R_d q q^T R_d^T, times the square of the
    /// scores' scale. An error e of a key changes a score by e^T S e in the mean square.
    /// </summary>
    internal Matrix<double> KeyImportance(int layer, int head)
    {
        AttentionMixer mixer = _mixers[layer];
        RotaryEmbedding rotary = _model.RotaryOf(layer);
        Matrix<double> moment = _queries[layer][head].SecondMoment();
        Matrix<double> sum = Matrix<double>.Build.Dense(mixer.HeadDim, mixer.HeadDim);
        int step = Math.Max(1, _model.ContextTokens / SampledDistances);
        float[] column = new float[mixer.HeadDim];
        int samples = 0;
        for (int distance = step / 2; distance < _model.ContextTokens; distance += step, samples++)
        {
            Matrix<double> rotation = Matrix<double>.Build.Dense(mixer.HeadDim, mixer.HeadDim);
            for (int i = 0; i < column.Length; i++)
            {
                Array.Clear(column);
                column[i] = 1;
                rotary.Rotate(column, distance);
                rotation.SetColumn(i, [.. column.Select(value => (double)value)]);
            }

            sum += rotation * moment * rotation.Transpose();
        }

        double scale = mixer.ScoreScale != 0 ? mixer.ScoreScale : 1 / Math.Sqrt(mixer.HeadDim);
        return sum * (scale * scale / samples);
    }

    /// <summary>How much an error of a value matters: the sum over the query heads of the group of W_h^T W_h, W_h being the head's columns of the output projection.</summary>
    internal Matrix<double> ValueImportance(int layer, int head, float[] output)
    {
        AttentionMixer mixer = _mixers[layer];
        int group = mixer.Heads / mixer.KvHeads, width = mixer.ValueHeadDim, columns = mixer.Heads * width;
        Matrix<double> sum = Matrix<double>.Build.Dense(width, width);
        for (int member = head * group; member < (head + 1) * group; member++)
        {
            int first = member * width;
            Matrix<double> part = Matrix<double>.Build.Dense(output.Length / columns, width, (row, column) => output[row * columns + first + column]);
            sum += part.TransposeThisAndMultiply(part);
        }

        return sum;
    }

    private static MomentAccumulator[] Accumulators(int heads, int width) => [.. Enumerable.Range(0, heads).Select(_ => new MomentAccumulator(width))];

    private static void Add(RotaryEmbedding rotary, int position, ReadOnlySpan<float> heads, float[] row, MomentAccumulator[] targets, int width, int group)
    {
        Span<float> copy = row.AsSpan(0, heads.Length);
        heads.CopyTo(copy);
        rotary.Unrotate(copy, position);
        for (int head = 0; head < heads.Length / width; head++)
        {
            targets[head / group].Add(copy.Slice(head * width, width));
        }
    }
}
