using System.CommandLine;
using System.CommandLine.Parsing;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Settings;
using Inferometer.Core;

namespace Inferometer.Cli.Commands;

/// <summary>Says in the words of this program what is wrong with a command line, before its command runs.</summary>
internal static class CommandLineCheck
{
    /// <summary>Checks a parsed command line.</summary>
    /// <param name="parsed">What it was taken for.</param>
    /// <param name="args">The same as it was given.</param>
    /// <exception cref="UsageException">The command line is wrong.</exception>
    /// <exception cref="InferometerException">A file or folder that it names is not there, or is the other of the two.</exception>
    public static void Require(ParseResult parsed, IReadOnlyList<string> args)
    {
        if ((Valued(parsed.CommandResult.Command, args) ?? Explain(parsed)) is { } fault)
        {
            throw new UsageException(fault);
        }

        PathCheck.Require(parsed);
    }

    /// <summary>
    /// How a command is called; the root is named after the executable, which is another one in tests and under 'dotnet'.
    /// </summary>
    public static string PathOf(Command command) =>
        command is RootCommand ? "inferometer" : $"{PathOf(command.Parents.OfType<Command>().First())} {command.Name}";

    private static string? Explain(ParseResult parsed) =>
        Unreadable(parsed) ?? Unknown(parsed) ?? Incomplete(parsed) ?? (parsed.Errors.Count > 0 ? parsed.Errors[0].Message : null);

    // The parser would take the value for the next argument.
    private static string? Valued(Command command, IReadOnlyList<string> args)
    {
        string[] names = [.. command.Options.OfType<FlagOption>().SelectMany(o => o.Aliases.Append(o.Name))];
        return args.TakeWhile(a => a is not "--")
            .FirstOrDefault(
                a => names.Any(
                    n => a.StartsWith(n + '=', StringComparison.Ordinal) || a.StartsWith(n + ':', StringComparison.Ordinal))) is { } wrong
            ? $"{Domains.Quote(wrong)}: '{wrong.Split('=', ':')[0]}' takes no value; it is on where it is given."
            : null;
    }

    // The system ends texts there; what is left would be another value than the one given.
    private static string? Unreadable(ParseResult parsed) =>
        parsed.Tokens.FirstOrDefault(t => t.Value.Contains('\0', StringComparison.Ordinal)) is { } token
        ? $"'{token.Value}' holds a zero character, which no value may."
        : null;

    // A mistyped option may have been taken for an optional argument, and what follows it for too much; behind -- nothing is an option.
    private static string? Unknown(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;
        string[] taken = parsed.Tokens.Any(t => t.Type == TokenType.DoubleDash)
            ? []
            : [.. parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(a => a.Tokens).Select(t => t.Value)];
        bool tooMany = parsed.UnmatchedTokens.Count > 0;
        string? wrong = taken.FirstOrDefault(t => t.StartsWith("--", StringComparison.Ordinal))
            ?? taken.FirstOrDefault(t => tooMany && t is ['-', var letter, ..] && char.IsAsciiLetter(letter))
            ?? parsed.UnmatchedTokens.FirstOrDefault();
        if (wrong is null)
        {
            return null;
        }

        bool option = wrong.StartsWith('-');
        IEnumerable<string> known = option
            ? command.Options.Where(o => !o.Hidden).SelectMany(o => o.Aliases.Append(o.Name))
                .Where(n => n.StartsWith("--", StringComparison.Ordinal))
            : command.Subcommands.Select(c => c.Name);
        string what = option ? "an option" : command.Subcommands.Count > 0 ? "a command" : "expected";
        string where = option || command.Subcommands.Count > 0 ? $" of '{PathOf(command)}'" : "";
        string advice = wrong is "-m" or "--model" && command.Arguments.FirstOrDefault(a => a.Name is "MODEL") is { } model
            ? $" {model.Name} is given by itself: '{PathOf(command)} {model.Name}'."
            : NameSuggestion.For(wrong, known);
        return $"{Domains.Quote(wrong)} is not {what}{where}.{advice}";
    }

    private static string? Incomplete(ParseResult parsed)
    {
        CommandResult result = parsed.CommandResult;
        if (result.Command is { Subcommands.Count: > 0, Action: null })
        {
            return $"Say which of {Domains.Listed([.. result.Command.Subcommands.Select(c => c.Name)])}.";
        }

        foreach (Option option in result.Command.Options)
        {
            OptionResult? given = parsed.GetResult(option) is { Implicit: false } some ? some : null;
            if (given is null && option.Required)
            {
                return $"'{option.Name}' is missing; it must be given.";
            }

            if (given is not null && option.Arity.MinimumNumberOfValues > 0 && given.Tokens.Count < given.IdentifierTokenCount)
            {
                return $"'{option.Name}' needs a value, {option.HelpName}.";
            }

            if (given is { IdentifierTokenCount: > 1 } && option.Arity.MaximumNumberOfValues == 1)
            {
                return $"'{option.Name}' is given {given.IdentifierTokenCount} times; it may be given once.";
            }
        }

        return result.Command.Arguments.FirstOrDefault(
            a => a.Arity.MinimumNumberOfValues > 0 && parsed.GetResult(a) is null or { Tokens.Count: 0 }) is { } argument
            ? $"{argument.Name} is missing{OrderOf(result.Command)}."
            : null;
    }

    // Which of several it is that was given, only their order says.
    private static string OrderOf(Command command) => command.Arguments.Count > 1
        ? $"; it is '{command.Name} {string.Join(' ', command.Arguments.Select(a => a.Name))}'"
        : "";
}
