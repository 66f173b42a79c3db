using System.CommandLine;
using System.CommandLine.Parsing;
using Inferometer.Cli.Commands;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;
using Inferometer.Core;

namespace Inferometer.Cli;

/// <summary>The root of the command line: builds the command tree, runs it, and turns errors into one line and an exit code.</summary>
public static class InferometerCommand
{
    /// <summary>Runs one command line.</summary>
    /// <param name="args">Arguments without the program name.</param>
    /// <param name="output">Where results go.</param>
    /// <param name="error">Where everything else goes.</param>
    /// <param name="cancellationToken">Stops the command.</param>
    /// <returns>The exit code; see <see cref="ExitCode"/>.</returns>
    public static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(args);
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(error);
        RootCommand root = CommandTree.Create(new Printer(output, error));
        InvocationConfiguration invocation = new() { Output = output, Error = error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
        if (args.Length == 0)
        {
            await root.Parse("--help").InvokeAsync(invocation, cancellationToken).ConfigureAwait(false);
            return ExitCode.Usage;
        }

        ParseResult parsed = root.Parse(args);
        try
        {
            return parsed.Errors.Count == 0 || parsed.Action is { ClearsParseErrors: true }
                ? await parsed.InvokeAsync(invocation, cancellationToken).ConfigureAwait(false)
                : throw new UsageException(Explain(parsed));
        }
        catch (UsageException fault)
        {
            await error.WriteLineAsync($"error: {fault.Message} See '{PathOf(parsed.CommandResult.Command)} --help'.").ConfigureAwait(false);
            return ExitCode.Usage;
        }
        catch (Exception fault) when (fault is InferometerException or IOException or UnauthorizedAccessException)
        {
            await error.WriteLineAsync($"error: {OneLine(fault.Message)}").ConfigureAwait(false);
            return ExitCode.Failed;
        }
        catch (OperationCanceledException)
        {
            await error.WriteLineAsync("cancelled").ConfigureAwait(false);
            return ExitCode.Cancelled;
        }
    }

    private static string Explain(ParseResult parsed)
    {
        Command command = parsed.CommandResult.Command;

        // A mistyped option may have been taken for an optional argument, and what follows it for too much.
        IEnumerable<string> taken = parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(a => a.Tokens).Select(t => t.Value);
        string? wrong = taken.FirstOrDefault(t => t.StartsWith("--", StringComparison.Ordinal)) ?? parsed.UnmatchedTokens.FirstOrDefault();
        if (wrong is null)
        {
            return parsed.Errors[0].Message;
        }

        bool option = wrong.StartsWith('-');
        IEnumerable<string> known = option
            ? command.Options.SelectMany(o => o.Aliases.Append(o.Name)).Where(n => n.StartsWith("--", StringComparison.Ordinal))
            : command.Subcommands.Select(c => c.Name);
        string what = option ? "an option" : command.Subcommands.Count > 0 ? "a command" : "expected";
        string where = option || command.Subcommands.Count > 0 ? $" of '{PathOf(command)}'" : "";
        return $"'{wrong}' is not {what}{where}.{NameSuggestion.For(wrong, known)}";
    }

    // The root is named after the executable, which is another one in tests and under 'dotnet'.
    private static string PathOf(Command command) =>
        command is RootCommand ? "inferometer" : $"{PathOf(command.Parents.OfType<Command>().First())} {command.Name}";

    private static string OneLine(string message) => message.ReplaceLineEndings(" ");
}
