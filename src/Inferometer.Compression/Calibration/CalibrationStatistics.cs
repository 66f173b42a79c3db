using Inferometer.Core;
using Inferometer.Core.Models;
using Inferometer.Cpu.Execution;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Cpu.Rotary;
using Inferometer.Runners;
using MathNet.Numerics.LinearAlgebra;

namespace Inferometer.Compression.Calibration;

/// <summary>
/// What a model's queries, keys and values look like over a text: means and second moments, of queries per KV head, of keys and values per
/// group of heads that share latents; keys and queries before their rotation. Collected while the model runs; read afterwards. Not
/// thread-safe. </summary>
public sealed class CalibrationStatistics : IAttentionObserver
{
    /// <summary>Distances between query and key over which the query's importance is averaged.</summary>
    private const int SampledDistances = 64;

    private readonly TransformerModel _model;
    private readonly AttentionMixer[] _mixers;
    private readonly MomentAccumulator[][] _queries;
    private readonly MomentAccumulator[][] _keys;
    private readonly MomentAccumulator[][] _values;

    private CalibrationStatistics(TransformerModel model, int headGroupSize)
    {
        _model = model;
        HeadGroupSize = headGroupSize;
        HeadGroups.RequireHeads(model.Architecture);
        _mixers = [.. model.Architecture.Layers.Select(layer => (AttentionMixer)layer.Mixer!)];
        _queries = [.. _mixers.Select(mixer => Accumulators(mixer.KvHeads, mixer.HeadDim))];
        _keys = [.. _mixers.Select(mixer => Accumulators(mixer.KvHeads / headGroupSize, headGroupSize * mixer.HeadDim))];
        _values = [.. _mixers.Select(mixer => Accumulators(mixer.KvHeads / headGroupSize, headGroupSize * mixer.ValueHeadDim))];
    }

    /// <summary>Neighbouring KV heads whose keys and values are looked at together.</summary>
    public int HeadGroupSize { get; }

    /// <summary>Tokens seen.</summary>
    public long Tokens => _keys[0][0].Count;

