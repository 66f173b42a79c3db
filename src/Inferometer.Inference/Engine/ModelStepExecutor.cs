using System.Diagnostics;
using Inferometer.Runners;
using Inferometer.Scheduling;
using Inferometer.Scheduling.Blocks;

namespace Inferometer.Inference.Engine;

/// <summary>
/// Runs a step on a model runner: copies blocks, drafts, one forward pass over all chunks, then each owner takes its rows. An owner that
/// fails ends its own sequence and nobody else's. Allocates nothing once a step as large has run.
/// </summary>
/// <param name="runner">The model.</param>
/// <param name="draft">The draft model, or null.</param>
/// <param name="tokens">Tokens that may be chosen.</param>
internal sealed class ModelStepExecutor(IModelRunner runner, DraftModel? draft, int tokens) : IStepExecutor
{
    private readonly ForwardBatch _batch = new();
    private readonly List<SequenceFailure> _failures = [];
    private readonly Lock _watching = new();
    private Action<int>? _watchers;

    /// <summary>Sequences of the last step whose owners failed, and how. They end with the step.</summary>
    public IReadOnlyList<SequenceFailure> Failures => _failures;

    /// <summary>Has somebody told of the tokens of each step. Thread-safe.</summary>
    public void Watch(Action<int> listener)
    {
        lock (_watching)
        {
            Volatile.Write(ref _watchers, _watchers + listener);
        }
    }

    /// <summary>Ends that. Thread-safe.</summary>
    public void Unwatch(Action<int> listener)
    {
        lock (_watching)
        {
            Volatile.Write(ref _watchers, _watchers - listener);
        }
    }

    public StepOutcome Execute(StepPlan plan, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        _failures.Clear();
        long start = Stopwatch.GetTimestamp();
        for (int i = 0; i < plan.Copies.Count; i++)
        {
            BlockCopy copy = plan.Copies[i];
            runner.CopyBlock(copy.Source, copy.Target);
            draft?.CopyBlock(copy);
        }

        draft?.Draft(plan);
        Fill(plan);
        runner.Forward(_batch);
        Volatile.Read(ref _watchers)?.Invoke(_batch.TokenCount);
        Distribute(plan);
        _batch.Clear();
        return new StepOutcome(Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    private void Fill(StepPlan plan)
    {
        _batch.Clear();
        for (int i = 0; i < plan.Chunks.Count; i++)
        {
            StepChunk chunk = plan.Chunks[i];
            var owner = (ISequenceOwner)chunk.Sequence.Request.Owner!;
            ReadOnlyMemory<int> segments = owner.Segments.IsEmpty ? default : owner.Segments.Slice(chunk.PastTokens, chunk.TokenCount);
            _batch.Add(
                chunk.Tokens, chunk.PastTokens, chunk.BlockTable, chunk.PromptRows + chunk.LogitRows, owner.Adapter, segments,
                owner.CandidateTemperature);
            _batch.WantsHiddenStates |= owner.WantsHiddenStates;
        }
    }

    private void Distribute(StepPlan plan)
    {
        int row = 0;
        int token = 0;
        for (int i = 0; i < plan.Chunks.Count; i++)
        {
            StepChunk chunk = plan.Chunks[i];
            try
            {
                StepRows rows = new(runner, row, row + chunk.PromptRows, token, tokens);
                ((ISequenceOwner)chunk.Sequence.Request.Owner!).TakeStep(chunk, rows);
            }
            catch (Exception error)
            {
                chunk.Finish(FinishReason.Error);
                _failures.Add(new SequenceFailure(chunk.Sequence, error));
            }

            row += chunk.PromptRows + chunk.LogitRows;
            token += chunk.TokenCount;
        }
    }
}
