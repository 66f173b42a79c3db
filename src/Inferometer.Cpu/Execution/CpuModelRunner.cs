using System.Numerics.Tensors;
using Inferometer.Core.Models;
using Inferometer.Runners;

namespace Inferometer.Cpu.Execution;

/// <summary>A transformer and its key/value cache on the processor. Allocates nothing once a step as large has run. Owns both.</summary>
/// <param name="model">The model.</param>
/// <param name="cache">A cache in its layout.</param>
public sealed class CpuModelRunner(TransformerModel model, KvCache cache) : IModelRunner
{
    private float[] _logits = [];
    private float[] _hidden = [];
    private bool _hasHidden;

    /// <inheritdoc/>
    public ModelArchitecture Architecture => model.Architecture;

    /// <inheritdoc/>
    public int ContextTokens => model.ContextTokens;

    /// <inheritdoc/>
    public int BlockSize => KvCache.BlockSize;

    /// <inheritdoc/>
    public int BlockCount => cache.BlockCount;

    /// <inheritdoc/>
    public RunnerMemory Memory =>
        new(model.WeightBytes, model.WorkspaceBytes, model.AttentionScratchBytes, sizeof(float) * ((long)_logits.Length + _hidden.Length));

    /// <inheritdoc/>
    public RunnerStatistics Statistics
    {
        get
        {
            ForwardStatistics counts = model.Statistics;
            return new RunnerStatistics(counts.Steps, counts.Tokens, counts.FlashAttentionCalls, counts.StandardAttentionCalls);
        }
    }

    /// <inheritdoc/>
    public IModelAdapter LoadAdapter(string path, double scale = 1) => model.LoadAdapter(path, scale);

    /// <inheritdoc/>
    public void CopyBlock(int source, int destination) => cache.CopyBlock(source, destination);

    /// <inheritdoc/>
    public bool CanResume(int block, int tokens) => cache.States?.CanResume(block, tokens) ?? true;

    /// <inheritdoc/>
    public void WatchBlocks(Func<int, int> usersOf)
    {
        if (cache.States is { } states)
        {
            states.UsersOf = usersOf;
        }
    }

    /// <inheritdoc/>
    public void Forward(ForwardBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        _hasHidden = batch.WantsHiddenStates;
        int logits = checked(batch.LogitRowCount * Architecture.VocabularySize);
        int hidden = _hasHidden ? checked(batch.TokenCount * Architecture.HiddenSize) : 0;
        Reserve(ref _logits, logits);
        Reserve(ref _hidden, hidden);
        model.Forward(batch, cache, _logits.AsSpan(0, logits), _hidden.AsSpan(0, hidden));
    }

    /// <inheritdoc/>
    public int BestToken(int row)
    {
        ReadOnlySpan<float> logits = Logits(row);
        int best = TensorPrimitives.IndexOfMax(logits); // of a row with a NaN, its place
        return best >= 0 && float.IsFinite(logits[best]) ? best : -1;
    }

    /// <inheritdoc/>
    public Span<float> Logits(int row) => _logits.AsSpan(row * Architecture.VocabularySize, Architecture.VocabularySize);

    /// <inheritdoc/>
    public ReadOnlySpan<float> HiddenState(int token) => _hasHidden
        ? _hidden.AsSpan(token * Architecture.HiddenSize, Architecture.HiddenSize)
        : throw new InvalidOperationException("the step was not asked for hidden states");

    /// <inheritdoc/>
    public void Dispose()
    {
        cache.Dispose();
        model.Dispose();
    }

    private static void Reserve(ref float[] array, int length)
    {
        if (array.Length < length)
        {
            array = new float[length];
        }
    }
}