    /// <summary>Runs the model over windows of a text and collects.</summary>
    /// <param name="model">The model; its observer is taken for the time of the run.</param>
    /// <param name="windows">Token windows, each a sequence of its own, no longer than the model's context.</param>
    /// <param name="headGroupSize">KV heads that share latents: 1, 2 or 4; must divide those of every layer.</param>
    /// <param name="progress">Told of the share done, 0 to 1, from the calling thread.</param>
    /// <param name="cancellationToken">Stops between windows.</param>
    /// <exception cref="InferometerException">There are no windows, or the model's KV heads cannot be grouped so.</exception>
    public static CalibrationStatistics Collect(
        TransformerModel model, IReadOnlyList<int[]> windows, int headGroupSize = 1, IProgress<double>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(windows);
        if (windows.Count == 0)
        {
            throw new InferometerException("calibration needs at least one window of text.");
        }

        HeadGroups.Require(model.Architecture, headGroupSize);
        CalibrationStatistics statistics = new(model, headGroupSize);
        IAttentionObserver? before = model.Observer;
        model.Observer = statistics;
        try
        {
            using KvCache cache = model.CreateCache(
                (windows.Max(window => window.Length) + KvCache.BlockSize - 1) / KvCache.BlockSize, KvElement.F32);
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
    void IAttentionObserver.Observe(
        int layer, ReadOnlySpan<int> positions, ReadOnlySpan<float> queries, ReadOnlySpan<float> keys, ReadOnlySpan<float> values)
    {
        AttentionMixer mixer = _mixers[layer];
        RotaryEmbedding rotary = _model.RotaryOf(layer);
        Span<float> row = stackalloc float[Math.Max(mixer.Heads, mixer.KvHeads) * mixer.HeadDim];
        int queryWidth = mixer.Heads * mixer.HeadDim, keyWidth = mixer.KvHeads * mixer.HeadDim,
            valueWidth = mixer.KvHeads * mixer.ValueHeadDim;
        for (int token = 0; token < positions.Length; token++)
        {
            Unrotated(queries.Slice(token * queryWidth, queryWidth), row[..queryWidth], positions[token]);
            Add(row[..queryWidth], _queries[layer], mixer.HeadDim);
            Unrotated(keys.Slice(token * keyWidth, keyWidth), row[..keyWidth], positions[token]);
            Add(row[..keyWidth], _keys[layer], HeadGroupSize * mixer.HeadDim);
            Add(values.Slice(token * valueWidth, valueWidth), _values[layer], HeadGroupSize * mixer.ValueHeadDim);
        }

        void Unrotated(ReadOnlySpan<float> heads, Span<float> copy, int position)
        {
            heads.CopyTo(copy);
            rotary.Unrotate(copy, position);
        }
    }

    /// <summary>Bases of a layer's head groups.</summary>
    /// <param name="layer">Layer.</param>
    /// <param name="output">Its output projection, [hidden, heads x value width].</param>
    internal IReadOnlyList<GroupBases> Bases(int layer, float[] output)
    {
        var groups = new GroupBases[_keys[layer].Length];
        Parallel.For(0, groups.Length, group =>
        {
            IEnumerable<int> heads = Enumerable.Range(group * HeadGroupSize, HeadGroupSize);
            MomentAccumulator keys = _keys[layer][group], values = _values[layer][group];
            groups[group] = new GroupBases(
                WeightedBasis.Of(keys.Mean(), keys.Covariance(), [.. heads.Select(head => KeyImportance(layer, head))]),
                WeightedBasis.Of(values.Mean(), values.Covariance(), [.. heads.Select(head => ValueImportance(layer, head, output))]));
        });
        return groups;
    }

    /// <summary>
    /// How much an error of a key before its rotation matters: E over queries q of the head's group and distances d of R_d q q^T R_d^T,
    /// times the square of the scores' scale. An error e of a key changes a score by e^T S e in the mean square. </summary>
    private Matrix<double> KeyImportance(int layer, int head)
    {
        AttentionMixer mixer = _mixers[layer];
        RotaryEmbedding rotary = _model.RotaryOf(layer);
        int width = mixer.HeadDim, step = Math.Max(1, _model.ContextTokens / SampledDistances), samples = 0;
        Matrix<double> moment = _queries[layer][head].SecondMoment();
        Matrix<double> sum = Matrix<double>.Build.Dense(width, width);
        float[] rows = new float[width * width], turned = new float[rows.Length];
        for (int distance = step / 2; distance < _model.ContextTokens; distance += step, samples++)
        {
            // Rows of a symmetric matrix rotated, then rows of the transpose: the rotation on both sides.
            for (int i = 0; i < rows.Length; i++)
            {
                rows[i] = (float)moment[i / width, i % width];
            }

            rotary.Rotate(rows, distance);
            for (int i = 0; i < rows.Length; i++)
            {
                turned[i] = rows[i % width * width + i / width];
            }

            rotary.Rotate(turned, distance);
            sum += Matrix<double>.Build.Dense(width, width, (row, column) => turned[row * width + column]);
        }

        double scale = mixer.ScoreScale != 0 ? mixer.ScoreScale : 1 / Math.Sqrt(width);

        // Rounding leaves the two triangles a little apart.
        return (sum + sum.Transpose()) * (0.5 * scale * scale / samples);
    }

    /// <summary>
    /// How much an error of a value matters: the sum over the query heads of the group of W_h^T W_h, W_h being the head's columns of the
    /// output projection.
    /// </summary>
    private Matrix<double> ValueImportance(int layer, int head, float[] output)
    {
        AttentionMixer mixer = _mixers[layer];
        int group = mixer.Heads / mixer.KvHeads, width = mixer.ValueHeadDim, columns = mixer.Heads * width;
        Matrix<double> sum = Matrix<double>.Build.Dense(width, width);
        for (int member = head * group; member < (head + 1) * group; member++)
        {
            int first = member * width;
            Matrix<double> part = Matrix<double>.Build.Dense(
                output.Length / columns, width, (row, column) => output[row * columns + first + column]);
            sum += part.TransposeThisAndMultiply(part);
        }

        return sum;
    }

    private static MomentAccumulator[] Accumulators(int heads, int width) =>
        [.. Enumerable.Range(0, heads).Select(_ => new MomentAccumulator(width))];

    // Heads that lie side by side and have one target between them are added to it in turn; wider targets take several heads as one vector.
    private static void Add(ReadOnlySpan<float> heads, MomentAccumulator[] targets, int width)
    {
        int vectors = heads.Length / width;
        for (int i = 0; i < vectors; i++)
        {
            targets[i * targets.Length / vectors].Add(heads.Slice(i * width, width));
        }
    }
}
