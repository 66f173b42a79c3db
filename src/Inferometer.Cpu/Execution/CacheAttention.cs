using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Cpu.Weights;

namespace Inferometer.Cpu.Execution;

/// <summary>Attention of a step's queries over what the cache holds of a layer, in tiles or with whole rows of scores.</summary>
internal sealed class CacheAttention : IDisposable
{
    private readonly StepContext _step;
    private readonly ForwardStatistics _statistics;
    private readonly AttentionBatch _batch = new();
    private readonly FlashAttention? _flash;
    private readonly StandardAttention? _standard;

    public CacheAttention(StepContext step, ForwardOptions options, ForwardStatistics statistics)
    {
        (_step, _statistics) = (step, statistics);
        _flash = options.FlashAttention ? new FlashAttention(step.Pool) : null;
        _standard = options.FlashAttention ? null : new StandardAttention(step.Pool);
    }

    /// <summary>Bytes of the kernel's working memory.</summary>
    public long ScratchBytes => _flash?.MemoryBytes ?? _standard!.MemoryBytes;

    /// <summary>Attends for all rows of the step.</summary>
    /// <param name="cache">What the step's tokens were stored in.</param>
    /// <param name="layer">Layer whose keys and values are read.</param>
    /// <param name="parameters">What is computed.</param>
    /// <param name="queries">[tokens, heads x key width].</param>
    /// <param name="output">[tokens, heads x value width].</param>
    public void Run(KvCache cache, int layer, in AttentionParameters parameters, float[] queries, float[] output)
    {
        _batch.Clear();
        StepLayout layout = _step.Layout;
        for (int i = 0; i < layout.Batch.Count; i++)
        {
            cache.AddTo(_batch, layer, i, layout.FirstTokens[i], layout.Batch[i]);
        }

        ReadOnlySpan<float> read = queries.AsSpan(0, _step.TokenCount * parameters.Heads * parameters.KeyDim);
        Span<float> written = output.AsSpan(0, _step.TokenCount * parameters.Heads * parameters.ValueDim);
        if (_flash is not null)
        {
            _flash.Run(_batch, parameters, read, written);
            _statistics.CountFlashAttention();
        }
        else
        {
            _standard!.Run(_batch, parameters, read, written);
            _statistics.CountStandardAttention();
        }
    }

    public void Dispose()
    {
        _flash?.Dispose();
        _standard?.Dispose();
    }
}
