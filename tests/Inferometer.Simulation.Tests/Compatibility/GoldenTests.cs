using Inferometer.Simulation.Compatibility.Golden;
using Inferometer.Tests;

namespace Inferometer.Simulation.Tests.Compatibility;

public sealed class GoldenTests
{
    private const double Tolerance = 1e-6;

    /// <summary>Counts are those of the recorded file: a reader that skipped cases would show here.</summary>
    [Theory]
    [InlineData("bud", "prefill", 134, 2)]
    [InlineData("bud", "decode", 161, 2)]
    [InlineData("bud", "chunked", 70, 0)]
    [InlineData("bud", "spec_decode", 7, 0)]
    [InlineData("bud", "collective", 45, 0)]
    [InlineData("bud", "spec_expected_tokens", 6, 0)]
    [InlineData("bud", "memory_report", 17, 0)]
    [InlineData("genz", "prefill", 26, 0)]
    [InlineData("genz", "decode", 36, 0)]
    [InlineData("genz", "chunked", 12, 0)]
    [InlineData("genz", "collective", 11, 0)]
    public void Recorded_cases_are_reproduced_field_by_field(string engine, string phase, int compared, int unsupported)
    {
        IEnumerable<string> cases = File.ReadLines(SharedFolder.Require("reference/genz/golden.jsonl"))
            .Where(l => l.Contains($"\"engine\":\"{engine}\"", StringComparison.Ordinal))
            .Where(l => l.Contains($"\"phase\":\"{phase}\"", StringComparison.Ordinal));
        IEnumerable<string> operators = File.ReadLines(SharedFolder.Require("reference/genz/golden_ops.jsonl"));

        IReadOnlyList<GoldenOutcome> outcomes = GoldenReplay.Run(cases, operators);

        Assert.All(outcomes, o => Assert.True(
            o.Verdict == GoldenVerdict.Unsupported || o.WorstRelativeError <= Tolerance,
            $"{o.Id}: off by {o.WorstRelativeError:E2}, {o.WorstField}"));
        GoldenSummary summary = Assert.Single(GoldenSummary.Of(outcomes));
        Assert.Equal((compared, unsupported), (summary.Compared, summary.Unsupported));
        Assert.All(outcomes.Where(o => o.Verdict == GoldenVerdict.Compared), o => Assert.True(o.FieldsCompared > 0, o.Id));
    }
}
