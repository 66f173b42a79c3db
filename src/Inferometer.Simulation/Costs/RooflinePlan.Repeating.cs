using Inferometer.Core;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Costs;

/// <content>Decode steps that repeat.</content>
internal sealed partial class RooflinePlan : IRepeatedDecode
{
    private bool _repeatsFirst;

    public void BeginRepeat(ReadOnlySpan<DecodeGroup> decode)
    {
        int sequences = 0;
        foreach (DecodeGroup group in decode)
        {
            sequences += group.Count;
            if (group.NewTokens != 1)
            {
                throw new InferometerException($"step: {group} has several new tokens; steps that repeat have one for each sequence.");
            }
        }

        if (sequences < 1)
        {
            throw new InferometerException("step: the batch is empty; it needs at least one decoding sequence.");
        }

        _prefill.SetRepeated(decode, MicroBatches(sequences));
        _repeatsFirst = true;
    }

    public PhaseTotals Repeat(int later)
    {
        _prefill.Advance(later);
        PhaseTotals totals = _costing.CostRepeated(_prefill, _repeatsFirst);
        _repeatsFirst = false;
        return totals;
    }
}
