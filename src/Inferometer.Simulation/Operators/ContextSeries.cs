using System.Runtime.InteropServices;

namespace Inferometer.Simulation.Operators;

/// <summary>A run of steps over which pairs and reads change by the same amount from step to step; the whole run may repeat.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct ContextPiece(
    double Steps, double Repeats, double Pairs, double PairsSlope, double Reads, double ReadsSlope);

/// <summary>
/// How the attended context of one span grows over the steps of a phase, as a handful of straight pieces: sums over
/// thousands of steps then cost as much as over one. The buffer is reused.
/// </summary>
internal sealed class ContextSeries(AttentionSpan span, int queriesPerStep)
{
    private readonly ContextPiece[] _pieces = new ContextPiece[16 + (4 * queriesPerStep)];
    private int _count;
    private double _prompt;
    private double _beams;
    private double _requests;

    public ReadOnlySpan<ContextPiece> Pieces => _pieces.AsSpan(0, _count);

    public double MeanPairs { get; private set; }

    public double MeanReads { get; private set; }

    /// <summary>A single step with known sums.</summary>
    public void SetSingle(double pairs, double reads)
    {
        _count = 1;
        _pieces[0] = new(1, 1, pairs, 0, reads, 0);
        MeanPairs = pairs;
        MeanReads = reads;
    }

    /// <summary>
    /// Decode steps number 1 to <paramref name="steps"/>: step i has <paramref name="prompt"/> + i - 1 tokens cached and adds
    /// its queries. Beams of a request read the prompt they share once.
    /// </summary>
    public void SetDecode(double prompt, double steps, double beams, double requests)
    {
        (_prompt, _beams, _requests, _count) = (prompt, beams, requests, 0);
        double last = prompt + steps - 1;
        double cursor = prompt;
        while (cursor <= last)
        {
            double period = span.Chunk;
            if (period > 0 && cursor % period == 0 && cursor >= prompt && cursor + period - 1 <= last)
            {
                double repeats = Math.Floor((last + 1 - cursor) / period);
                AppendRange(cursor, cursor + period - 1, repeats);
                cursor += repeats * period;
                continue;
            }

            double end = period > 0 ? Math.Min(last, ((Math.Floor(cursor / period) + 1) * period) - 1) : last;
            AppendRange(cursor, end, 1);
            cursor = end + 1;
        }

        SetMeans(steps);
    }

    /// <summary>Pairs of one decode step after <paramref name="past"/> cached tokens, one request with one beam.</summary>
    public double PairsAt(double past) => span.Pairs(past, queriesPerStep);

    private double ReadsAt(double past)
    {
        double all = span.Reads(past, queriesPerStep);
        if (_beams == 1 || span.TopK > 0)
        {
            return _beams * all;
        }

        double shared = Math.Max(0, _prompt - span.FirstVisible(past));
        return shared + (_beams * (all - shared));
    }

    private void AppendRange(double from, double to, double repeats)
    {
        while (from <= to)
        {
            double end = Math.Min(to, NextBreak(from) - 1);
            double pairs = PairsAt(from);
            double reads = ReadsAt(from);
            double steps = end - from + 1;
            double pairsSlope = steps > 1 ? (PairsAt(end) - pairs) / (steps - 1) : 0;
            double readsSlope = steps > 1 ? (ReadsAt(end) - reads) / (steps - 1) : 0;
            double sequences = _requests * _beams;
            _pieces[_count++] = new(steps, repeats, sequences * pairs, sequences * pairsSlope, _requests * reads, _requests * readsSlope);
            from = end + 1;
        }
    }

    /// <summary>First position after <paramref name="x"/> from which another straight piece holds.</summary>
    private double NextBreak(double x)
    {
        double cap = span.Window > 0 ? span.Window : span.TopK;
        if (span.Chunk > 0)
        {
            cap = ((Math.Floor(x / span.Chunk) + 1) * span.Chunk) - 1;
            return x + queriesPerStep <= cap + 1 ? cap - queriesPerStep + 2 : x + 1;
        }

        if (cap <= 0)
        {
            return double.PositiveInfinity;
        }

        if (x + queriesPerStep <= cap)
        {
            return cap - queriesPerStep + 1;
        }

        if (x < cap)
        {
            return x + 1;
        }

        double later = span.Window > 0 ? _prompt + cap - 1 : (queriesPerStep * (cap - 1)) + 1;
        return later > x ? later : double.PositiveInfinity;
    }

    private void SetMeans(double steps)
    {
        double pairs = 0;
        double reads = 0;
        foreach (ref readonly ContextPiece piece in Pieces)
        {
            double half = (piece.Steps - 1) / 2;
            pairs += piece.Repeats * piece.Steps * (piece.Pairs + (piece.PairsSlope * half));
            reads += piece.Repeats * piece.Steps * (piece.Reads + (piece.ReadsSlope * half));
        }

        MeanPairs = pairs / steps;
        MeanReads = reads / steps;
    }
}
