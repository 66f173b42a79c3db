using Inferometer.Core.Models;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Cpu.Kernels.Elementwise;
using Inferometer.Cpu.Kernels.Matrices;
using Inferometer.Cpu.Weights;

namespace Inferometer.Cpu.Execution;

/// <summary>
/// Multi-head latent attention (arXiv:2405.04434) with the up-projections absorbed: queries are brought into the space of the latent, all
/// heads attend to one latent and one rotary key per token, and what they attend to is brought back to the width of values.
/// </summary>
internal sealed class LatentAttentionBlock : IDisposable
{
    // The class's default, whatever the configuration says of the other norms.
    private const float Epsilon = 1e-6f;

    private readonly StepContext _step;
    private readonly LoadedModel _model;
    private readonly CacheAttention _attention;
    private readonly HeadMultiplier _heads;
    private readonly LatentWidths _widths;
    private readonly Action<int> _normQueryRow;
    private readonly Action<int> _prepareRow;
    private KvCache _cache = null!;
    private LatentAttentionMixer _mixer = null!;
    private LatentWeights _weights = null!;
    private int _layer;
    private float[] _low = [];
    private float[] _queries = [];
    private float[] _latents = [];
    private float[] _absorbed = [];
    private float[] _attended = [];
    private float[] _values = [];
    private float[] _headInput = [];
    private int _capacity;

    public LatentAttentionBlock(StepContext step, LoadedModel model, CacheAttention attention)
    {
        (_step, _model, _attention) = (step, model, attention);
        _heads = new HeadMultiplier(step.Pool);
        _widths = LatentWidths.Of(model.Architecture);
        _normQueryRow = NormQueryRow;
        _prepareRow = PrepareRow;
    }

    /// <summary>Takes the cache of a step, and makes room for its rows.</summary>
    public void BeginStep(KvCache cache)
    {
        _cache = cache;
        int tokens = _step.TokenCount;
        if (tokens <= _capacity)
        {
            return;
        }

        _low = new float[tokens * _widths.QueryRank];
        _queries = new float[tokens * _widths.Queries];
        _latents = new float[tokens * _widths.Latent];
        _absorbed = new float[tokens * _widths.Absorbed];
        _attended = new float[tokens * _widths.Attended];
        _values = new float[tokens * _widths.Values];
        _headInput = new float[tokens * _widths.Head];
        _capacity = tokens;
    }

    /// <summary>Writes the part's output for each row of <see cref="Workspace.Normed"/> to <see cref="Workspace.BlockOutput"/>.</summary>
    public void Run(int layer, LatentAttentionMixer mixer, LatentWeights weights)
    {
        (_layer, _mixer, _weights) = (layer, mixer, weights);
        Workspace work = _step.Workspace;
        int tokens = _step.TokenCount;
        if (weights.QueryDown is { } down)
        {
            _step.Multiply(down, work.Normed, _low, tokens);
            _step.ForEachRow(_normQueryRow, tokens);
            _step.Multiply(weights.Query, _low, _queries, tokens);
        }
        else
        {
            _step.Multiply(weights.Query, work.Normed, _queries, tokens);
        }

        _step.Multiply(weights.Latent, work.Normed, _latents, tokens);
        _step.ForEachRow(_prepareRow, tokens);
        int rank = mixer.KvRank, key = rank + mixer.RopeHeadDim, query = mixer.NopeHeadDim + mixer.RopeHeadDim;
        MultiplyHeads(weights.KeyUp, weights.KeyMatrices, _queries, query, _absorbed, key);
        Attend();
        MultiplyHeads(weights.ValueUp, weights.ValueMatrices, _attended, rank, _values, mixer.ValueHeadDim);

        _step.Multiply(weights.Output, _values, work.BlockOutput, tokens);
    }

    public void Dispose() => _heads.Dispose();

    private void NormQueryRow(int row)
    {
        Span<float> low = _low.AsSpan(row * _mixer.QueryRank, _mixer.QueryRank);
        RmsNorm.Apply(low, _weights.QueryNorm, Epsilon, low);
    }

    // Norms the latent, turns the rotary parts, and stores what the token leaves behind: the latent and the shared rotary key.
    private void PrepareRow(int row)
    {
        int rank = _mixer.KvRank, rotary = _mixer.RopeHeadDim, key = rank + rotary, query = _mixer.NopeHeadDim + rotary;
        Span<float> latent = _latents.AsSpan(row * key, key);
        RmsNorm.Apply(latent[..rank], _weights.LatentNorm, Epsilon, latent[..rank]);
        _model.Rotate(latent[rank..], rotary, _layer, row, _mixer.Rope!.Interleaved);
        for (int head = 0; head < _mixer.Heads; head++)
        {
            Span<float> part = _queries.AsSpan((((row * _mixer.Heads) + head) * query) + _mixer.NopeHeadDim, rotary);
            _model.Rotate(part, rotary, _layer, row, _mixer.Rope.Interleaved);
            part.CopyTo(_absorbed.AsSpan((((row * _mixer.Heads) + head) * key) + rank));
        }

        _cache.Store(_layer, _step.Layout.Slots[row], latent, []);
    }

    /// <summary>Each head's matrix times its part of every row.</summary>
    private void MultiplyHeads(Projection[] heads, WeightMatrix[] matrices, float[] from, int fromWidth, float[] to, int toWidth)
    {
        int tokens = _step.TokenCount, inputs = matrices[0].Columns;
        _heads.Multiply(matrices, from, (fromWidth * heads.Length, fromWidth), to, (toWidth * heads.Length, toWidth), tokens);
        for (int head = 0; _step.Inputs is not null && head < heads.Length; head++)
        {
            for (int row = 0; row < tokens; row++)
            {
                from.AsSpan((((row * heads.Length) + head) * fromWidth), inputs).CopyTo(_headInput.AsSpan(row * inputs));
            }

            _step.Observe(heads[head], _headInput, tokens);
        }
    }

    private void Attend()
    {
        AttentionParameters parameters = new()
        {
            Heads = _mixer.Heads,
            KvHeads = 1,
            KeyDim = _mixer.KvRank + _mixer.RopeHeadDim,
            ValueDim = _mixer.KvRank,
            Scale = _mixer.ScoreScale != 0 ? (float)_mixer.ScoreScale : 1 / MathF.Sqrt(_mixer.NopeHeadDim + _mixer.RopeHeadDim),
        };
        _attention.Run(_cache, _layer, parameters, _absorbed, _attended);
    }
}
