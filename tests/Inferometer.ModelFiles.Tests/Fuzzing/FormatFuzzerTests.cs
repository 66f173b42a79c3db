using System.Text;
using Inferometer.Core;
using Inferometer.ModelFiles.Fuzzing;

namespace Inferometer.ModelFiles.Tests.Fuzzing;

public sealed class FormatFuzzerTests
{
    public static TheoryData<string> Targets => [.. FormatTargets.All.Select(target => target.Name)];

    [Theory]
    [MemberData(nameof(Targets))]
    public void Damaged_files_are_refused_and_nothing_else_happens(string name)
    {
        FuzzTarget target = FormatTargets.All.Single(candidate => string.Equals(candidate.Name, name, StringComparison.Ordinal));
        FuzzReport report = new FormatFuzzer(target, seed: 1).Run(2000, TestContext.Current.CancellationToken);
        Assert.True(report.Failures.Count == 0, report.Failures.Count == 0 ? "" : report.Failures[0].Fault);
        Assert.Equal(2000, report.Tried);
        Assert.InRange(report.Accepted, 1, 1999); // some damage is harmless, most is not
    }

    [Theory]
    [MemberData(nameof(Targets))]
    public void The_files_it_starts_from_are_sound(string name)
    {
        FuzzTarget target = FormatTargets.All.Single(candidate => string.Equals(candidate.Name, name, StringComparison.Ordinal));
        Assert.All(target.Seeds, target.Read);
    }

    [Theory]
    [InlineData("{{ 'x'", " 'a b c'", "}}")]
    [InlineData("{{ 1 is not no", ".cen", "}}")]
    [InlineData("{{ 1 | no", ".cen", "}}")]
    [InlineData("{{ 'a b c'", ".title( )", "}}")]
    public void A_template_that_repeats_itself_takes_memory_as_it_is_long(string before, string repeated, string behind)
    {
        byte[] input = Encoding.UTF8.GetBytes(before + string.Concat(Enumerable.Repeat(repeated, 2000)) + behind);
        Attempt(FormatTargets.Template, input);
        long start = GC.GetAllocatedBytesForCurrentThread();
        Attempt(FormatTargets.Template, input);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - start, 1, 4 << 20);

        static void Attempt(FuzzTarget target, byte[] input)
        {
            try
            {
                target.Read(input);
            }
            catch (InferometerException)
            {
                return; // a name that there is not
            }
        }
    }

    [Fact]
    public void A_reader_that_lets_another_error_through_is_found()
    {
        FuzzTarget careless =
            new("careless", [new byte[16]], input => _ = input[15] == 0 ? 0 : throw new InvalidOperationException("boom"));
        FuzzReport report = new FormatFuzzer(careless, seed: 1).Run(1000, TestContext.Current.CancellationToken);
        Assert.Contains(report.Failures, failure => failure.Fault.StartsWith("IndexOutOfRangeException", StringComparison.Ordinal));
    }

    [Fact]
    public void A_reader_that_trusts_lengths_is_found()
    {
        FuzzTarget greedy =
            new("greedy", [new byte[16]], input =>
                _ = input.Length > 8 && input[8] > 1 ? new byte[64 << 20] : throw new InferometerException("too short"));
        FuzzReport report = new FormatFuzzer(greedy, seed: 1).Run(1000, TestContext.Current.CancellationToken);
        Assert.Contains(report.Failures, failure => failure.Fault.StartsWith("allocated", StringComparison.Ordinal));
    }
}
