using Inferometer.ModelFiles.Fuzzing;

namespace Inferometer.Tests;

/// <summary>The one test of every reader that strangers' bytes reach: sound inputs are taken, damaged ones are taken or refused.</summary>
internal static class DamagedInputs
{
    /// <summary>Names of targets, for a theory.</summary>
    public static TheoryData<string> NamesOf(IEnumerable<FuzzTarget> targets) => [.. targets.Select(target => target.Name)];

    /// <summary>
    /// Checks one target: it takes its seeds, and of inputs made from them some (not necessarily all are damaged) and never fails otherwise
    /// than by a refusal.
    /// </summary>
    public static void AreRefused(IEnumerable<FuzzTarget> targets, string name, int inputs = 3000)
    {
        FuzzTarget target = targets.Single(one => string.Equals(one.Name, name, StringComparison.Ordinal));
        Assert.All(target.Seeds, target.Read);
        FuzzReport report = new FormatFuzzer(target, seed: 1).Run(inputs, TestContext.Current.CancellationToken);
        Assert.True(report.Failures.Count == 0, report.Failures.Count == 0 ? "" : report.Failures[0].Fault);
        Assert.InRange(report.Accepted, 1, inputs);
    }
}
