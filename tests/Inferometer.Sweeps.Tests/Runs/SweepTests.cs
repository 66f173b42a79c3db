using System.Diagnostics;
using System.Globalization;
using Inferometer.Core;
using Inferometer.Sweeps.Runs;

namespace Inferometer.Sweeps.Tests.Runs;

public class SweepTests
{
    private const string Space = """
        base: {on: h100}
        product:
          model: [llama-3.1-8b, llama-3.1-70b]
          tp: [1, 2, 3]
          batch: {from: 1, to: 40}
          input: {from: 128, to: 2560, step: 128}
        columns: [ttft_ms, tpot_ms, devices]
        """;

    // Some seconds of work on one core, so that a kill finds it half done.
    private const string LongSpace = """
        base: {model: llama-3.1-8b, on: h100}
        product: {batch: {from: 1, to: 250}, input: {from: 1, to: 2000}}
        columns: [tpot_ms]
        """;

    [Theory]
    [InlineData("results.csv")]
    [InlineData("results.jsonl")]
    [InlineData("results.parquet")]
    public async Task Bytes_do_not_depend_on_shards_and_cores(string name)
    {
        using ScratchFolder folder = new();
        string space = folder.Write("space.yaml", Space);
        byte[]? first = null;
        foreach ((int? shards, int threads) in new (int?, int)[] { (1, 1), (2, 2), (3, 1), (97, 4), (null, 3) })
        {
            SweepOutcome outcome = await Sweep.RunAsync(
                Request(space, folder[name]) with { Shards = shards }, new LocalEngine(threads), null,
                    TestContext.Current.CancellationToken);
            Assert.Equal((4800, 4800), (outcome.Points, outcome.Counts.Total));
            byte[] bytes = await File.ReadAllBytesAsync(folder[name], TestContext.Current.CancellationToken);
            Assert.Equal(first ??= bytes, bytes);
            Assert.False(Directory.Exists(folder[name] + ".sweep"));
        }
    }

    [Fact]
    public async Task Rows_stand_in_the_order_of_the_points()
    {
        using ScratchFolder folder = new();
        string space = folder.Write("space.yaml", Space);
        await Sweep.RunAsync(Request(space, folder["r.csv"]), new LocalEngine(4), null, TestContext.Current.CancellationToken);
        string[] lines = await File.ReadAllLinesAsync(folder["r.csv"], TestContext.Current.CancellationToken);
        Assert.Equal("point,model,tensor_parallel,batch_size,input_tokens,status,reason,ttft_ms,tpot_ms,devices", lines[0]);
        Assert.Equal(
            Enumerable.Range(0, 4800), lines.Skip(1).Select(l => int.Parse(l.Split(',')[0], CultureInfo.InvariantCulture)));
    }

    [Fact]
    public async Task A_sweep_that_is_killed_again_and_again_loses_nothing_and_does_nothing_twice()
    {
        using ScratchFolder folder = new();
        string space = folder.Write("space.yaml", LongSpace);
        await Sweep.RunAsync(Request(space, folder["whole.csv"]), new LocalEngine(2), null, TestContext.Current.CancellationToken);
        string output = folder["killed.csv"], shards = Path.Combine(output + ".sweep", "shards");
        int kills = 0, before = 0;
        for (int wanted = 8; wanted <= 24; wanted += 8)
        {
            using Process process = ProgramRun.Start("sweep", space, "-o", output, "--shards", "60", "--threads", "1");
            while (!process.HasExited && Count(shards) < wanted)
            {
                await Task.Delay(5, TestContext.Current.CancellationToken);
            }

            if (!process.HasExited)
            {
                process.Kill();
                kills++;
            }

            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(Count(shards) >= before, "a shard that was done is gone");
            before = Count(shards);
        }

        Assert.True(kills > 0, "the process ended each time before it was killed");
        Assert.False(File.Exists(output));
        SweepOutcome outcome =
            await Sweep.RunAsync(Request(space, output), new LocalEngine(2), null, TestContext.Current.CancellationToken);
        Assert.True(outcome.TakenOver > 0);
        Assert.Equal(500_000, outcome.Counts.Total);
        Assert.Equal(
            await File.ReadAllBytesAsync(folder["whole.csv"], TestContext.Current.CancellationToken),
            await File.ReadAllBytesAsync(output, TestContext.Current.CancellationToken));
        Assert.False(Directory.Exists(output + ".sweep"));
    }

