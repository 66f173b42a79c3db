namespace Inferometer.Scheduling;

/// <summary>
/// Does what a <see cref="StepPlan"/> says: one implementation multiplies matrices, another asks a cost model how long that
/// would take. For every chunk with <see cref="StepChunk.LogitRows"/> it emits tokens (or none, when the owner appends them later).
/// </summary>
public interface IStepExecutor
{
    /// <summary>
    /// Runs one step: first the plan's block copies, then its chunks. Whatever it throws, at whatever point, the step is abandoned as a
    /// whole.
    /// </summary>
    /// <param name="plan">The step; valid during the call.</param>
    /// <param name="cancellationToken">Ends the step early with an exception.</param>
    StepOutcome Execute(StepPlan plan, CancellationToken cancellationToken);
}
