using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Costs;

/// <summary>
/// What a plan may offer beside <see cref="ICostPlan.Step"/>: prices for steps whose decoding sequences, of one new token each, are told by
/// their number and the sum of their contexts. The same, to the last bit, as telling each; only faster.
/// </summary>
internal interface IBatchedDecode
{
    /// <summary>Whether no more than that need be known: attention reaches back to the beginning, and batches are not cut.</summary>
    bool TakesSums { get; }

    /// <summary>Prices a step.</summary>
    /// <param name="prefill">Prompt chunks.</param>
    /// <param name="sequences">Sequences that decode.</param>
    /// <param name="contextTokens">Their contexts, the new tokens among them, added up.</param>
    /// <exception cref="Core.InferometerException">The batch is empty or a part of it is impossible.</exception>
    PhaseTotals StepOfSums(ReadOnlySpan<PrefillChunk> prefill, int sequences, long contextTokens);
}
