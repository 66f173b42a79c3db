using Inferometer.Simulation.Operators;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Costs;

/// <content>Decode steps that repeat: what every step has in common is set once, and only the contexts move on.</content>
internal sealed partial class StepState
{
    private DecodeGroup[] _repeated = new DecodeGroup[16];
    private int _repeatedCount;
    private double _repeatedSequences;
    private double[] _contexts = [];

    /// <summary>Every span of attention reaches back to the beginning, so that pairs and reads are sums of contexts.</summary>
    public bool ReachesBack => Array.TrueForAll(_spans, span => span == default);

    /// <summary>
    /// A mixture in one micro-batch whose decoding sequences have one new token each and, where <see cref="ReachesBack"/>, contexts of this
    /// sum: whole numbers, whose sum is the same in any order.
    /// </summary>
    public void SetSums(ReadOnlySpan<PrefillChunk> prefill, int sequences, double contexts)
    {
        Clear(1);
        foreach (PrefillChunk chunk in prefill)
        {
            Require(chunk.PastTokens >= 0 && chunk.NewTokens >= 1 && chunk.Count >= 1, chunk);
            AddPrefill(chunk.Count, chunk.PastTokens, chunk.NewTokens, chunk.EndsPrompt);
        }

        _decodeSequences = sequences;
        _decodeTokens = sequences;
        _rows += _decodeTokens;
        foreach (ContextSeries series in _decode)
        {
            series.SetSingle(contexts, contexts);
        }

        Finish();
    }

    /// <summary>The first of some steps over sequences of one new token each.</summary>
    public void SetRepeated(ReadOnlySpan<DecodeGroup> decode, int microBatches)
    {
        if (_repeated.Length < decode.Length)
        {
            _repeated = new DecodeGroup[Math.Max(decode.Length, 2 * _repeated.Length)];
        }

        decode.CopyTo(_repeated);
        _repeatedCount = decode.Length;
        SetMixed([], decode, microBatches);
        _repeatedSequences = 0;
        double contexts = 0;
        foreach (DecodeGroup group in decode)
        {
            _repeatedSequences += group.Count;
            contexts += (double)group.Count * group.ContextTokens;
        }

        _contexts = _contexts.Length == _spans.Length ? _contexts : new double[_spans.Length];
        Array.Fill(_contexts, contexts);
    }

    /// <summary>
    /// The contexts of a later step. Where attention reaches back to the beginning, pairs and reads are both the sum of all contexts, which
    /// grows by one token for each sequence: whole numbers, whose sum is the same in any order. Elsewhere they are added up anew.
    /// </summary>
    public void Advance(int later)
    {
        for (int i = 0; i < _spans.Length; i++)
        {
            if (_spans[i] == default && MicroBatches == 1)
            {
                double sum = _contexts[i] + (later * _repeatedSequences);
                _decode[i].SetSingle(sum, sum);
                continue;
            }

            double share = 1.0 / MicroBatches;
            double pairs = 0;
            double reads = 0;
            foreach (DecodeGroup group in _repeated.AsSpan(0, _repeatedCount))
            {
                int past = group.ContextTokens + later - 1;
                pairs += group.Count * share * _spans[i].Pairs(past, 1);
                reads += group.Count * share * _spans[i].Reads(past, 1);
            }

            _decode[i].SetSingle(pairs, reads);
        }
    }
}