    [Fact]
    public async Task A_sweep_that_is_cancelled_is_taken_up()
    {
        using ScratchFolder folder = new();
        string space = folder.Write("space.yaml", LongSpace);
        using CancellationTokenSource stop = new();
        Progress progress = new(p =>
        {
            if (p.Done > 100_000)
            {
                stop.Cancel();
            }
        });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => Sweep.RunAsync(Request(space, folder["r.csv"]) with { Shards = 50 }, new LocalEngine(1), progress, stop.Token));
        Assert.Empty(Directory.GetFiles(Path.Combine(folder["r.csv"] + ".sweep", "attempts")));
        SweepOutcome outcome =
            await Sweep.RunAsync(Request(space, folder["r.csv"]), new LocalEngine(2), null, TestContext.Current.CancellationToken);
        Assert.InRange(outcome.TakenOver, 90_000, 500_000);
        Assert.Equal((50, 500_000), (outcome.Shards, outcome.Counts.Total));
    }

    [Fact]
    public async Task Shards_of_another_space_are_not_mixed_in()
    {
        using ScratchFolder folder = new();
        string space = folder.Write("space.yaml", Space),
            other = folder.Write("other.yaml", Space.Replace("40}", "20}", StringComparison.Ordinal));
        await BeginAsync(space, folder["r.csv"]);
        SweepRequest request = Request(other, folder["r.csv"]);
        InferometerException error = await Assert.ThrowsAsync<InferometerException>(
            () => Sweep.RunAsync(request, new LocalEngine(1), null, TestContext.Current.CancellationToken));
        Assert.Contains("holds shards of another sweep", error.Message, StringComparison.Ordinal);
        SweepOutcome outcome = await Sweep.RunAsync(
            request with { Restart = true }, new LocalEngine(1), null, TestContext.Current.CancellationToken);
        Assert.Equal((2400, 0), (outcome.Points, outcome.TakenOver));
    }

    [Fact]
    public async Task A_second_attempt_must_be_equal_to_the_first()
    {
        using ScratchFolder folder = new();
        await BeginAsync(folder.Write("space.yaml", Space), folder["r.csv"]);
        var run = SweepRun.Open(folder["r.csv"] + ".sweep", _ => TestSpaces.Reader);
        await run.RunShardAsync(5, "again", null, TestContext.Current.CancellationToken);
        await run.RunShardAsync(5, "again", null, TestContext.Current.CancellationToken);
        Assert.Empty(Directory.GetFiles(Path.Combine(run.FolderPath, "attempts")));
        string shard = Path.Combine(run.FolderPath, "shards", "000005.csv");
        byte[] bytes = await File.ReadAllBytesAsync(shard, TestContext.Current.CancellationToken);
        bytes[^5] ^= 1;
        await File.WriteAllBytesAsync(shard, bytes, TestContext.Current.CancellationToken);
        InferometerException error = await Assert.ThrowsAsync<InferometerException>(
            () => run.RunShardAsync(5, "again", null, TestContext.Current.CancellationToken));
        Assert.Contains("shard 5: two attempts at it differ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_shard_that_a_crash_cut_short_is_done_anew()
    {
        using ScratchFolder folder = new();
        string space = folder.Write("space.yaml", Space);
        await Sweep.RunAsync(Request(space, folder["whole.csv"]), new LocalEngine(1), null, TestContext.Current.CancellationToken);
        await BeginAsync(space, folder["r.csv"]);
        var run = SweepRun.Open(folder["r.csv"] + ".sweep", _ => TestSpaces.Reader);
        await run.RunShardAsync(3, "once", null, TestContext.Current.CancellationToken);
        await run.RunShardAsync(4, "once", null, TestContext.Current.CancellationToken);
        await using (FileStream shard = File.OpenWrite(Path.Combine(run.FolderPath, "shards", "000003.csv")))
        {
            shard.SetLength(100);
        }

        File.Delete(Path.Combine(run.FolderPath, "shards", "000004.json"));
        await Sweep.RunAsync(Request(space, folder["r.csv"]), new LocalEngine(2), null, TestContext.Current.CancellationToken);
        Assert.Equal(
            await File.ReadAllBytesAsync(folder["whole.csv"], TestContext.Current.CancellationToken),
            await File.ReadAllBytesAsync(folder["r.csv"], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Two_runs_do_not_write_one_output()
    {
        using ScratchFolder folder = new();
        string space = folder.Write("space.yaml", Space);
        Directory.CreateDirectory(folder["r.csv"] + ".sweep");
        await using FileStream held = new(
            Path.Combine(folder["r.csv"] + ".sweep", "lock"), FileMode.Create, FileAccess.Write, FileShare.None);
        ProgramRun second = await ProgramRun.Of("sweep", space, "-o", folder["r.csv"]);
        Assert.Equal(1, second.Code);
        Assert.Contains("is in use: another sweep writes the same output", second.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("r.txt", 2, "must end in .csv, .jsonl or .parquet")]
    [InlineData("missing/r.csv", 1, "its folder does not exist")]
    public async Task An_output_that_cannot_be_is_refused_before_any_work(string output, int code, string said)
    {
        using ScratchFolder folder = new();
        ProgramRun run = await ProgramRun.Of("sweep", folder.Write("space.yaml", Space), "-o", folder[output]);
        Assert.Equal(code, run.Code);
        Assert.Contains(said, run.Error, StringComparison.Ordinal);
        Assert.Single(Directory.GetFileSystemEntries(folder.Path));
    }

    [Fact]
    public async Task A_folder_that_cannot_be_written_is_refused_before_any_work()
    {
        Assert.SkipUnless(Directory.Exists("/proc/self"), "this system has no folder that nobody can write");
        using ScratchFolder folder = new();
        ProgramRun run = await ProgramRun.Of("sweep", folder.Write("space.yaml", Space), "-o", "/proc/self/r.csv");
        Assert.Equal(1, run.Code);
        Assert.Contains("cannot be written", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_dry_run_counts_and_writes_nothing()
    {
        using ScratchFolder folder = new();
        ProgramRun run = (await ProgramRun.Of(
            "sweep", folder.Write("space.yaml", Space), "-o", folder["r.csv"], "--dry-run", "-f", "json")).Succeeded();
        Assert.Contains("\"points\": 4800", run.Output, StringComparison.Ordinal);
        Assert.Single(Directory.GetFileSystemEntries(folder.Path));
    }

    // A folder with a manifest and no shard: begun, and stopped at once.
    private static async Task BeginAsync(string space, string output)
    {
        using CancellationTokenSource stop = new();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Sweep.RunAsync(
            Request(space, output) with { Shards = 10 }, new LocalEngine(1), new Progress(_ => stop.Cancel()), stop.Token));
        Directory.Delete(Path.Combine(output + ".sweep", "shards"), recursive: true);
        Directory.CreateDirectory(Path.Combine(output + ".sweep", "shards"));
    }

    private static SweepRequest Request(string space, string output) =>
        new() { SpaceFile = space, Output = output, Points = TestSpaces.Reader };

    private static int Count(string folder) => Directory.Exists(folder) ? Directory.GetFiles(folder, "*.csv").Length : 0;

    private sealed class Progress(Action<SweepProgress> report) : IProgress<SweepProgress>
    {
        public void Report(SweepProgress value) => report(value);
    }
}
