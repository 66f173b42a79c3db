using System.CommandLine;
using System.CommandLine.Parsing;
using Inferometer.Cli.Commands;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;

namespace Inferometer.Cli.Tests.Commands;

public class HelpTests
{
    private static readonly RootCommand Root = CommandTree.Create(new Printer(TextWriter.Null, TextWriter.Null));

    private static readonly string[] UserFiles = [".yaml", ".jsonl", ".json", ".gguf", ".csv"];

    // They read what runs of the user have kept, or run until it is decided.
    private static readonly string[] OfHistory = ["history", "show", "report", "diff", "gate", "ab"];

    public static TheoryData<string> Commands => [.. Root.Subcommands.Select(c => c.Name)];

    public static TheoryData<string> Examples => [.. Root.Subcommands.OfType<ExampleCommand>().SelectMany(c => c.Examples)];

    [Fact]
    public async Task The_program_lists_its_commands()
    {
        CommandRun run = (await CommandRun.Of("--help")).Succeeded();
        Assert.All(Root.Subcommands, c => Assert.Contains("  " + c.Name, run.Output, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Help_is_asked_for_as_a_command_too()
    {
        Assert.Equal((await CommandRun.Of("--help")).Output, (await CommandRun.Of("help")).Succeeded().Output);
        string help = (await CommandRun.Of("sweep", "show", "--help")).Output;
        Assert.Equal(help, (await CommandRun.Of("help", "sweep", "show")).Succeeded().Output);
    }

    [Fact]
    public async Task Without_a_command_the_help_is_shown_and_the_code_says_so()
    {
        CommandRun run = await CommandRun.Of();
        Assert.Contains("Commands:", run.Output, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Usage, run.Code);
    }

    [Theory]
    [MemberData(nameof(Commands))]
    public async Task Every_command_has_help_with_examples_and_describes_every_option(string name)
    {
        CommandRun run = (await CommandRun.Of(name, "--help")).Succeeded();
        ExampleCommand command =
            Root.Subcommands.OfType<ExampleCommand>().Single(c => string.Equals(c.Name, name, StringComparison.Ordinal));
        Assert.NotEmpty(command.Examples);
        string unfolded = run.Output.ReplaceLineEndings("\n").Replace(" \\\n    ", " ", StringComparison.Ordinal);
        Assert.All(command.Examples, e => Assert.Contains("  " + e, unfolded, StringComparison.Ordinal));
        Assert.All(command.Options.Where(o => !o.Hidden), o => Assert.False(string.IsNullOrWhiteSpace(o.Description)));
        Assert.All(run.OutputLines, l => Assert.InRange(l.Length, 0, 130));
    }

    [Theory]
    [MemberData(nameof(Examples))]
    public async Task Every_example_works(string example)
    {
        string[] words = [.. CommandLineParser.SplitCommandLine(example)];
        Assert.Equal("inferometer", words[0]);
        bool isOfUser = words.Any(
            w => w.StartsWith("./", StringComparison.Ordinal) || UserFiles.Any(e => w.EndsWith(e, StringComparison.Ordinal)));
        if (isOfUser || words[1] is "serve" or "mcp" || OfHistory.Contains(words[1], StringComparer.Ordinal)
            || words.Contains("--url", StringComparer.Ordinal))
        {
            // Names a file or a server of the user's, or works until it is stopped; what it does is tested elsewhere. Here: the line is
            // well-formed.
            Assert.Empty(Root.Parse(words[1..]).Errors);
            return;
        }

        CommandRun run = await CommandRun.Of(words[1..]);
        Assert.NotEmpty((words.Contains("--verbose", StringComparer.Ordinal) ? run with { Error = "" } : run).Succeeded().Output);
    }

    [Fact]
    public async Task The_version_names_commit_and_runtime()
    {
        CommandRun run = (await CommandRun.Of("--version")).Succeeded();
        Assert.Matches(@"^inferometer \d+\.\d+\.\d+\S*, commit \S+, \.NET 10\.\S+, \S+\s*$", run.Output);
    }
}
