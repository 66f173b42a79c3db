using Inferometer.Inference.Sampling;
using Inferometer.Runners;
using Inferometer.Scheduling;
using Inferometer.Scheduling.Blocks;

namespace Inferometer.Inference.Engine;

/// <summary>
/// The small model of speculative decoding. Its cache has the blocks of the large model's and is filled in step with it, so that block
/// tables, prefix reuse and copies hold for both. Greedy: the large model's sampler decides what is kept.
/// </summary>
/// <param name="runner">The model; disposed with this.</param>
/// <param name="tokens">Tokens that may be proposed: at most those of either model.</param>
internal sealed class DraftModel(IModelRunner runner, int tokens) : IDisposable
{
    private readonly ForwardBatch _batch = new();
    private readonly List<StepChunk> _rows = [];

    public void CopyBlock(BlockCopy copy) => runner.CopyBlock(copy.Source, copy.Target);

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

    public void Dispose() => runner.Dispose();

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
        runner.Forward(_batch);
        for (int row = 0; row < _rows.Count; row++)
        {
            _rows[row].ReplaceDraft(index, Sampler.RequirePossible(ChoosableRows.Best(runner, row, tokens)));
        }
    }
}
