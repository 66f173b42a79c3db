using Inferometer.Tests;

namespace Inferometer.Cli.Tests;

/// <summary>
/// Each figure of docs/fidelity.md is what its command prints. After a change of a cost model, run the commands and paste what they print.
/// </summary>
public sealed class FidelityPageTests
{
    private const string Prompt = "$ inferometer validate ";
    private const string LeftOut = "...";

    public static TheoryData<string, string> Captures => new(Blocks().Select(b => (b[0][2..], string.Join('\n', b[2..]))));

    [Fact]
    public void Blocks_say_that_they_leave_something_out()
    {
        string[][] blocks = [.. Blocks()];
        Assert.True(blocks.Length > 10);
        Assert.All(blocks, b => Assert.Equal(LeftOut, b[1]));
    }

    [Theory]
    [MemberData(nameof(Captures))]
    public async Task A_table_on_the_page_is_what_its_command_prints(string line, string printed)
    {
        string[] args = [.. line.Split(' ')[1..].Select(a => a.EndsWith(".csv", StringComparison.Ordinal) ? Table(a) : a)];
        string output = (await CommandRun.Of(args)).Succeeded().Output;

        Assert.All(printed.Split("\n\n"), table => Assert.Contains(table, output, StringComparison.Ordinal));
    }

    private static string Table(string name) => name is "steps.csv" or "gemm.csv" or "attention.csv" or "llama_cpp.csv"
        ? SharedFolder.Require("reference/gpu/" + name)
        : SharedFolder.Require("reference/measurements/" + name);

    private static IEnumerable<string[]> Blocks()
    {
        string page = File.ReadAllText(Path.Combine(SharedFolder.RepositoryRoot, "docs", "fidelity.md"));
        return page.Split("```\n").Where((_, i) => i % 2 == 1).Where(b => b.StartsWith(Prompt, StringComparison.Ordinal))
            .Select(b => b.TrimEnd().Split('\n'));
    }
}
