using System.Globalization;
using Inferometer.Core;
using Inferometer.Sweeps.Clusters;
using Inferometer.Sweeps.Runs;

namespace Inferometer.Sweeps.Tests.Clusters;

/// <summary>The engine over a cluster that is played; <see cref="SlurmClusterTests"/> has a real one.</summary>
public class SlurmEngineTests
{
    private const string Space = "base: {model: llama-3.1-8b, on: h100}\nproduct: {batch: {from: 1, to: 60}}\ncolumns: [tpot_ms]";

    [Fact]
    public async Task Shards_that_fail_are_given_out_again_until_all_are_there()
    {
        using ScratchFolder folder = new();
        PlayedCluster cluster = new(folder["r.csv"] + ".sweep") { Fails = (shard, attempt) => shard % 3 == 0 && attempt < 2 };
        SweepOutcome outcome = await RunAsync(folder, cluster, retries: 3);
        Assert.Equal(60, outcome.Counts.Ok);
        Assert.Equal(3, cluster.Attempts[9]);
        Assert.Equal(1, cluster.Attempts[10]);
        Assert.True(cluster.Cancelled);
    }

    [Fact]
    public async Task A_shard_that_always_fails_ends_the_sweep_and_the_others_are_kept()
    {
        using ScratchFolder folder = new();
        PlayedCluster cluster = new(folder["r.csv"] + ".sweep") { Fails = (shard, _) => shard == 7 };
        InferometerException error = await Assert.ThrowsAsync<InferometerException>(() => RunAsync(folder, cluster, retries: 2));
        Assert.Contains("shard 7 failed 3 times", error.Message, StringComparison.Ordinal);
        Assert.Contains("as the test wants it", error.Message, StringComparison.Ordinal);
        Assert.Equal(11, Directory.GetFiles(Path.Combine(folder["r.csv"] + ".sweep", "shards"), "*.csv").Length);
        Assert.True(cluster.Cancelled);
        cluster.Fails = (_, _) => false;
        Assert.Equal(55, (await RunAsync(folder, cluster, retries: 0)).TakenOver);
    }

    [Fact]
    public async Task More_shards_than_an_array_may_have_go_into_several()
    {
        using ScratchFolder folder = new();
        PlayedCluster cluster = new(folder["r.csv"] + ".sweep") { MaxTasks = 5 };
        await RunAsync(folder, cluster, retries: 0);
        Assert.Equal(3, cluster.Jobs);
        Assert.All(cluster.Submitted, arguments => Assert.Contains("--no-requeue", arguments));
    }

    [Fact]
    public async Task A_controller_that_does_not_answer_is_waited_for()
    {
        using ScratchFolder folder = new();
        PlayedCluster cluster = new(folder["r.csv"] + ".sweep") { Silent = 6 };
        await RunAsync(folder, cluster, retries: 0);
        Assert.All(cluster.Attempts.Values, attempts => Assert.Equal(1, attempts));
    }

    [Theory]
    [InlineData(1_000, false, 4, 1000, 1)]
    [InlineData(1_000_000, false, 4, 1000, 2)]
    [InlineData(40_000_000, false, 4, 1000, 16)]
    [InlineData(1_000_000_000, false, 64, 1000, 256)]
    [InlineData(1_000_000_000, false, 2000, 1000, 1000)]
    [InlineData(60_000, true, 4, 1000, 16)]
    public void Shards_are_a_minute_of_work_smaller_for_idle_processors_and_one_array(
        long points, bool simulated, int processors, int mostTasks, int shards) =>
        Assert.Equal(shards, SlurmEngine.ShardsFor(points, simulated, processors, mostTasks));

