namespace Inferometer.Scheduling;

/// <summary>
/// Executes steps that are alike but for their contexts, for <see cref="Scheduler.RepeatDecode"/>: every sequence of the batch decodes one
/// token, 0, in each. Made for executors that compute no tokens.
/// </summary>
public interface IRepeatedStepExecutor
{
    /// <summary>
    /// Steps of this batch follow; each sequence has <see cref="Sequence.TokenCount"/> tokens of context in the first of them.
    /// </summary>
    /// <param name="batch">The sequences, most urgent first; valid until <see cref="End"/>.</param>
    void Begin(IReadOnlyList<Sequence> batch);

    /// <summary>Runs the next step, unless it is to wait for something else; contexts are one token longer each time.</summary>
    /// <param name="outcome">What it took; on a virtual clock, the time by which the executor moved it.</param>
    /// <returns>False when it did nothing: the steps end here.</returns>
    bool TryExecute(out StepOutcome outcome);

    /// <summary>
    /// The steps are over and taken in, but for sequences that end with the last of them, of which the observer hears next.
    /// </summary>
    /// <param name="steps">How many, at least 0.</param>
    void End(int steps);
}
