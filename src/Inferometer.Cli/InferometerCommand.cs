using System.CommandLine;
using Inferometer.Cli.Commands;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.Core;

namespace Inferometer.Cli;

/// <summary>The root of the command line: builds the command tree, runs it, and turns errors into one line and an exit code.</summary>
public static class InferometerCommand
{
    // Set to see where a fault of the program itself happened.
    private const string TraceVariable = "INFEROMETER_TRACE";
    private const int LongestMessage = 2000;

    /// <summary>Runs one command line.</summary>
    /// <param name="args">Arguments without the program name.</param>
    /// <param name="output">Where results go.</param>
    /// <param name="error">Where everything else goes.</param>
    /// <param name="cancellationToken">Stops the command.</param>
    /// <returns>The exit code; see <see cref="ExitCode"/>.</returns>
    public static Task<int> RunAsync(string[] args, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(args);
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(error);
        return RunAsync(() => CommandTree.Create(new Printer(output, error)), args, output, error, cancellationToken);
    }

    /// <summary>Runs one command line of a tree of commands. Whatever goes wrong becomes one line and an exit code.</summary>
    internal static async Task<int> RunAsync(
        Func<RootCommand> create, string[] args, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        ParseResult? parsed = null;
        try
        {
            EnvironmentCheck.Require(Environment.GetEnvironmentVariable);
            RootCommand root = create();
            InvocationConfiguration invocation = new()
            {
                Output = output,
                Error = error,
                EnableDefaultExceptionHandler = false,
                ProcessTerminationTimeout = null,
            };
            if (args.Length == 0)
            {
                await root.Parse("--help").InvokeAsync(invocation, cancellationToken).ConfigureAwait(false);
                return ExitCode.Usage;
            }

            // As other programs have it; no command is called help.
            args = args is ["help", .. { } asked] ? [.. asked, "--help"] : args;

            // A value may begin with @: it is no file of further arguments.
            parsed = root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });
            if (parsed.Action is not { ClearsParseErrors: true })
            {
                CommandLineCheck.Require(parsed, args);
            }

            return await parsed.InvokeAsync(invocation, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            (int code, string line) = Explain(fault, parsed);
            await error.WriteLineAsync(line).ConfigureAwait(false);
            return code;
        }
    }

    private static (int Code, string Line) Explain(Exception fault, ParseResult? parsed) => fault switch
    {
        UsageException => (
            ExitCode.Usage,
            $"error: {OneLine(fault.Message)}{HelpOf(fault, parsed!)}"),
        OperationCanceledException => (ExitCode.Cancelled, "cancelled"),
        InferometerException or IOException or UnauthorizedAccessException => (ExitCode.Failed, $"error: {OneLine(fault.Message)}"),
        InsufficientExecutionStackException or OutOfMemoryException => (ExitCode.Failed, "error: there is not enough memory for this."),
        AggregateException { InnerException: { } inner } => Explain(inner, parsed),
        _ => (ExitCode.Internal, OfTheProgram(fault)),
    };

    // A command that 'ab' ran has said already where its own help is.
    private static string HelpOf(Exception fault, ParseResult parsed) => fault.Message.EndsWith(" --help'.", StringComparison.Ordinal)
        ? ""
        : $" See '{CommandLineCheck.PathOf(parsed.CommandResult.Command)} --help'.";

    private static string OfTheProgram(Exception fault)
    {
        string trace = string.IsNullOrEmpty(Environment.GetEnvironmentVariable(TraceVariable))
            ? $"With {TraceVariable}=1 in the environment it says where."
            : fault.ToString();
        return $"error: a fault of inferometer itself, not of what was asked: {OneLine(fault.Message)} Please report it with the "
            + $"command line. {trace}";
    }

    // A message may quote what was given, which may be anything: no line ends and no control characters of a terminal.
    private static string OneLine(string message)
    {
        string line = string.Concat(message.ReplaceLineEndings(" ").Select(c => char.IsControl(c) ? '?' : c));
        return line.Length <= LongestMessage
            ? line
            : $"{line.AsSpan(0, LongestMessage / 2)} ... {line.AsSpan(line.Length - (LongestMessage / 2))}";
    }
}
