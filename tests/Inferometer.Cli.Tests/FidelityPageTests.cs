using System.Text;
using Inferometer.ReferenceModels;
using Inferometer.Tests;

namespace Inferometer.Cli.Tests;

/// <summary>
/// Each figure of docs/fidelity.md, and those of README.md and docs/explain.md that are captured alike, is what its command prints. After
/// a change of a cost model, run this test once with INFEROMETER_WRITE_DOCS=1 in the environment: that writes the figures anew, and the
/// difference is seen in review.
/// </summary>
public sealed class FidelityPageTests
{
    private const string Fence = "```\n";
    private static readonly string[] Prompts = ["$ inferometer validate ", "$ inferometer explain ", "$ inferometer calibrate "];
    private const string HeldOut = " --hold-out "; // many fits, a minute or two: only when the page is written
    private const string Own = "./mine"; // the folder of one's own that the commands of a block share
    private const string Paragraph = "\n\n";

    [Theory]
    [InlineData("docs/fidelity.md", 11)]
    [InlineData("docs/explain.md", 1)]
    [InlineData("README.md", 1)]
    public async Task Tables_on_the_page_are_what_their_commands_print(string file, int least)
    {
        string path = Path.Combine(SharedFolder.RepositoryRoot, file);
        bool writes = Environment.GetEnvironmentVariable("INFEROMETER_WRITE_DOCS") is "1";
        string page = await File.ReadAllTextAsync(path, TestContext.Current.CancellationToken);
        string[] parts = page.Split(Fence);
        StringBuilder renewed = new(parts[0]);
        int captures = 0;
        for (int i = 1; i < parts.Length; i++)
        {
            bool isCapture = i % 2 == 1 && parts[i].Contains("\n...\n", StringComparison.Ordinal)
                && Prompts.Any(p => parts[i].StartsWith(p, StringComparison.Ordinal))
                && (writes || !parts[i].Contains(HeldOut, StringComparison.Ordinal));
            captures += isCapture ? 1 : 0;
            renewed.Append(Fence).Append(isCapture ? await Renew(parts[i]) : parts[i]);
        }

        if (writes)
        {
            await File.WriteAllTextAsync(path, renewed.ToString(), TestContext.Current.CancellationToken);
            page = renewed.ToString();
        }

        Assert.True(captures >= least, $"{captures} captures");
        Assert.Equal(renewed.ToString().Split('\n'), page.Split('\n'));
    }

    // One command or several, a line of dots, then those of their tables whose titles stand here.
    private static async Task<string> Renew(string block)
    {
        string[] parts = block.Split("\n...\n", 2);
        using TemporaryFolder folder = new();
        List<string> printed = [];
        foreach (string line in parts[0].Split('\n'))
        {
            string[] args = [.. line.Split(' ')[2..].Select(a =>
                a.EndsWith(".csv", StringComparison.Ordinal) ? Table(a) : a is Own ? folder.File("mine") : a)];
            printed.AddRange((await CommandRun.Of(args)).Succeeded().Output.Split(Paragraph));
        }

        IEnumerable<string> tables = parts[1].Split(Paragraph).Select(shown => Assert.Single(
            printed, p => string.Equals(Title(p), Title(shown), StringComparison.Ordinal)).TrimEnd());
        return $"{parts[0]}\n...\n{string.Join(Paragraph, tables)}\n";
    }

    private static string Title(string table) => table.Split('\n', 2)[0];

    private static string Table(string name) => name is "steps.csv" or "gemm.csv" or "attention.csv" or "llama_cpp.csv"
        ? SharedFolder.Require("reference/gpu/" + name)
        : SharedFolder.Require("reference/measurements/" + name);
}
