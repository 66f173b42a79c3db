using Inferometer.Inference.Constraints.Fuzzing;
using Inferometer.ModelFiles.Fuzzing;

namespace Inferometer.Inference.Tests.Constraints.Fuzzing;

public sealed class ConstraintTargetsTests
{
    public static TheoryData<string> Targets => [.. ConstraintTargets.All.Select(target => target.Name)];

    private static FuzzTarget Target(string name) =>
        ConstraintTargets.All.Single(target => string.Equals(target.Name, name, StringComparison.Ordinal));

    [Theory]
    [MemberData(nameof(Targets))]
    public void Sound_files_are_taken(string name)
    {
        FuzzTarget target = Target(name);
        Assert.All(target.Seeds, seed => target.Read(seed));
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void Damaged_files_are_taken_or_refused_and_nothing_else(string name)
    {
        FuzzReport report = new FormatFuzzer(Target(name), seed: 11).Run(4000, TestContext.Current.CancellationToken);
        Assert.Empty(report.Failures);
        Assert.InRange(report.Accepted, 1, 3999);
    }
}
