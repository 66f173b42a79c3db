using System.CommandLine;
using System.Globalization;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Settings;
using Inferometer.Simulation.Planning;
using Inferometer.Sweeps.Runs;

namespace Inferometer.Cli.Commands;

/// <summary><c>inferometer sweep shard</c>: one shard of a sweep that another process began; what a task of a job array runs.</summary>
internal sealed class SweepShardCommand
{
    // Together they name an attempt: a task that is begun again after a node's failure has another restart count.
    private static readonly string[] s_variables = ["SLURM_ARRAY_JOB_ID", "SLURM_ARRAY_TASK_ID", "SLURM_RESTART_COUNT"];

    private readonly PathArgument _folder = new(
        "FOLDER", PathUse.ReadFolder, "The folder beside the output of the sweep, OUTPUT.sweep.", isOptional: false);

    private readonly ValueOption<int> _shard = new(["--number"], Domains.Whole(0, 1_000_000_000), "Which shard, counted from 0.")
    { Required = true };

    public static Command Create()
    {
        SweepShardCommand self = new();
        ExampleCommand command = new(
            "shard",
            "Does one shard of a sweep under way. Tasks of a cluster run it; by hand it serves to see why a shard fails.",
            "inferometer sweep shard results.csv.sweep --number 12")
        {
            self._folder, self._shard,
        };
        command.SetAction(self.RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string attempt = string.Join('.', s_variables.Select(v => Environment.GetEnvironmentVariable(v) ?? "0"));
        var run = SweepRun.Open(_folder.Of(parsed)!, catalog => new PointReader(Catalogs.From(catalog)));
        int shard = _shard.Of(parsed);
        if (shard >= run.Manifest.Shards)
        {
            throw new UsageException(string.Create(
                CultureInfo.InvariantCulture, $"--number: {shard} is not allowed; the sweep has shards 0 to {run.Manifest.Shards - 1}."));
        }

        await run.RunShardAsync(shard, attempt, advanced: null, cancellationToken).ConfigureAwait(false);
        return ExitCode.Success;
    }
}
