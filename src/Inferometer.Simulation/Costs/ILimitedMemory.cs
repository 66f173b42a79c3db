using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Costs;

/// <summary>
/// What a plan may offer beside <see cref="ICostPlan.Memory"/>: the memory of the same deployment under other limits of a step, on which
/// nothing else of it depends. As making a plan with these limits and asking that, to the last bit; only faster.
/// </summary>
public interface ILimitedMemory
{
    /// <summary>Memory of the fullest device when all requests have reached their full length.</summary>
    /// <param name="point">The workload.</param>
    /// <param name="maxSequences">Most sequences of a step, above 0.</param>
    /// <param name="maxStepTokens">Most tokens of a step, above 0.</param>
    /// <exception cref="Core.InferometerException">The workload is impossible.</exception>
    MemoryTotals? MemoryWithin(in WorkloadPoint point, int maxSequences, int maxStepTokens);
}
