using Inferometer.Core;
using Inferometer.Simulation.Operators;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Costs;

/// <summary>The quantities of the step (or run of decode steps) being costed, of one micro-batch. Reused from step to step.</summary>
internal sealed partial class StepState
{
    private readonly AttentionSpan[] _spans;
    private readonly TouchPool[] _pools;
    private readonly double[] _prefillPairs;
    private readonly double[] _prefillReads;
    private readonly double[] _touched;
    private readonly ContextSeries[] _decode;
    private readonly int _graphTokens;
    private double _prefillTokens;
    private double _prefillSequences;
    private double _decodeTokens;
    private double _decodeSequences;
    private double _rows;

    /// <param name="tables">What the operators look at.</param>
    /// <param name="queriesPerStep">Tokens that a decoding sequence has in a step.</param>
    /// <param name="graphTokens">As <see cref="OperatorRates.GraphTokens"/> has it.</param>
    public StepState(SharedTables tables, int queriesPerStep, int graphTokens)
    {
        _graphTokens = graphTokens;
        _spans = [.. tables.Spans];
        _pools = [.. tables.Pools];
        _prefillPairs = new double[_spans.Length];
        _prefillReads = new double[_spans.Length];
        _touched = new double[_pools.Length];
        _decode = [.. _spans.Select(span => new ContextSeries(span, queriesPerStep))];
        Queries = queriesPerStep;
    }

    public int Queries { get; }

    public double Steps { get; private set; }

    /// <summary>Passes through the pipeline; not a whole number where the last is smaller than the others.</summary>
    public double MicroBatches { get; private set; }

    public double Tokens => _prefillTokens + _decodeTokens;

    public double Rows => _rows;

    public bool Decodes => _decodeTokens > 0;

    /// <summary>Equal prompts, cut into micro-batches.</summary>
    /// <param name="requests">Prompts of one of them; a part of one where it is cut into pieces.</param>
    /// <param name="past">Tokens of each that are in the cache.</param>
    /// <param name="fresh">Its other tokens.</param>
    /// <param name="microBatches">Micro-batches; not a whole number where the last is smaller.</param>
    public void SetPrefill(double requests, int past, int fresh, double microBatches)
    {
        Clear(microBatches);
        AddPrefill(requests, past, fresh, endsPrompt: true);
        Finish();
    }

    /// <summary>Decode steps 1 to <paramref name="steps"/> after prompts of <paramref name="prompt"/> tokens.</summary>
    public void SetDecode(int requests, int beams, int prompt, int steps, int microBatches)
    {
        Clear(microBatches);
        Steps = steps;
        double perBatch = DeploymentProfile.Part(requests, microBatches);
        _decodeSequences = perBatch * beams;
        _decodeTokens = _decodeSequences * Queries;
        _rows = _decodeTokens;
        foreach (ContextSeries series in _decode)
        {
            series.SetDecode(prompt, steps, beams, perBatch);
        }

        Finish();
    }

    /// <summary>Any mixture; micro-batches are equal parts of it.</summary>
    public void SetMixed(ReadOnlySpan<PrefillChunk> prefill, ReadOnlySpan<DecodeGroup> decode, double microBatches)
    {
        Clear(microBatches);
        double share = 1.0 / microBatches;
        foreach (PrefillChunk chunk in prefill)
        {
            Require(chunk.PastTokens >= 0 && chunk.NewTokens >= 1 && chunk.Count >= 1, chunk);
            AddPrefill(chunk.Count * share, chunk.PastTokens, chunk.NewTokens, chunk.EndsPrompt);
        }

        foreach (DecodeGroup group in decode)
        {
            Require(group.NewTokens >= 1 && group.ContextTokens >= group.NewTokens && group.Count >= 1, group);
            _decodeSequences += group.Count * share;
            _decodeTokens += group.Count * share * group.NewTokens;
        }

        _rows += _decodeTokens;
        for (int i = 0; i < _spans.Length; i++)
        {
            double pairs = 0;
            double reads = 0;
            foreach (DecodeGroup group in decode)
            {
                int past = group.ContextTokens - group.NewTokens;
                pairs += group.Count * share * _spans[i].Pairs(past, group.NewTokens);
                reads += group.Count * share * _spans[i].Reads(past, group.NewTokens);
            }

            _decode[i].SetSingle(pairs, reads);
        }

        Finish();
    }

    public bool IsActive(in CompiledOperator item) => item.Phase switch
    {
        StepPhase.Prefill => _prefillTokens > 0,
        StepPhase.Decode => _decodeTokens > 0,
        _ => !item.NeedsRows || _rows > 0,
    };

    public ReadOnlySpan<ContextPiece> Pieces(int span) => _spans.Length == 0 ? [] : _decode[span].Pieces;

    public void Variables(in CompiledOperator item, out StepVariables v)
    {
        v.Rows = _rows;
        v.Touched = item.Pool >= 0 ? _touched[item.Pool] : 0;
        v.Pairs = 0;
        v.Reads = 0;
        v.IsReplayed = Tokens <= _graphTokens;
        v.IsBesidePrompts = item.Phase == StepPhase.Decode && _prefillTokens > 0;
        switch (item.Phase)
        {
            case StepPhase.Prefill:
                v.Tokens = _prefillTokens;
                v.Sequences = _prefillSequences;
                break;
            case StepPhase.Decode:
                v.Tokens = _decodeTokens;
                v.Sequences = _decodeSequences;
                break;
            default:
                v.Tokens = Tokens;
                v.Sequences = _prefillSequences + _decodeSequences;
                return;
        }

        if (_spans.Length > 0)
        {
            bool prefill = item.Phase == StepPhase.Prefill;
            v.Pairs = prefill ? _prefillPairs[item.Span] : _decode[item.Span].MeanPairs;
            v.Reads = prefill ? _prefillReads[item.Span] : _decode[item.Span].MeanReads;
        }
    }

    private static void Require<T>(bool valid, T part)
    {
        if (!valid)
        {
            throw new InferometerException(
                $"step: {part} must have at least one token and one sequence, and no negative past (context tokens include the new ones).");
        }
    }

    private void Clear(double microBatches)
    {
        MicroBatches = microBatches;
        Steps = 1;
        _prefillTokens = _prefillSequences = _decodeTokens = _decodeSequences = _rows = 0;
        Array.Clear(_prefillPairs);
        Array.Clear(_prefillReads);
    }

    private void AddPrefill(double sequences, int past, int fresh, bool endsPrompt)
    {
        _prefillTokens += sequences * fresh;
        _prefillSequences += sequences;
        _rows += endsPrompt ? sequences : 0;
        for (int i = 0; i < _spans.Length; i++)
        {
            _prefillPairs[i] += sequences * _spans[i].Pairs(past, fresh);
            _prefillReads[i] += sequences * _spans[i].Reads(past, fresh);
        }
    }

    private void Finish()
    {
        for (int i = 0; i < _pools.Length; i++)
        {
            _touched[i] = _pools[i].Touched(_pools[i].PerSequence ? _prefillSequences + _decodeSequences : Tokens);
        }
    }
}
