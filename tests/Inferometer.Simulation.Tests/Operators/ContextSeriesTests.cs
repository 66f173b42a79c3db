using FsCheck;
using FsCheck.Fluent;
using Inferometer.Simulation.Operators;

namespace Inferometer.Simulation.Tests.Operators;

public class ContextSeriesTests
{
    [Theory]
    [InlineData(0, 5, 15)] // 1 + 2 + 3 + 4 + 5
    [InlineData(10, 3, 36)] // 11 + 12 + 13
    [InlineData(0, 1, 1)]
    public void Causal_pairs_are_counted_once(int past, int fresh, double pairs) =>
        Assert.Equal(pairs, default(AttentionSpan).Pairs(past, fresh));

    [Fact]
    public void A_window_and_a_chunk_cut_the_pairs()
    {
        Assert.Equal(1 + 2 + 3 + 3 + 3, new AttentionSpan(3, 0, 0).Pairs(0, 5));
        Assert.Equal(3 + 3, new AttentionSpan(3, 0, 0).Pairs(7, 2));
        Assert.Equal(1 + 2 + 3 + 1 + 2, new AttentionSpan(0, 3, 0).Pairs(0, 5));
        Assert.Equal(1 + 2 + 2 + 2, new AttentionSpan(0, 0, 2).Pairs(0, 4));

        // Tokens 6 to 10 with a window of 4 see positions 3 to 10: eight keys; with chunks of 4 positions 5 to 10.
        Assert.Equal(8, new AttentionSpan(4, 0, 0).Reads(5, 5));
        Assert.Equal(6, new AttentionSpan(0, 4, 0).Reads(5, 5));
    }

    [Fact]
    public void Closed_form_equals_a_walk_over_the_positions()
    {
        Gen<(AttentionSpan, int, int, int, int)> cases =
            from kind in Gen.Choose(0, 3)
            from cap in Gen.Choose(1, 40)
            from prompt in Gen.Choose(1, 90)
            from steps in Gen.Choose(1, 150)
            from beams in Gen.Choose(1, 4)
            from queries in Gen.Choose(1, 6)
            select (new AttentionSpan(kind == 1 ? cap : 0, kind == 2 ? cap : 0, kind == 3 ? cap : 0), prompt, steps, beams, queries);
        Prop.ForAll(cases.ToArbitrary(), Check).Check(Config.QuickThrowOnFailure.WithMaxTest(3000));
    }

    [Fact]
    public void A_hundred_thousand_steps_take_a_handful_of_pieces()
    {
        ContextSeries series = new(new(0, 8192, 0), 1);
        series.SetDecode(1000, 100_000, 1, 1);
        Assert.InRange(series.Pieces.Length, 1, 3);
    }

    private static void Check((AttentionSpan Span, int Prompt, int Steps, int Beams, int Queries) x)
    {
        const int requests = 3;
        ContextSeries series = new(x.Span, x.Queries);
        series.SetDecode(x.Prompt, x.Steps, x.Beams, requests);
        double pairs = 0;
        double reads = 0;
        for (int past = x.Prompt; past < x.Prompt + x.Steps; past++)
        {
            (double stepPairs, double stepReads) = Walk(x.Span, x.Prompt, past, x.Queries, x.Beams);
            pairs += requests * stepPairs;
            reads += requests * stepReads;
        }

        Assert.Equal(x.Steps, series.Pieces.ToArray().Sum(piece => piece.Steps * piece.Repeats));
        Assert.Equal(pairs, series.MeanPairs * x.Steps, 1e-6);
        Assert.Equal(reads, series.MeanReads * x.Steps, 1e-6);
    }

    /// <summary>Pairs and distinct keys of one step, position by position.</summary>
    private static (double Pairs, double Reads) Walk(AttentionSpan span, int prompt, int past, int queries, int beams)
    {
        double pairs = 0;
        HashSet<int> seen = [];
        for (int q = past; q < past + queries; q++)
        {
            for (int k = 0; k <= q; k++)
            {
                bool visible = (span.Window == 0 || k > q - span.Window) && (span.Chunk == 0 || k / span.Chunk == q / span.Chunk);
                pairs += visible ? 1 : 0;
                if (visible)
                {
                    seen.Add(k);
                }
            }
        }

        if (span.TopK > 0)
        {
            double kept = Enumerable.Range(past + 1, queries).Sum(context => Math.Min(context, span.TopK));
            return (beams * kept, beams * Math.Min(past + queries, kept));
        }

        int shared = seen.Count(k => k < prompt);
        return (beams * pairs, shared + (beams * (seen.Count - shared)));
    }
}
