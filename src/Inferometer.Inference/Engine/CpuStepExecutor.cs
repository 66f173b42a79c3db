using System.Diagnostics;
using Inferometer.Cpu.Execution;
using Inferometer.Scheduling;
using Inferometer.Scheduling.Blocks;

namespace Inferometer.Inference.Engine;

/// <summary>Runs a step on the CPU: copies blocks, drafts, one forward pass over all chunks, then each owner takes its rows. Allocates nothing once a step as large has run.</summary>
internal sealed class CpuStepExecutor(TransformerModel model, KvCache cache, DraftModel? draft) : IStepExecutor
{
    private readonly ForwardBatch _batch = new();
    private float[] _logits = [];
    private float[] _hidden = [];

    /// <summary>Bytes of logits and states of the largest step.</summary>
    public long OutputBytes => sizeof(float) * ((long)_logits.Length + _hidden.Length);

    public StepOutcome Execute(StepPlan plan, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < plan.Copies.Count; i++)
        {
            BlockCopy copy = plan.Copies[i];
            cache.CopyBlock(copy.Source, copy.Target);
            draft?.CopyBlock(copy);
        }

        draft?.Draft(plan);
        bool wantsHidden = Fill(plan);
        int vocabulary = model.Architecture.VocabularySize;
        int hiddenSize = wantsHidden ? model.Architecture.HiddenSize : 0;
        Reserve(ref _logits, (long)plan.LogitRows * vocabulary);
        Reserve(ref _hidden, (long)plan.TokenCount * hiddenSize);
        model.Forward(_batch, cache, _logits.AsSpan(0, plan.LogitRows * vocabulary), _hidden.AsSpan(0, plan.TokenCount * hiddenSize));
        Distribute(plan, vocabulary, hiddenSize);
        _batch.Clear();
        return new StepOutcome(Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    private bool Fill(StepPlan plan)
    {
        bool wantsHidden = false;
        _batch.Clear();
        for (int i = 0; i < plan.Chunks.Count; i++)
        {
            StepChunk chunk = plan.Chunks[i];
            var owner = (ISequenceOwner)chunk.Sequence.Request.Owner!;
            _batch.Add(chunk.Tokens, chunk.PastTokens, chunk.BlockTable, chunk.LogitRows, owner.Adapter);
            wantsHidden |= owner.WantsHiddenStates;
        }

        return wantsHidden;
    }

    private void Distribute(StepPlan plan, int vocabulary, int hiddenSize)
    {
        int row = 0;
        int token = 0;
        for (int i = 0; i < plan.Chunks.Count; i++)
        {
            StepChunk chunk = plan.Chunks[i];
            Span<float> logits = _logits.AsSpan(row * vocabulary, chunk.LogitRows * vocabulary);
            ReadOnlySpan<float> hidden = _hidden.AsSpan(token * hiddenSize, chunk.TokenCount * hiddenSize);
            ((ISequenceOwner)chunk.Sequence.Request.Owner!).TakeStep(chunk, logits, hidden);
            row += chunk.LogitRows;
            token += chunk.TokenCount;
        }
    }

    private static void Reserve(ref float[] array, long length)
    {
        if (array.Length < length)
        {
            array = new float[checked((int)length)];
        }
    }
}
