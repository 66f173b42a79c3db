using System.Diagnostics;
using System.Globalization;
using Inferometer.Cli.Hosting;
using Inferometer.Core.Deployments;
using Inferometer.Measurement.Ablation;

namespace Inferometer.Cli.Ablation;

/// <summary>How the program calls itself to run one configuration of <c>bench --ablate</c> in a process of its own.</summary>
internal static class AblationProcess
{
    /// <summary>This program with the command line that runs one configuration once and prints its figures.</summary>
    /// <param name="settings">What is run.</param>
    /// <param name="configuration">Name of the configuration.</param>
    public static ProcessStartInfo For(AblationSettings settings, string configuration)
    {
        ProcessStartInfo start = Self();
        Workload workload = settings.Workload;
        foreach (string argument in (string[])
        [
            "bench", settings.Model.Path, "--ablate", "--configuration", configuration,
            "-p", Text(workload.InputTokens), "-n", Text(workload.OutputTokens), "-b", Text(workload.BatchSize),
            "--shared", Text(workload.CachedPrefixTokens), "-t", Text(settings.Threads), "--kv",
            settings.Element.ToString().ToLowerInvariant(),
            "--warm-up", settings.WarmUp.TotalSeconds.ToString(CultureInfo.InvariantCulture), "--no-record",
        ])
        {
            start.ArgumentList.Add(argument);
        }

        return start;
    }

    private static ProcessStartInfo Self() =>
        new(ThisProgram.Command[0], ThisProgram.Command.Skip(1)) { UseShellExecute = false };

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
