using System.Diagnostics;
using Inferometer.Cli;

namespace Inferometer.Sweeps.Tests;

/// <summary>What one command line printed and returned.</summary>
internal sealed record ProgramRun(int Code, string Output, string Error)
{
    /// <summary>In this process.</summary>
    public static async Task<ProgramRun> Of(params string[] args)
    {
        await using StringWriter output = new();
        await using StringWriter error = new();
        int code = await InferometerCommand.RunAsync(args, output, error, TestContext.Current.CancellationToken);
        return new ProgramRun(code, output.ToString(), error.ToString());
    }

    /// <summary>In a process of its own, which may be killed.</summary>
    public static Process Start(params string[] args)
    {
        ProcessStartInfo start = new("dotnet", [Path.Combine(AppContext.BaseDirectory, "inferometer.dll"), .. args])
        {
            UseShellExecute = false,
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        Process process = Process.Start(start)!;
        process.ErrorDataReceived += (_, _) => { };
        process.OutputDataReceived += (_, _) => { };
        process.BeginErrorReadLine();
        process.BeginOutputReadLine();
        return process;
    }

    public ProgramRun Succeeded()
    {
        Assert.True(Code == 0, $"exit code {Code}: {Error}");
        return this;
    }
}
