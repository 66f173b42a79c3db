namespace Inferometer.Scheduling;

/// <summary>
/// Does what a <see cref="StepPlan"/> says: one implementation multiplies matrices, another asks a cost model how long that
/// would take. For every chunk with <see cref="StepChunk.LogitRows"/> it emits tokens (or none, when the owner appends them later).
/// </summary>
public interface IStepExecutor
{
    /// <summary>Runs one step: first the plan's block copies, then its chunks.</summary>
    /// <param name="plan">The step; valid during the call.</param>
    /// <param name="cancellationToken">Ends the step early with an exception; the scheduler then keeps its state from before the step.</param>
    StepOutcome Execute(StepPlan plan, CancellationToken cancellationToken);
}

/// <summary>What a step took.</summary>
/// <param name="DurationSeconds">Measured time, or the predicted time on a virtual clock that the executor has advanced.</param>
public readonly record struct StepOutcome(double DurationSeconds);
