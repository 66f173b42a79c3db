using System.Numerics.Tensors;
using Inferometer.Core.Models;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Cpu.Weights;

namespace Inferometer.Cpu.Execution;

/// <summary>
/// The attention part of a layer: projections over all tokens together, norm and rotation of heads, the cache, and attention per sequence.
/// </summary>
internal sealed class AttentionBlock
{
    private readonly StepContext _step;
    private readonly LoadedModel _model;
    private readonly CacheAttention _attention;
    private readonly float _epsilon;
    private readonly float[]? _slopes;
    private readonly Action<int> _prepareRow;
    private readonly Action<int> _gateRow;
    private KvCache? _cache;
    private IAttentionObserver? _observer;
    private AttentionMixer? _mixer;
    private AttentionWeights? _weights;
    private int _layer;

    public AttentionBlock(StepContext step, LoadedModel model, CacheAttention attention)
    {
        (_step, _model, _attention) = (step, model, attention);
        _epsilon = (float)model.Architecture.NormEpsilon;
        _slopes = model.Architecture is { Position: PositionKind.Alibi, Layers: [{ Mixer: AttentionMixer { Heads: var heads } }, ..] }
            ? AlibiSlopes.Of(heads)
            : null;
        _prepareRow = PrepareRow;
        _gateRow = GateRow;
    }

    /// <summary>Computes what all layers of a step share.</summary>
    public void BeginStep(KvCache cache, IAttentionObserver? observer)
    {
        (_cache, _observer) = (cache, observer);
        _model.Rotary.Set(_step.Layout.Positions);
    }

    /// <summary>Writes the part's output for each row of <see cref="Workspace.Normed"/> to <see cref="Workspace.BlockOutput"/>.</summary>
    public void Run(int layer, AttentionMixer mixer, AttentionWeights weights)
    {
        (_layer, _mixer, _weights) = (layer, mixer, weights);
        _step.MultiplyAttentionInputs(weights);
        _step.ForEachRow(_prepareRow, _step.TokenCount);
        if (!mixer.ReusesCache)
        {
            _observer?.Observe(
                layer, _step.Layout.Positions, Rows(_step.Workspace.Query, mixer.Heads * mixer.HeadDim),
                Rows(_step.Workspace.Key, mixer.KvHeads * mixer.HeadDim), Rows(_step.Workspace.Value, mixer.KvHeads * mixer.ValueHeadDim));
        }

        Attend();
        if (weights.Gate is not null)
        {
            _step.Multiply(weights.Gate, _step.Workspace.Normed, _step.Workspace.Query, _step.TokenCount);
            _step.ForEachRow(_gateRow, _step.TokenCount);
        }

        _step.Multiply(weights.Output, _step.Workspace.Attended, _step.Workspace.BlockOutput, _step.TokenCount);
    }

    private ReadOnlySpan<float> Rows(float[] rows, int width) => rows.AsSpan(0, _step.TokenCount * width);

    private void Attend()
    {
        AttentionMixer mixer = _mixer!;
        int stored = _model.CacheLayerOf(_layer);
        AttentionParameters parameters = new()
        {
            Heads = mixer.Heads,
            KvHeads = _cache!.LayoutOf(stored).KvHeads,
            KeyDim = mixer.HeadDim,
            ValueDim = mixer.ValueHeadDim,
            Scale = mixer.ScoreScale != 0 ? (float)mixer.ScoreScale : 1 / MathF.Sqrt(mixer.HeadDim),
            Window = mixer.WindowTokens,
            Chunk = mixer.ChunkTokens,
            Softcap = (float)mixer.ScoreSoftcap,
            Sinks = _weights!.Sinks,
            SeesAhead = _model.Architecture.IsEncoder,
            Slopes = _slopes,
        };
        _attention.Run(_cache, stored, parameters, _step.Workspace.Query, _step.Workspace.Attended);
    }

