using Inferometer.History.Fuzzing;
using Inferometer.ModelFiles.Fuzzing;

namespace Inferometer.History.Tests.Fuzzing;

public sealed class HistoryTargetsTests
{
    public static TheoryData<string> Names => [.. HistoryTargets.All.Select(target => target.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Damaged_inputs_are_refused_and_nothing_else_happens(string name)
    {
        FuzzTarget target = HistoryTargets.All.Single(one => string.Equals(one.Name, name, StringComparison.Ordinal));
        Assert.All(target.Seeds, target.Read);
        FuzzReport report = new FormatFuzzer(target, seed: 1).Run(3000, TestContext.Current.CancellationToken);
        Assert.True(report.Failures.Count == 0, report.Failures.Count == 0 ? "" : report.Failures[0].Fault);
        Assert.InRange(report.Accepted, 1, 3000);
    }
}
