using Inferometer.Runners;
using Inferometer.Scheduling;

namespace Inferometer.Inference.Engine;

/// <summary>What stands behind a sequence: a generation, a beam group or an embedding. Called on the engine's loop thread only.</summary>
internal interface ISequenceOwner
{
    /// <summary>Adapter its sequences run with.</summary>
    IModelAdapter? Adapter { get; }

    /// <summary>The step must give the hidden states of the chunk's tokens.</summary>
    bool WantsHiddenStates { get; }

    /// <summary>Temperature at which the candidates of a row may do instead of the row; 0 where they cannot.</summary>
    float CandidateTemperature => 0;

    /// <summary>The segment of each token of the prompt; empty where all are of the first.</summary>
    ReadOnlyMemory<int> Segments => default;

    /// <summary>Takes what a step gave for one chunk.</summary>
    /// <param name="chunk">The chunk; tokens are emitted on it.</param>
    /// <param name="rows">Its rows of logits, and its hidden states when it wants them.</param>
    void TakeStep(StepChunk chunk, StepRows rows);

    /// <summary>One of its sequences has ended in the scheduler.</summary>
    void OnEnded(Sequence sequence);

    /// <summary>Ends what it still has in the scheduler besides the sequence that was ended: nothing, unless it has several.</summary>
    void Release(Scheduler scheduler, FinishReason reason)
    {
    }

    /// <summary>Something went wrong that is no fault of the request's own end: the callers waiting get the error.</summary>
    void Fail(Exception error);
}
