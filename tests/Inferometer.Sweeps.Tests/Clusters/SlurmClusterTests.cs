using System.Diagnostics;
using Inferometer.Sweeps.Rows;
using Inferometer.Tests;

namespace Inferometer.Sweeps.Tests.Clusters;

/// <summary>The engine, and the scripts for clusters, on a real Slurm of four node daemons.</summary>
[CollectionDefinition(nameof(SlurmClusterTests), DisableParallelization = true)]
[Collection(nameof(SlurmClusterTests))]
public class SlurmClusterTests
{
    private const string Million = """
        base: {model: llama-3.1-8b, on: h100}
        product:
          tp: [1, 2, 3, 4]
          batch: {from: 1, to: 16}
          output: {from: 64, to: 1024, step: 64}
          input: {from: 128, to: 128000, step: 128}
        columns: [ttft_ms, tpot_ms]
        """;

    [Fact]
    public async Task A_million_points_over_four_nodes_one_of_which_dies_are_those_of_one_machine()
    {
        using ScratchFolder folder = new();
        using TestCluster cluster = await TestCluster.StartAsync(folder, nodes: 4);
        string space = folder.Write("space.yaml", Million), output = folder["cluster.csv"];
        using Process sweep = ProgramRun.Start("sweep", space, "-o", output, "--engine", "slurm", "--shards", "24");
        string shards = Path.Combine(output + ".sweep", "shards");
        while (!sweep.HasExited && (!Directory.Exists(shards) || Directory.GetFiles(shards, "*.csv").Length < 6))
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        Assert.False(sweep.HasExited, "the sweep ended before a node could die");
        cluster.KillNode(2);
        await sweep.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, sweep.ExitCode);
        (await ProgramRun.Of("sweep", space, "-o", folder["local.csv"])).Succeeded();
        Assert.Equal(SweepHash(folder["local.csv"]), SweepHash(output));
        ResultTable table = await ResultTable.LoadAsync(output, ["point"], TestContext.Current.CancellationToken);
        Assert.Equal(1_024_000, table.Rows);
        for (int row = 0; row < table.Rows; row++)
        {
            Assert.Equal(row, table["point"].Number(row));
        }

        (_, string left) = await TestCluster.RunAsync("squeue", "-h", "-t", "PD,R");
        Assert.Equal("", left.Trim());
    }

    [Fact]
    public async Task Scripts_for_clusters_submit_show_and_cancel_jobs()
    {
        using ScratchFolder folder = new();
        using TestCluster cluster = await TestCluster.StartAsync(folder, nodes: 2);
        string bin = Directory.CreateDirectory(folder["bin"]).FullName;

        // What a container would run: the arguments behind the image.
        string apptainer = folder.Write("bin/apptainer",
            "#!/bin/bash\nwhile [[ \"$1\" != *.sif ]]; do shift; done\nshift\nshift\necho \"ran: $*\"\n");
        await TestCluster.RunAsync("chmod", "+x", apptainer);
        string home = Directory.CreateDirectory(folder["home"]).FullName, model = folder.Write("model.gguf", "");
        string Settings() => $"export PATH={bin}:$PATH INFEROMETER_HOME={home} INFEROMETER_DRY_RUN=0 LLAMA_MODEL_PATH={model} "
            + $"SLURM_CPUS=1 SLURM_MEMORY=0 SLURM_TIME_LIMIT=00:05:00 INFEROMETER_SOURCE={SharedFolder.RepositoryRoot}; "
            + $"cd {Path.Combine(SharedFolder.RepositoryRoot, "scripts", "cluster")}; ";
        async Task<string> Script(string line)
        {
            (int code, string said) = await TestCluster.RunAsync("bash", "-c", Settings() + line);
            Assert.True(code == 0, $"{line}: {said}");
            return said;
        }

        Assert.Contains("Submitted batch job", await Script("./run.sh run model --prompt 'two words'"), StringComparison.Ordinal);
        await Script("KV_SETTINGS='f16 q8' ./benchmark.sh -p 64");
        await WaitForAsync(() => Directory.Exists(Path.Combine(home, "results"))
            && Directory.GetFiles(Path.Combine(home, "results")).Length == 2
            && Directory.GetFiles(Path.Combine(home, "logs")).Length == 1);
        Assert.Contains(
            "ran: run model --prompt two words", await ReadAsync(Path.Combine(home, "logs")), StringComparison.Ordinal);
        Assert.Contains($"ran: bench {model} --kv q8 -p 64", await ReadAsync(Path.Combine(home, "results")), StringComparison.Ordinal);
        Assert.Contains("JOBID", await Script("./monitor.sh"), StringComparison.Ordinal);
        await Script("sbatch --parsable --job-name inferometer --wrap 'sleep 300' --output /dev/null");
        Assert.Contains("inferometer", await Script("./monitor.sh"), StringComparison.Ordinal);
        await Script("./cleanup.sh");
        await WaitForAsync(() => !Directory.Exists(Path.Combine(home, "logs")));
        (_, string left) = await TestCluster.RunAsync("squeue", "-h", "-t", "PD,R");
        Assert.Equal("", left.Trim());
    }

    private static string SweepHash(string file) => Sweeps.Runs.SweepFolder.HashOf(file);

    private static async Task<string> ReadAsync(string folder) => string.Concat(await Task.WhenAll(
        Directory.GetFiles(folder).Select(f => File.ReadAllTextAsync(f, TestContext.Current.CancellationToken))));

    private static async Task WaitForAsync(Func<bool> done)
    {
        var clock = Stopwatch.StartNew();
        while (!done())
        {
            Assert.True(clock.Elapsed < TimeSpan.FromMinutes(1), "nothing came of a job for a minute");
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }

        await Task.Delay(300, TestContext.Current.CancellationToken); // until what was opened is written
    }
}
