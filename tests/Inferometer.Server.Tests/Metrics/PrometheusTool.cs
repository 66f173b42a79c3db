using System.Diagnostics;

namespace Inferometer.Server.Tests.Metrics;

/// <summary>The programs of Debian's package prometheus.</summary>
internal static class PrometheusTool
{
    /// <summary>
    /// Where one is; skips the calling test where it is not installed, but not in the project's checks, which install it.
    /// </summary>
    public static string Require(string name)
    {
        string? path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
            .Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        Assert.SkipWhen(
            path is null && Environment.GetEnvironmentVariable("CI") is null,
            $"{name} is not on the path; Debian's package prometheus has it");
        return path!;
    }

    /// <summary>Runs promtool and gives what it said, a line each.</summary>
    public static async Task<(int Code, string[] Lines)> CheckAsync(string[] arguments, string input)
    {
        using Process process = Start(Require("promtool"), arguments);
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        string said = await process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken)
            + await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return (process.ExitCode, said.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
    }

    /// <summary>Starts one.</summary>
    public static Process Start(string program, string[] arguments) => Process.Start(new ProcessStartInfo(program, arguments)
    {
        UseShellExecute = false,
        RedirectStandardInput = true,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    })!;
}
