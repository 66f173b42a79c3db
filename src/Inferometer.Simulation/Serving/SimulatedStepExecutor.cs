using Inferometer.Scheduling;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Serving;

/// <summary>
/// Executes a step by asking a plan how long it would take, and moves a virtual clock by that: the other executor of the scheduler that the
/// engine runs. Tokens have no meaning here; each is 0. Allocates nothing once a step as large was priced. Not thread-safe.
/// </summary>
/// <param name="plan">What prices steps: one replica of a deployment.</param>
/// <param name="clock">The scheduler's clock.</param>
public sealed class SimulatedStepExecutor(ICostPlan plan, VirtualClock clock) : IStepExecutor
{
    private PrefillChunk[] _prefill = new PrefillChunk[16];
    private DecodeGroup[] _decode = new DecodeGroup[16];

    /// <inheritdoc/>
    public StepOutcome Execute(StepPlan step, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(step);
        cancellationToken.ThrowIfCancellationRequested();
        Reserve(step.Chunks.Count);
        int prefill = 0, decode = 0;
        for (int i = 0; i < step.Chunks.Count; i++)
        {
            StepChunk chunk = step.Chunks[i];
            if (chunk.IsPrefill)
            {
                _prefill[prefill++] = new PrefillChunk(chunk.PastTokens, chunk.TokenCount, EndsPrompt: chunk.LogitRows > 0);
            }
            else
            {
                _decode[decode++] = new DecodeGroup(chunk.PastTokens + chunk.TokenCount, NewTokens: chunk.TokenCount);
            }

            if (chunk.LogitRows > 0)
            {
                chunk.Emit(0);
            }
        }

        double seconds = plan.Step(_prefill.AsSpan(0, prefill), _decode.AsSpan(0, decode)).LatencySeconds;
        clock.Advance(seconds);
        return new StepOutcome(seconds);
    }

    private void Reserve(int chunks)
    {
        if (_prefill.Length < chunks)
        {
            int length = Math.Max(chunks, 2 * _prefill.Length);
            _prefill = new PrefillChunk[length];
            _decode = new DecodeGroup[length];
        }
    }
}
