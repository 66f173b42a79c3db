using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Costs;

/// <summary>
/// What a plan may offer beside <see cref="ICostPlan.Step"/>: prices for steps that decode the same sequences again and again, of which
/// only the contexts grow. The same, to the last bit, as pricing each step by itself; only faster.
/// </summary>
public interface IRepeatedDecode
{
    /// <summary>Steps over this batch follow.</summary>
    /// <param name="decode">Sequences of one new token each, as they are in the first of these steps.</param>
    /// <exception cref="Core.InferometerException">The batch is empty or a part of it is impossible.</exception>
    void BeginRepeat(ReadOnlySpan<DecodeGroup> decode);

    /// <summary>Prices one of them; no other step may have been priced since the batch was told.</summary>
    /// <param name="later">How many steps after the first, 0 or more: each context is that many tokens longer.</param>
    PhaseTotals Repeat(int later);
}
