namespace Inferometer.Scheduling;

/// <summary>
/// Is told what became of requests: the seam at which serving is recorded, the same for measured and for simulated time. Called on
/// the scheduler's thread; must not throw and must not call the scheduler. Of an abandoned step it hears nothing.
/// </summary>
public interface ISchedulerObserver
{
    /// <summary>A request was taken into the queue, or a sequence was forked from another.</summary>
    void OnSubmitted(Sequence sequence);

    /// <summary>A request was refused at the door.</summary>
    void OnRejected(SequenceRequest request, Rejection rejection);

    /// <summary>A sequence got tokens, from a step or from its owner.</summary>
    /// <param name="sequence">The sequence, the tokens in it.</param>
    /// <param name="count">Number of tokens that came together, at least 1.</param>
    /// <param name="seconds">When, on the scheduler's clock.</param>
    void OnTokens(Sequence sequence, int count, double seconds);

    /// <summary>A sequence ended; its reason and times are set and its blocks given back.</summary>
    void OnEnded(Sequence sequence);

    /// <summary>A step that computed something has ended. The calls above for what it gave came before.</summary>
    void OnStepEnded(StepPlan plan, StepOutcome outcome);
}
