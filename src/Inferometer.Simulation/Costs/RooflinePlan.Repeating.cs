using Inferometer.Core;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Costs;

/// <content>Decode steps that repeat.</content>
internal sealed partial class RooflinePlan : IRepeatedDecode, IBatchedDecode
{
    private bool _repeatsFirst;
    private int _keptSequences; // of which the costing has kept what does not look at contexts; 0 = of none

    public bool TakesSums => _layout.Stages == 1 && _prefill.ReachesBack;

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
        _keptSequences = 0;
    }

    public PhaseTotals StepOfSums(ReadOnlySpan<PrefillChunk> prefill, int sequences, long contextTokens)
    {
        if (prefill.IsEmpty && sequences < 1)
        {
            throw new InferometerException("step: the batch is empty; it needs at least one prompt chunk or decoding sequence.");
        }

        _prefill.SetSums(prefill, sequences, contextTokens);
        if (!prefill.IsEmpty)
        {
            return _costing.Cost(_prefill, rows: null);
        }

        bool isFirst = sequences != _keptSequences;
        _keptSequences = sequences;
        return _costing.CostRepeated(_prefill, isFirst);
    }

    public PhaseTotals Repeat(int later)
    {
        _prefill.Advance(later);
        PhaseTotals totals = _costing.CostRepeated(_prefill, _repeatsFirst);
        _repeatsFirst = false;
        return totals;
    }
}
