using Inferometer.Core.Models;
using Inferometer.Inference.Kernels.Elementwise;
using Inferometer.Inference.Weights;

namespace Inferometer.Inference.Execution;

/// <summary>The attention part of a layer: projections over all tokens together, norm and rotation of heads, the cache, and attention per sequence.</summary>
internal sealed class AttentionBlock
{
    private readonly StepContext _step;
    private readonly LoadedModel _model;
    private readonly ForwardStatistics _statistics;
    private readonly bool _flash;
    private readonly float _epsilon;
    private readonly StandardAttention _standard;
    private readonly Action<int> _prepareRow;
    private PagedKvCache? _cache;
    private AttentionMixer? _mixer;
    private AttentionWeights? _weights;
    private int _layer;

    public AttentionBlock(StepContext step, LoadedModel model, ForwardOptions options, ForwardStatistics statistics)
    {
        _step = step;
        _model = model;
        _statistics = statistics;
        _flash = options.FlashAttention;
        _epsilon = (float)model.Architecture.NormEpsilon;
        _standard = new StandardAttention(step);
        _prepareRow = PrepareRow;
    }

    /// <summary>Computes what all layers of a step share.</summary>
    public void BeginStep(PagedKvCache cache)
    {
        _cache = cache;
        _model.Rotary.Set(_step.Layout.Positions);
    }

    /// <summary>Writes the part's output for each row of <see cref="Workspace.Normed"/> to <see cref="Workspace.BlockOutput"/>.</summary>
    public void Run(int layer, AttentionMixer mixer, AttentionWeights weights)
    {
        (_layer, _mixer, _weights) = (layer, mixer, weights);
        _step.MultiplyAttentionInputs(weights);
        _step.ForEachRow(_prepareRow, _step.TokenCount);
        _standard.Run(_cache!, layer, mixer);
        _statistics.CountStandardAttention();
        _step.Multiply(weights.Output, _step.Workspace.Attended, _step.Workspace.BlockOutput, _step.TokenCount);
    }

    private void PrepareRow(int row)
    {
        AttentionMixer mixer = _mixer!;
        Workspace work = _step.Workspace;
        int queries = mixer.Heads * mixer.HeadDim, keys = mixer.KvHeads * mixer.HeadDim, values = mixer.KvHeads * mixer.ValueHeadDim;
        Span<float> query = work.Query.AsSpan(row * queries, queries);
        Span<float> key = work.Key.AsSpan(row * keys, keys);
        if (_weights!.QueryNorm is not null)
        {
            RmsNorm.ApplyRows(query, _weights.QueryNorm, _epsilon, query);
            RmsNorm.ApplyRows(key, _weights.KeyNorm, _epsilon, key);
        }

        Rotate(query, row, mixer);
        Rotate(key, row, mixer);
        _cache!.Store(_layer, _step.Layout.Slots[row], key, work.Value.AsSpan(row * values, values));
    }

    private void Rotate(Span<float> heads, int row, AttentionMixer mixer)
    {
        int rope = _model.RopeOf(_layer);
        ReadOnlySpan<float> cosines = _model.Rotary.Cosines(rope, row), sines = _model.Rotary.Sines(rope, row);
        if (mixer.Rope!.Interleaved)
        {
            Rope.RotatePairs(heads, mixer.HeadDim, cosines, sines);
        }
        else
        {
            Rope.RotateHalves(heads, mixer.HeadDim, cosines, sines);
        }
    }
}
