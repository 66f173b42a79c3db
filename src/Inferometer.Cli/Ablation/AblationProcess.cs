using System.Diagnostics;
using System.Text.Json;
using Inferometer.Cli.Hosting;
using Inferometer.Core;
using Inferometer.Measurement.Ablation;

namespace Inferometer.Cli.Ablation;

/// <summary>Runs one configuration in a process of its own, so that neither compiled code, nor memory, nor its peak come from another configuration.</summary>
internal static class AblationProcess
{
    private const string ProgramName = "inferometer";

    /// <summary>Starts this program again for one configuration and reads what it measured.</summary>
    /// <exception cref="InferometerException">The process failed; its own message is passed on.</exception>
    public static async Task<WorkloadSample> RunAsync(AblationSettings settings, OptimizationConfiguration configuration, CancellationToken cancellationToken)
    {
        ProcessStartInfo start = Self();
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        foreach (string argument in settings.CommandLineFor(configuration.Name))
        {
            start.ArgumentList.Add(argument);
        }

        using Process process = Process.Start(start) ?? throw new InferometerException($"--ablate: '{start.FileName}' could not be started.");
        try
        {
            Task<string> errors = process.StandardError.ReadToEndAsync(cancellationToken);
            string output = await process.StandardOutput.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
            string said = (await errors.ConfigureAwait(false)).Trim();
            return process.ExitCode == ExitCode.Success
                ? JsonSerializer.Deserialize(output, AblationJson.Default.WorkloadSample)!
                : throw new InferometerException($"--ablate, {configuration.Name}: {(said.StartsWith("error: ", StringComparison.Ordinal) ? said["error: ".Length..] : $"exit code {process.ExitCode}. {said}")}");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    /// <summary>Runs one configuration in this process and prints what it measured.</summary>
    public static async Task PrintAsync(AblationSettings settings, string configuration, TextWriter output, CancellationToken cancellationToken)
    {
        WorkloadSample sample = await WorkloadRun.MeasureAsync(
            settings.Model.Path, settings.Options, OptimizationConfiguration.Parse(configuration), settings.Workload, settings.WarmUp, cancellationToken).ConfigureAwait(false);
        using var self = Process.GetCurrentProcess();
        long peak = self.PeakWorkingSet64;
        output.WriteLine(JsonSerializer.Serialize(sample with { PeakResidentBytes = peak > 0 ? peak : null }, AblationJson.Default.WorkloadSample));
    }

    // As a program of its own, or as an assembly run by dotnet.
    private static ProcessStartInfo Self()
    {
        string running = Environment.ProcessPath ?? "";
        if (string.Equals(Path.GetFileNameWithoutExtension(running), ProgramName, StringComparison.OrdinalIgnoreCase))
        {
            return new ProcessStartInfo(running) { UseShellExecute = false };
        }

        bool isHost = string.Equals(Path.GetFileNameWithoutExtension(running), "dotnet", StringComparison.OrdinalIgnoreCase);
        return new ProcessStartInfo(isHost ? running : "dotnet") { UseShellExecute = false, ArgumentList = { Path.Combine(AppContext.BaseDirectory, ProgramName + ".dll") } };
    }
}
