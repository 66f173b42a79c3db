using System.CommandLine;
using Inferometer.Cli.Commands;
using Inferometer.Cli.Models;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.ReferenceModels;

namespace Inferometer.Cli.Tests.Commands;

/// <summary>Every command that does something, and command lines that are right but for what a test adds.</summary>
internal static class CommandWords
{
    /// <summary>A tree to look at; options are told by their names.</summary>
    public static RootCommand Root { get; } = CommandTree.Create(new Printer(TextWriter.Null, TextWriter.Null));

    /// <summary>Commands with their words: <c>compress build</c>.</summary>
    public static IReadOnlyDictionary<string,
        Command> All
    { get; } = Leaves(Root, "").ToDictionary(c => c.Words, c => c.Command, StringComparer.Ordinal);

    /// <summary>A tree whose commands do nothing.</summary>
    public static RootCommand CreateIdle()
    {
        RootCommand root = CommandTree.Create(new Printer(TextWriter.Null, TextWriter.Null));
        foreach ((_, Command command) in Leaves(root, ""))
        {
            command.SetAction(new Func<ParseResult, int>(_ => 0));
        }

        return root;
    }

    /// <summary>All pairs of a command and one of its options that <paramref name="which"/> takes.</summary>
    public static TheoryData<string, string> Options(Func<Option, bool> which) =>
        new(All.SelectMany(c => c.Value.Options.Where(o => o is IDeclared && which(o)).Select(o => (c.Key, o.Name))));

    /// <summary>All pairs of a command and one of its options or arguments that name a file, folder or entry of the catalog.</summary>
    public static TheoryData<string, string> Paths(params PathUse[] uses) => new(All.SelectMany(
        c => c.Value.Options.OfType<IPathInput>().Concat(c.Value.Arguments.OfType<IPathInput>()).Where(p => uses.Contains(p.Use))
            .Select(p => (c.Key, p.Label))));

    /// <summary>An option of a command.</summary>
    public static Option Find(string words, string option) =>
        All[words].Options.Single(o => string.Equals(o.Name, option, StringComparison.Ordinal));

    /// <summary>A command line with everything that must be there, and an option or argument given as the test wants it.</summary>
    public static string[] Line(TemporaryFolder folder, string words, string label, params string[] given)
    {
        Command command = All[words];
        string text = folder.Write("tale.txt", "Once upon a time."u8.ToArray());
        IEnumerable<string> arguments =
            command.Arguments.OfType<IPathInput>().SelectMany(a => string.Equals(a.Label, label, StringComparison.Ordinal)
            ? given
            : a.Use switch
            {
                PathUse.ReadFile => [text],
                PathUse.ReadFolder => [folder.Path],
                PathUse.Model => [ModelLocation.BundledPath],
                _ when words is "estimate" or "compare" or "explain" or "simulate" or "watch" => ["llama-3.1-8b"],
                _ => (string[])[],
            });
        IEnumerable<string> options =
            command.Options.Where(o => !string.Equals(o.Name, label, StringComparison.Ordinal)).SelectMany(o => o switch
        {
            PathOption { Required: true, Use: PathUse.WriteFile } => [o.Name, folder.File("new.gguf")],
            PathOption { Required: true, Use: PathUse.ReadFolder } => [o.Name, folder.Path],
            PathOption { Required: true } => [o.Name, text],
            ValueOption<int> { Required: true } => [o.Name, "0"],
            { Required: true } => [o.Name, "q8_0"],
            SystemOption => [o.Name, "h100"],
            _ => (string[])[],
        });
        string[] prompt = words is "run" && label is not "--prompt" ? ["-p", "Once"] : [];
        string[] load = words is "simulate" && label is not ("--rate" or "--users" or "--trace") ? ["--rate", "1"] : [];
        string[] service = words is "watch" && label is not "--url" ? ["--url", "http://127.0.0.1:1"] : [];
        string[] measured = words is "explain" && label is not "--ttft" ? ["--ttft", "900"] : [];
        string[] runs = words is "report" ? ["latest"] : [];
        string[] last = label.StartsWith('-') ? given : [];
        return [.. words.Split(' '), .. arguments, .. runs, .. options, .. prompt, .. load, .. service, .. measured, .. last];
    }

    // A command may do something itself and have others below it.
    private static IEnumerable<(string Words, Command Command)> Leaves(Command command, string words) =>
    [
        .. command.Action is not null && command is not RootCommand || command.Subcommands.Count == 0
            ? [(words.TrimStart(), command)]
            : Array.Empty<(string, Command)>(),
        .. command.Subcommands.SelectMany(c => Leaves(c, $"{words} {c.Name}")),
    ];
}
