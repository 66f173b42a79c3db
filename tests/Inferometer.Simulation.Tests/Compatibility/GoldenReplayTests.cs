using Inferometer.Core;
using Inferometer.Simulation.Compatibility.Golden;

namespace Inferometer.Simulation.Tests.Compatibility;

public sealed class GoldenReplayTests
{
    private const string Case =
        """{"id":"c1","engine":"genz","phase":"collective","inputs":{"op":"send","bytes":1073741824,"""
        + """ "link_bw_gibs":1,"link_latency_us":0},"status":"ok","outputs":{"time_ms":TIME}}""";

    [Theory]
    [InlineData("1000", 0)]
    [InlineData("800", 0.25)]
    [InlineData("0", double.PositiveInfinity)]
    public void The_worst_error_is_relative_to_what_was_recorded(string recordedMs, double error)
    {
        // One GiB over a GiB/s takes a second.
        GoldenOutcome outcome = Assert.Single(GoldenReplay.Run([Case.Replace("TIME", recordedMs, StringComparison.Ordinal)], []));

        Assert.Equal((GoldenVerdict.Compared, 1), (outcome.Verdict, outcome.FieldsCompared));
        Assert.Equal(error, outcome.WorstRelativeError, 12);
    }

    [Fact]
    public void A_phase_that_is_not_reproduced_is_counted_as_such()
    {
        string line = Case.Replace(
            "\"collective\"", "\"cpu_prefill\"", StringComparison.Ordinal).Replace("TIME", "1", StringComparison.Ordinal);

        GoldenSummary summary = Assert.Single(GoldenSummary.Of(GoldenReplay.Run([line, ""], [])));

        Assert.Equal((0, 1, null), (summary.Compared, summary.Unsupported, summary.Worst));
    }

    [Theory]
    [InlineData("{not json")]
    [InlineData("""{"id":"c1"}""")]
    public void A_line_that_is_no_case_is_refused(string line)
    {
        Assert.Throws<InferometerException>(() => GoldenReplay.Run([line], []));
    }
}
