using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Inferometer.Core;

namespace Inferometer.Sweeps.Clusters;

/// <summary>Slurm by its commands. Written for what 22.05 prints; the formats asked for are the same in later ones.</summary>
internal sealed class SlurmCommands : ISlurm
{
    private const int UsualMaxArraySize = 1001;

    // Of a task that is over. One on a node that was lost stays "completing" for as long as the node does not say that it has ended.
    private static readonly string[] s_over = ["CG", "CD", "F", "NF", "TO", "CA", "OOM", "BF", "DL", "PR"];
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    public async Task<int> MaxTasksAsync(CancellationToken cancellationToken)
    {
        (int code, string output, string error) = await RunAsync("scontrol", ["show", "config"], cancellationToken).ConfigureAwait(false);
        if (code != 0)
        {
            throw new InferometerException($"--engine slurm: the controller does not answer: {error.Trim()}");
        }

        string? line = output.Split('\n').FirstOrDefault(l => l.StartsWith("MaxArraySize", StringComparison.Ordinal));

        // The largest index is one less than the size.
        return int.TryParse(line?.Split('=')[^1], NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite,
            CultureInfo.InvariantCulture, out int size) ? Math.Max(1, size - 1) : UsualMaxArraySize - 1;
    }

    public async Task<int> ProcessorsAsync(string? partition, CancellationToken cancellationToken)
    {
        string[] arguments = ["-h", "-o", "%C", .. partition is null ? Array.Empty<string>() : ["-p", partition]];
        (int code, string output, _) = await RunAsync("sinfo", arguments, cancellationToken).ConfigureAwait(false);

        // Allocated/idle/other/total, a line for each partition and state.
        return code != 0 ? 0 : output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Sum(l => int.TryParse(l.Split('/')[^1], CultureInfo.InvariantCulture, out int total) ? total : 0);
    }

    public async Task<string> SubmitAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        (int code, string output, string error) = await RunAsync("sbatch", ["--parsable", .. arguments],
            cancellationToken).ConfigureAwait(false);

        // "id" or "id;cluster".
        string job = output.Trim().Split(';')[0];
        return code == 0 && job.Length > 0 && job.All(char.IsAsciiDigit)
            ? job
            : throw new InferometerException($"--engine slurm: sbatch refused the jobs: {(error.Length > 0 ? error : output).Trim()}");
    }

    public async Task<IReadOnlyList<SlurmTask>?> QueueAsync(string jobName, CancellationToken cancellationToken)
    {
        (int code, string output, _) =
            await RunAsync("squeue", ["-h", "-r", "-n", jobName, "-o", "%F|%K|%t"], cancellationToken).ConfigureAwait(false);
        return code != 0 ? null :
        [
            .. output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split('|'))
                .Where(p => p.Length == 3 && !s_over.Contains(p[2], StringComparer.Ordinal))
                .Select(p => new SlurmTask(
                    p[0], int.TryParse(p[1], CultureInfo.InvariantCulture, out int index) ? index : 0, p[2] is "R" or "CF")),
        ];
    }

    public async Task CancelAsync(string jobName)
    {
        try
        {
            _ = await RunAsync("scancel", ["-n", jobName], CancellationToken.None).ConfigureAwait(false);
        }
        catch (InferometerException)
        {
            // The tasks end by themselves; their shards are kept.
        }
    }

    private static async Task<(int Code, string Output, string Error)> RunAsync(
        string command, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        using Process process = new()
        {
            StartInfo = new ProcessStartInfo(command, arguments)
            {
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                UseShellExecute = false,
            },
        };
        try
        {
            process.Start();
        }
        catch (Win32Exception missing)
        {
            throw new InferometerException(
                $"--engine slurm: '{command}' cannot be started here: {missing.Message}. Slurm's client commands are needed where "
                    + $"the sweep is "
                + "submitted.", missing);
        }

        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(s_patience);
        try
        {
            Task<string> output = process.StandardOutput.ReadToEndAsync(patience.Token);
            Task<string> error = process.StandardError.ReadToEndAsync(patience.Token);
            await process.WaitForExitAsync(patience.Token).ConfigureAwait(false);
            return (process.ExitCode, await output.ConfigureAwait(false), await error.ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            process.Kill();
            return (-1, "", $"{command} did not end within a minute");
        }
    }
}