    [Fact]
    public void A_script_quotes_what_it_is_given()
    {
        SlurmOptions options = new() { Program = ["/opt/my program/inferometer"] };
        Assert.Equal(
            "#!/bin/bash\nshards=(3 14)\nexec '/opt/my program/inferometer' sweep shard '/data/it'\\''s here' "
            + "--number \"${shards[$SLURM_ARRAY_TASK_ID]}\"\n",
            ArrayScript.Of([3, 14], options, "/data/it's here", []));
        Assert.Contains(
            "exec 'apptainer' 'exec' '--bind' '/data' '--bind' '/models' '/images/i.sif' '/opt/inferometer/inferometer' sweep "
                + "shard '/data'",
            ArrayScript.Of([0], options with { Container = "/images/i.sif" }, "/data", ["/models"]), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--partition", "--partition needs --engine slurm")]
    [InlineData("--container", "--container needs --engine slurm")]
    public async Task Options_of_a_cluster_need_one(string option, string said)
    {
        using ScratchFolder folder = new();
        ProgramRun run = await ProgramRun.Of("sweep", folder.Write("space.yaml", Space), "-o", folder["r.csv"], option, "x");
        Assert.Equal(2, run.Code);
        Assert.Contains(said, run.Error, StringComparison.Ordinal);
    }

    private static Task<SweepOutcome> RunAsync(ScratchFolder folder, PlayedCluster cluster, int retries) => Sweep.RunAsync(
        new SweepRequest
        {
            SpaceFile = folder.Write("space.yaml", Space),
            Output = folder["r.csv"],
            Points = TestSpaces.Reader,
            Shards = 12,
        },
        new SlurmEngine(new SlurmOptions { Program = ["inferometer"], Retries = retries, Poll = TimeSpan.FromMilliseconds(1) }, cluster),
        null, TestContext.Current.CancellationToken);

    /// <summary>Each look at the queue ends one task, whose shard is done unless the test wants it to fail.</summary>
    private sealed class PlayedCluster(string folder) : ISlurm
    {
        private readonly List<(SlurmTask Task, int Shard)> _queue = [];

        public Func<int, int, bool> Fails { get; set; } = (_, _) => false;

        public int MaxTasks { get; init; } = 1000;

        public int Silent { get; set; }

        public int Jobs { get; private set; }

        public bool Cancelled { get; private set; }

        public Dictionary<int, int> Attempts { get; } = [];

        public List<IReadOnlyList<string>> Submitted { get; } = [];

        public Task<int> MaxTasksAsync(CancellationToken cancellationToken) => Task.FromResult(MaxTasks);

        public Task<int> ProcessorsAsync(string? partition, CancellationToken cancellationToken) => Task.FromResult(4);

        public async Task<string> SubmitAsync(IReadOnlyList<string> arguments, CancellationToken cancellationToken)
        {
            Submitted.Add(arguments);
            string job = (++Jobs).ToString(CultureInfo.InvariantCulture);
            string script = await File.ReadAllTextAsync(arguments[^1], cancellationToken);
            string list = script[(script.IndexOf('(', StringComparison.Ordinal) + 1)..script.IndexOf(')', StringComparison.Ordinal)];
            _queue.AddRange(list.Split(' ').Select((shard, i) => (
                new SlurmTask(job, i, false), int.Parse(shard, CultureInfo.InvariantCulture))));
            return job;
        }

        public async Task<IReadOnlyList<SlurmTask>?> QueueAsync(string jobName, CancellationToken cancellationToken)
        {
            if (_queue.Count > 0)
            {
                int shard = _queue[0].Shard;
                int attempt = Attempts.GetValueOrDefault(shard);
                Attempts[shard] = attempt + 1;
                _queue.RemoveAt(0);
                if (Fails(shard, attempt))
                {
                    await File.WriteAllTextAsync(Path.Combine(folder, "logs", "1_1.log"), "as the test wants it", cancellationToken);
                }
                else
                {
                    await SweepRun.Open(folder, _ => TestSpaces.Reader).RunShardAsync(shard, "played", null, cancellationToken);
                }
            }

            return Silent-- > 0 ? null : [.. _queue.Select(t => t.Task)];
        }

        public Task CancelAsync(string jobName)
        {
            Cancelled = true;
            _queue.Clear();
            return Task.CompletedTask;
        }
    }
}
