using Inferometer.Cpu.Execution;
using Inferometer.Inference.Sampling;
using Inferometer.Scheduling;
using Inferometer.Scheduling.Blocks;

namespace Inferometer.Inference.Engine;

/// <summary>
/// The small model of speculative decoding. Its cache has the blocks of the large model's and is filled in step with it, so that block tables, prefix
/// reuse and copies hold for both. Greedy: the large model's sampler decides what is kept.
/// </summary>
internal sealed class DraftModel(TransformerModel model, PagedKvCache cache) : IDisposable
{
    private readonly ForwardBatch _batch = new();
    private readonly List<StepChunk> _rows = [];
    private float[] _logits = [];

    public void CopyBlock(BlockCopy copy) => cache.CopyBlock(copy.Source, copy.Target);

    /// <summary>Computes the chunks' tokens in the draft model and replaces the places proposed as drafts by its tokens.</summary>
    public void Draft(StepPlan plan)
    {
        int longest = 0;
        _batch.Clear();
        _rows.Clear();
        for (int i = 0; i < plan.Chunks.Count; i++)
        {
            StepChunk chunk = plan.Chunks[i];
            int lag = chunk.Sequence.Request.Owner is GenerationSession session ? session.DraftLag(chunk) : 0;
            int first = chunk.PastTokens - lag; // the last draft of a wholly accepted run is not in the draft cache yet
            int count = lag + chunk.TokenCount - chunk.DraftTokens;
            Add(chunk, first, count);
            longest = Math.Max(longest, chunk.DraftTokens);
        }

        Run(0);
        for (int index = 1; index < longest; index++)
        {
            _batch.Clear();
            _rows.Clear();
            for (int i = 0; i < plan.Chunks.Count; i++)
            {
                StepChunk chunk = plan.Chunks[i];
                if (chunk.DraftTokens > index)
                {
                    Add(chunk, chunk.PastTokens + chunk.TokenCount - chunk.DraftTokens + index - 1, 1);
                }
            }

            Run(index);
        }

        _batch.Clear();
    }

    public void Dispose()
    {
        cache.Dispose();
        model.Dispose();
    }

    private void Add(StepChunk chunk, int first, int count)
    {
        bool drafts = chunk.DraftTokens > 0;
        _batch.Add(chunk.Sequence.TokensAt(first, count), first, chunk.BlockTable, drafts ? 1 : 0);
        if (drafts)
        {
            _rows.Add(chunk);
        }
    }

    private void Run(int index)
    {
        int vocabulary = model.Architecture.VocabularySize;
        if (_logits.Length < _rows.Count * vocabulary)
        {
            _logits = new float[_rows.Count * vocabulary];
        }

        model.Forward(_batch, cache, _logits.AsSpan(0, _rows.Count * vocabulary));
        for (int row = 0; row < _rows.Count; row++)
        {
            _rows[row].ReplaceDraft(index, Sampler.ArgMax(_logits.AsSpan(row * vocabulary, vocabulary)));
        }
    }
}
