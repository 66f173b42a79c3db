using Inferometer.Cli.Hosting;

namespace Inferometer.Cli.Tests.Recording;

public sealed class AbCommandTests
{
    [Fact]
    public async Task Two_benches_run_by_turns_in_processes_of_their_own()
    {
        CommandRun same = await CommandRun.Of(
            "ab", "bench -p 8 -n 0 -r 1 --warm-up 0", "bench -p 8 -n 0 -r 1 --warm-up 0 -t 1", "--rounds", "2", "-f", "json");
        Assert.True(same.Code == ExitCode.Success, same.Error);
        Assert.Contains("\"metric\": \"pp8\"", same.Output, StringComparison.Ordinal);
        Assert.Contains("\"round\": 2", same.Output, StringComparison.Ordinal);
    }

    // Before either has run: that would take minutes, and a file that is not there would be told of.
    [Theory]
    [InlineData("bench nowhere.gguf -p 8 -n 0", "bench nowhere.gguf -p 64 -n 0", null, "A times pp8, and B pp64: no test is in both")]
    [InlineData("bench -p 8,64 -n 0", "bench -p 64 -n 0", "pp8", "--metric: 'pp8' is not a figure of both")]
    [InlineData("bench -p 8 -n 0 -t 1,2", "bench -p 8 -n 0 -t 1", null, "A times pp8 t1, pp8 t2, and B pp8: no test is in both")]
    [InlineData("bench -p 8", "load --users 1", null, "A is bench and B is load: they have no figure in common")]
    public async Task Two_that_have_no_figure_in_common_are_not_run(string a, string b, string? metric, string complaint)
    {
        CommandRun run = await CommandRun.Of(["ab", a, b, .. metric is null ? Array.Empty<string>() : ["--metric", metric]]);
        Assert.Equal(ExitCode.Usage, run.Code);
        Assert.Contains(complaint, Assert.Single(run.Complaints), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bench -p 8", "estimate x", "B: it must be a command line of bench or load")]
    [InlineData("bench --store x", "bench", "A: --store cannot be run by turns")]
    [InlineData("bench 'x", "bench", "A: a quote ' is not closed")]
    [InlineData("", "bench", "A: it must be a command line")]
    public async Task Other_command_lines_are_refused(string a, string b, string complaint)
    {
        CommandRun run = await CommandRun.Of("ab", a, b);
        Assert.Equal(ExitCode.Usage, run.Code);
        Assert.Contains(complaint, Assert.Single(run.Complaints), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bench --foo", "bench --foo: '--foo' is not an option of 'inferometer bench'. See 'inferometer bench --help'.")]
    [InlineData("load --users 0", "from 1 to 10000000. See 'inferometer load --help'.")]
    public async Task A_wrong_option_of_a_side_is_said_once_with_where_its_help_is(string a, string complaint)
    {
        CommandRun run = await CommandRun.Of("ab", a, a.StartsWith("load", StringComparison.Ordinal) ? "load --users 1" : "bench -p 8");
        Assert.Equal(ExitCode.Usage, run.Code);
        Assert.EndsWith(complaint, Assert.Single(run.Complaints), StringComparison.Ordinal);
        Assert.DoesNotContain("inferometer ab", run.Error, StringComparison.Ordinal);
    }
}
