using System.Diagnostics;
using System.Text.Json;
using Inferometer.Core;

namespace Inferometer.Measurement.Ablation;

/// <summary>
/// One configuration in a process of its own, so that neither compiled code, nor memory, nor its peak come from another configuration. The
/// process calls
/// <see cref="MeasureAsync"/> and prints <see cref="ToJson"/>; the one that started it waits in <see cref="RunAsync"/>.
/// </summary>
public static class ConfigurationProcess
{
    private const string ErrorPrefix = "error: ";

    /// <summary>Starts a process and reads what it measured; it is killed where it is not waited for to the end.</summary>
    /// <param name="start">The process to start.</param>
    /// <param name="configuration">Name of the configuration, for errors.</param>
    /// <param name="cancellationToken">Ends the wait and the process.</param>
    /// <exception cref="InferometerException">The process failed; its own message is passed on.</exception>
    public static async Task<WorkloadSample> RunAsync(ProcessStartInfo start, string configuration, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(start);
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        using Process process = Process.Start(start)
            ?? throw new InferometerException($"ablation, {configuration}: '{start.FileName}' could not be started.");
        try
        {
            Task<string> errors = process.StandardError.ReadToEndAsync(cancellationToken);
            string output = await process.StandardOutput.ReadToEndAsync(cancellationToken).ConfigureAwait(false);
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
            string said = (await errors.ConfigureAwait(false)).Trim();
            return process.ExitCode == 0
                ? JsonSerializer.Deserialize(output, AblationJson.Default.WorkloadSample)!
                : throw new InferometerException($"ablation, {configuration}: {Reason(process.ExitCode, said)}");
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
            }
        }
    }

    /// <summary>
    /// Runs one configuration in this process, which should do nothing else before or after, and notes the peak of its memory.
    /// </summary>
    /// <param name="settings">What to run.</param>
    /// <param name="configuration">Optimisations that are on.</param>
    /// <param name="cancellationToken">Ends the run.</param>
    /// <exception cref="InferometerException">The workload does not fit the model, or the engine cannot start.</exception>
    public static async Task<WorkloadSample> MeasureAsync(
        AblationSettings settings, OptimizationConfiguration configuration, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(settings);
        WorkloadSample sample = await WorkloadRun.MeasureAsync(
            settings.Model.Open(), settings.Options, configuration, settings.Workload, settings.WarmUp,
            cancellationToken).ConfigureAwait(false);
        using var self = Process.GetCurrentProcess();
        long peak = self.PeakWorkingSet64;
        return sample with { PeakResidentBytes = peak > 0 ? peak : null };
    }

    /// <summary>A sample as one line of JSON, which <see cref="RunAsync"/> reads.</summary>
    public static string ToJson(WorkloadSample sample) => JsonSerializer.Serialize(sample, AblationJson.Default.WorkloadSample);

    private static string Reason(int exitCode, string said) =>
        said.StartsWith(ErrorPrefix, StringComparison.Ordinal) ? said[ErrorPrefix.Length..] : $"exit code {exitCode}. {said}";
}
