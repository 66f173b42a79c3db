using System.CommandLine.Parsing;
using Inferometer.Tests;

namespace Inferometer.Cli.Tests;

/// <summary>
/// What the documentation shows is what the program does. After a change of output, run the command and paste what it prints.
/// </summary>
public class DocumentationTests
{
    private const string Run = "dotnet run -c Release --project src/Inferometer.Cli -- ";

    public static TheoryData<string> Commands =>
        [.. Blocks("docs/estimate.md").Where(b => !b[0].StartsWith("$ ", StringComparison.Ordinal)).SelectMany(b => b)
            .Where(l => l.StartsWith("inferometer ", StringComparison.Ordinal))];

    public static TheoryData<string, string> Captures => CapturesOf("docs/estimate.md");

    public static TheoryData<string, string> Plans => CapturesOf("docs/plan.md");

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Commands_in_the_guide_work(string line) =>
        Assert.NotEmpty((await CommandRun.Of(Words(line))).Succeeded().Output);

    [Theory]
    [MemberData(nameof(Captures))]
    public async Task Output_in_the_guide_is_what_is_printed(string line, string printed) =>
        Assert.Equal(printed, (await CommandRun.Of(Words(line))).Succeeded().Output.TrimEnd());

    // A hundred columns wide. Where nothing keeps the level asked for, the plan says so, and fails.
    [Theory]
    [MemberData(nameof(Plans))]
    public async Task A_plan_in_the_guide_is_what_is_printed(string line, string printed) =>
        Assert.Equal(printed.Split('\n'), (await CommandRun.OfWidth("100", Words(line))).Output.TrimEnd().Split('\n'));

    // Lines of dots stand for what is left out; what stands between two of them follows one another.
    [Fact]
    public async Task Output_in_the_readme_is_what_its_command_prints()
    {
        List<string[]> blocks = [.. Blocks("README.md")];
        string command = Assert.Single(blocks[0]);
        Assert.StartsWith(Run, command, StringComparison.Ordinal);
        string printed = "\n" + (await CommandRun.OfLine(command[Run.Length..])).Succeeded().Output;
        int from = 0;
        foreach (string part in string.Join('\n', blocks[1]).Split("\n..."))
        {
            string lines = $"\n{part.Trim('\n')}\n";
            int at = part.Length == 0 ? from : printed.IndexOf(lines, from, StringComparison.Ordinal);
            Assert.True(at >= 0, $"the command does not print, behind what comes before it:{lines}");
            from = part.Length == 0 ? at : at + lines.Length - 1;
        }

        Assert.InRange(blocks[1].Length, 10, 24); // the first screen
    }

    [Fact]
    public async Task The_other_command_of_the_readme_writes_something()
    {
        string command = Assert.Single(Blocks("README.md").ElementAt(2));
        string[] words = [.. CommandLineParser.SplitCommandLine(command[Run.Length..])];
        Assert.Equal("run", words[0]);

        // Which words come may differ between processors in the last digits of a sum, not how the answer begins.
        string shown = Blocks("README.md").ElementAt(3)[0];
        Assert.StartsWith(shown[..24], (await CommandRun.Of(words)).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void The_guide_names_every_metric_that_programs_call_otherwise_in_some_versions()
    {
        string guide = File.ReadAllText(Path.Combine(SharedFolder.RepositoryRoot, "docs/watch.md"));
        foreach (Measurement.Watch.WatchedProgram program in Measurement.Watch.WatchedPrograms.All)
        {
            foreach (Measurement.Watch.WatchedName name in program.Names.Values.SelectMany(n => n).Where(n => n.Versions is not null))
            {
                Assert.True(
                    program.Program is "TGI" || guide.Split('\n').Any(l => l.Contains($"`{name.Name}`", StringComparison.Ordinal)
                        && l.Contains($"| {name.Versions} |", StringComparison.Ordinal)),
                    $"docs/watch.md lacks {name.Name}, {name.Versions}");
            }

            Assert.Contains(program.Version, guide, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task The_configuration_file_in_the_guide_works()
    {
        string[] yaml = Blocks("docs/estimate.md").Single(b => b[0].StartsWith("model:", StringComparison.Ordinal));
        string file = Path.Combine(Directory.CreateTempSubdirectory("inferometer").FullName, "simulation.yaml");
        await File.WriteAllLinesAsync(file, yaml, TestContext.Current.CancellationToken);
        CommandRun run = (await CommandRun.Of("estimate", "--config", file)).Succeeded();
        Assert.Contains("Llama-3.1-8B on 2 x H100_SXM", run.Output, StringComparison.Ordinal);
    }

    private static TheoryData<string, string> CapturesOf(string file) =>
        new(Blocks(file).Where(b => b.Length > 1 && b[0].StartsWith("$ inferometer ", StringComparison.Ordinal))
            .Select(b => (b[0][2..], string.Join('\n', b[1..]))));

    // The lines between two fences.
    private static IEnumerable<string[]> Blocks(string file)
    {
        List<string>? block = null;
        foreach (string line in File.ReadLines(Path.Combine(SharedFolder.RepositoryRoot, file)))
        {
            if (line.StartsWith("```", StringComparison.Ordinal))
            {
                if (block is { Count: > 0 })
                {
                    yield return [.. block];
                }

                block = block is null ? [] : null;
            }
            else
            {
                block?.Add(line);
            }
        }
    }

    // As a shell takes the line apart.
    private static string[] Words(string line) => [.. CommandLineParser.SplitCommandLine(line).Skip(1)];
}