    private void PrepareRow(int row)
    {
        AttentionMixer mixer = _mixer!;
        Workspace work = _step.Workspace;
        int queries = mixer.Heads * mixer.HeadDim, keys = mixer.KvHeads * mixer.HeadDim, values = mixer.KvHeads * mixer.ValueHeadDim;
        Span<float> query = work.Query.AsSpan(row * queries, queries);
        if (mixer.ReusesCache)
        {
            PrepareQuery(query, row, mixer);
            return;
        }

        Span<float> key = work.Key.AsSpan(row * keys, keys);
        Span<float> value = work.Value.AsSpan(row * values, values);
        if (mixer.QkvClip > 0)
        {
            float clip = (float)mixer.QkvClip;
            TensorPrimitives.Clamp(query, -clip, clip, query);
            TensorPrimitives.Clamp(key, -clip, clip, key);
            TensorPrimitives.Clamp(value, -clip, clip, value);
        }

        PrepareQuery(query, row, mixer);
        Prepare(key, row, mixer, _weights!.KeyNorm);
        if (mixer.ValueNorm)
        {
            NormValues(value, mixer.ValueHeadDim);
        }

        if (_cache!.GroupedHeads)
        {
            _cache.Store(_model.CacheLayerOf(_layer), _step.Layout.Slots[row], key, value);
        }
        else
        {
            StoreExpanded(row, key, value, mixer);
        }
    }

    private void PrepareQuery(Span<float> query, int row, AttentionMixer mixer)
    {
        Prepare(query, row, mixer, _weights!.QueryNorm);
        if (mixer.TemperatureScale > 0)
        {
            int steps = (_step.Layout.Positions[row] + mixer.TemperatureOffset) / mixer.TemperatureTokens;
            TensorPrimitives.Multiply(query, 1 + ((float)mixer.TemperatureScale * MathF.Log(1 + steps)), query);
        }
    }

    private void Prepare(Span<float> heads, int row, AttentionMixer mixer, HeadNorm? norm)
    {
        if (!mixer.QkNormAfterRope)
        {
            norm?.Apply(heads, mixer.HeadDim, _epsilon);
        }

        if (mixer.Rope is not null)
        {
            _model.Rotate(heads, mixer.HeadDim, _layer, row, mixer.Rope.Interleaved);
        }

        if (mixer.QkNormAfterRope)
        {
            norm?.Apply(heads, mixer.HeadDim, _epsilon);
        }
    }

    private void NormValues(Span<float> values, int width)
    {
        for (int start = 0; start < values.Length; start += width)
        {
            Span<float> head = values.Slice(start, width);
            TensorPrimitives.Multiply(head, 1 / MathF.Sqrt((TensorPrimitives.SumOfSquares<float>(head) / width) + _epsilon), head);
        }
    }

    // The queries are not needed any more: their room holds the gates.
    private void GateRow(int row)
    {
        int width = _mixer!.Heads * _mixer.ValueHeadDim;
        Span<float> gates = _step.Workspace.Query.AsSpan(row * width, width);
        Span<float> attended = _step.Workspace.Attended.AsSpan(row * width, width);
        TensorPrimitives.Sigmoid(gates, gates);
        TensorPrimitives.Multiply(attended, gates, attended);
    }

    // Each query head gets its own copy of its group's key and value: what grouping saves.
    private void StoreExpanded(int row, ReadOnlySpan<float> key, ReadOnlySpan<float> value, AttentionMixer mixer)
    {
        Span<float> keys = stackalloc float[mixer.Heads * mixer.HeadDim];
        Span<float> values = stackalloc float[mixer.Heads * mixer.ValueHeadDim];
        for (int head = 0; head < mixer.Heads; head++)
        {
            int shared = head / (mixer.Heads / mixer.KvHeads);
            key.Slice(shared * mixer.HeadDim, mixer.HeadDim).CopyTo(keys[(head * mixer.HeadDim)..]);
            value.Slice(shared * mixer.ValueHeadDim, mixer.ValueHeadDim).CopyTo(values[(head * mixer.ValueHeadDim)..]);
        }

        _cache!.Store(_model.CacheLayerOf(_layer), _step.Layout.Slots[row], keys, values);
    }
}
