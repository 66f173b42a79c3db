using System.Diagnostics;
using Inferometer.Cli.Hosting;

namespace Inferometer.Cli.Tests;

/// <summary>What one command line printed and returned.</summary>
internal sealed record CommandRun(int Code, string Output, string Error)
{
    private static readonly string[] ProgressLines =
        ["estimates: ", "services: ", "loading ", "perplexity: ", "converting ", "writing ", "repetitions: ", "runs: ", "compress build: ",
            "timings: ", "imatrix: ", "answers: ", "planning: ", "models: ", "requests: ", "calibration: ", "fit: ", "validation: "];

    public static async Task<CommandRun> Of(params string[] args)
    {
        await using StringWriter output = new();
        await using StringWriter error = new();
        int code = await InferometerCommand.RunAsync(args, output, error, TestContext.Current.CancellationToken);
        return new CommandRun(code, output.ToString(), error.ToString());
    }

    /// <summary>
    /// In a process of its own, where the variable COLUMNS is <paramref name="columns"/>: tests must not change the environment of one
    /// another.
    /// </summary>
    public static async Task<CommandRun> OfWidth(string columns, params string[] args)
    {
        ProcessStartInfo start = new("dotnet", [typeof(InferometerCommand).Assembly.Location, .. args])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["COLUMNS"] = columns;
        using Process child = Process.Start(start)!;
        Task<string> error = child.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        string output = await child.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await child.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new CommandRun(child.ExitCode, output, await error);
    }

    /// <summary>As a user types it; no argument holds a blank.</summary>
    public static Task<CommandRun> OfLine(string line) => Of(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));

    public string[] OutputLines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    /// <summary>What stands on standard error besides progress, which a slow machine may show.</summary>
    public string[] Complaints =>
        [.. Error.Split(
            '\n', StringSplitOptions.RemoveEmptyEntries).Where(l => !ProgressLines.Any(p => l.StartsWith(p, StringComparison.Ordinal)))];

    /// <summary>The command did its work and complained about nothing.</summary>
    public CommandRun Succeeded()
    {
        Assert.Empty(Complaints);
        Assert.Equal(ExitCode.Success, Code);
        return this;
    }
}
