using Inferometer.Core;
using Inferometer.Scheduling;

namespace Inferometer.Serving.Tests;

public sealed class SloTests
{
    [Fact]
    public void Limits_are_read_with_units_percentiles_and_spaces()
    {
        SloLimit first = new(LatencyMetric.TimeToFirstToken, 0.5);
        Assert.Equal(new Slo([first, new(LatencyMetric.TimePerOutputToken, 0.04)]), Slo.Parse("ttft<500ms,tpot<40ms"));
        Assert.Equal(new Slo([new(LatencyMetric.TimeToFirstToken, 0.5, 95)]), Slo.Parse("p95 ttft < 0.5s"));
        SloLimit gaps = new(LatencyMetric.InterTokenLatency, 25e-6, 99.9);
        Assert.Equal(new Slo([gaps, new(LatencyMetric.EndToEnd, 2)]), Slo.Parse(" P99.9 ITL <= 25us , e2e<2 s"));
    }

    [Theory]
    [InlineData("ttft<500ms,tpot<40ms")]
    [InlineData("p99.9 itl<0.1us,e2e<3s")]
    public void What_it_writes_it_reads(string text) => Assert.Equal(Slo.Parse(text), Slo.Parse(Slo.Parse(text).ToString()));

    [Theory]
    [InlineData("ttft<500ms,tpo<40ms", "in 'tpo<40ms': unknown metric \"tpo\"; known are ttft, tpot, itl, e2e")]
    [InlineData("ttft=500ms", "it has no \"<\"")]
    [InlineData("ttft<500", "\"500\" has no unit; allowed are us, ms, s")]
    [InlineData("ttft<5min", "unknown unit \"min\"")]
    [InlineData("ttft<ms", "\"\" is no number above 0")]
    [InlineData("ttft<0ms", "\"0\" is no number above 0")]
    [InlineData("ttft<-3ms", "\"-3\" is no number above 0")]
    [InlineData("ttft<0,5s", "in 'ttft<0': \"0\" has no unit")]
    [InlineData("q95 ttft<1s", "\"q95\" is no percentile")]
    [InlineData("p101 ttft<1s", "\"p101\" is no percentile")]
    [InlineData("all p95 ttft<1s", "before \"<\" stands a metric")]
    [InlineData("p95 ttft:1s p95 tpot:20ms", "it holds two limits; separate them by commas, as in \"ttft<500ms,tpot<40ms\"")]
    [InlineData("<1s", "before \"<\" stands a metric")]
    [InlineData("ttft<1s,ttft<2s", "ttft is limited twice")]
    [InlineData("", "a limit is missing")]
    [InlineData("ttft<1s,", "service level 'ttft<1s,': a limit is missing")]
    public void A_malformed_part_is_named_with_what_is_allowed(string text, string expected) =>
        Assert.Contains(expected, Assert.Throws<InferometerException>(() => Slo.Parse(text)).Message, StringComparison.Ordinal);

    /// <summary>Tokens at 125, 250 and 500 ms: TTFT 125 ms, gaps of 125 and 250 ms, TPOT 187.5 ms, E2E 500 ms.</summary>
    [Theory]
    [InlineData("ttft<125ms", true)] // at the limit
    [InlineData("ttft<124ms", false)]
    [InlineData("tpot<187ms", false)]
    [InlineData("tpot<188ms", true)]
    [InlineData("itl<249ms", false)] // the longest gap counts
    [InlineData("itl<250ms", true)]
    [InlineData("e2e<499ms", false)]
    [InlineData("p50 e2e<499ms", false)] // a request has no percentile: it keeps the limit or not
    [InlineData("ttft<1s,e2e<499ms", false)]
    public void A_request_is_judged_by_every_limit(string slo, bool expected) =>
        Assert.Equal(expected, Slo.Parse(slo).IsKeptBy(Timeline(FinishReason.Length, 0.125, 0.25, 0.5)));

    [Fact]
    public void A_request_that_did_not_complete_or_gave_nothing_keeps_no_level()
    {
        Slo slo = Slo.Parse("ttft<10s,tpot<1us");
        Assert.True(slo.IsKeptBy(Timeline(FinishReason.Stop, 1))); // one token has no TPOT
        Assert.False(slo.IsKeptBy(Timeline(FinishReason.Cancelled, 1)));
        Assert.False(slo.IsKeptBy(Timeline(FinishReason.Length)));
    }

    [Fact]
    public void A_service_meets_its_level_when_the_percentile_named_does()
    {
        RequestTimeline[] timelines = [.. Enumerable.Range(1, 11).Select(i => Timeline(FinishReason.Length, i))]; // p90 is 10, the most 11
        Assert.True(Slo.Parse("p90 ttft<10s").IsMetBy(timelines));
        Assert.False(Slo.Parse("p95 ttft<10s").IsMetBy(timelines));
        Assert.False(Slo.Parse("ttft<10s").IsMetBy(timelines));
        Assert.True(Slo.Parse("ttft<11s,tpot<1us").IsMetBy(timelines));
    }

    private static RequestTimeline Timeline(FinishReason reason, params double[] tokens) => new()
    {
        Id = 1,
        ArrivalSeconds = 0,
        FinishSeconds = 20,
        FinishReason = reason,
        PromptTokens = 1,
        Deliveries = [.. tokens.Select(t => new TokenDelivery(t, 1))],
    };
}
