using Inferometer.Planning.Trials;

namespace Inferometer.Planning.Answers;

/// <summary>What happens when one replica dies.</summary>
/// <param name="Remaining">Replicas that are left, spares among them.</param>
/// <param name="Trial">The load on those that are left; null = there is none, or spares take over and nothing changes.</param>
public sealed record FailureOutcome(int Remaining, Trial? Trial)
{
    /// <summary>Nothing is left that serves.</summary>
    public bool IsDown => Remaining == 0;
}
