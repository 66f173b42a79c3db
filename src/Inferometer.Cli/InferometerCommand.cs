using System.CommandLine;

namespace Inferometer.Cli;

/// <summary>The root of the command line: builds the command tree, runs it, and turns errors into one line and an exit code.</summary>
public static class InferometerCommand
{
    /// <summary>Runs one command line.</summary>
    /// <param name="args">Arguments without the program name.</param>
    /// <param name="output">Where results go.</param>
    /// <param name="error">Where everything else goes.</param>
    /// <param name="cancellationToken">Stops the command.</param>
    /// <returns>The exit code; see docs/commands.md.</returns>
    public static Task<int> RunAsync(string[] args, TextWriter output, TextWriter error, CancellationToken cancellationToken)
    {
        RootCommand root = new("Predicts and runs LLM inference, and shows the difference.");
        return root.Parse(args).InvokeAsync(new InvocationConfiguration { Output = output, Error = error }, cancellationToken);
    }
}
