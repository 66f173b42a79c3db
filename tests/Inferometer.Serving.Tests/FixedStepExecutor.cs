using Inferometer.Scheduling;

namespace Inferometer.Serving.Tests;

/// <summary>Every step takes the same time on a virtual clock and gives one token a chunk, or as many as are said to be accepted.</summary>
internal sealed class FixedStepExecutor(VirtualClock clock, double stepSeconds) : IStepExecutor
{
    /// <summary>Drafts proposed for the next step.</summary>
    public int Drafts { get; init; }

    /// <summary>How many of a chunk's drafts are right.</summary>
    public Func<StepChunk, int> Accepted { get; init; } = _ => 0;

    public StepOutcome Execute(StepPlan plan, CancellationToken cancellationToken)
    {
        for (int i = 0; i < plan.Chunks.Count; i++)
        {
            StepChunk chunk = plan.Chunks[i];
            if (chunk.LogitRows > 0)
            {
                chunk.EmitAccepted(Accepted(chunk), token: 7);
                chunk.ProposeDraftPlaces(Drafts);
            }
        }

        clock.Advance(stepSeconds);
        return new StepOutcome(stepSeconds);
    }
}
