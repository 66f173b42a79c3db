namespace Inferometer.Scheduling;

/// <summary>
/// Executes steps over a batch that changes now and then, for <see cref="Scheduler.RunAhead"/>: every sequence of the batch decodes one
/// token, 0, in each step, beside which others may compute parts of their prompts. Made for executors that compute no tokens.
/// </summary>
public interface IAheadStepExecutor
{
    /// <summary>Steps follow; the batch is empty.</summary>
    void Begin();

    /// <summary>A sequence decodes from the next step on, which has its <see cref="Sequence.TokenCount"/> tokens of context.</summary>
    /// <param name="sequence">The sequence.</param>
    void Join(Sequence sequence);

    /// <summary>
    /// A sequence is out of the batch, after the steps since it joined: it ends, of which the observer hears next, or the steps do.
    /// </summary>
    /// <param name="sequence">The sequence, as the last of these steps left it.</param>
    void Leave(Sequence sequence);

    /// <summary>Whether another step may begin now. Requests may be submitted here.</summary>
    bool TryBegin();

    /// <summary>
    /// Runs a step that may begin: what it computes of prompts emits a token where <see cref="StepChunk.LogitRows"/> asks.
    /// </summary>
    /// <param name="prompts">Parts of prompts; of the batch nothing is said again.</param>
    /// <param name="batchDecodes">Whether the batch decodes in it; else it waits for the prompts.</param>
    /// <returns>What it took; on a virtual clock, the time by which the executor moved it.</returns>
    StepOutcome Execute(IReadOnlyList<StepChunk> prompts, bool batchDecodes);

    /// <summary>
    /// Whether the step that was just run is left under way, because something else comes before its end; of interest only where the
    /// scheduler is to stay ahead.
    /// </summary>
    bool LeavesStep { get; }

    /// <summary>The steps are over.</summary>
    /// <param name="steps">How many, at least 0.</param>
    void End(int steps);
}
