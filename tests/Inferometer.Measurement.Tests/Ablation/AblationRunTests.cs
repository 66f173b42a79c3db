using System.Diagnostics;
using Inferometer.Core;
using Inferometer.Core.Deployments;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Measurement.Ablation;

namespace Inferometer.Measurement.Tests.Ablation;

public class AblationRunTests
{
    private static readonly AblationSettings Settings = new(
        SmallModels.StoredBundled,
        new Workload { BatchSize = 2, InputTokens = 24, OutputTokens = 2, CachedPrefixTokens = 16 },
        Rounds: 1, Threads: 1, KvElement.F16, TimeSpan.Zero);

    [Fact]
    public async Task An_ablation_in_this_process_measures_and_predicts_every_configuration()
    {
        int done = 0;
        AblationResult result = await AblationRun.MeasureAsync(
            Settings, done: () => done++, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(AblationRun.CountRuns(Settings), done);
        Assert.Equal(5, result.Summary.Gains.Count);
        Assert.All(result.Summary.Gains, gain => Assert.True(gain is { MeasuredSpeedup: > 0, ExpectedSpeedup: > 0 }));
        Assert.True(result.Machine.Limits.ReadGBps > 0);
    }

    [Fact]
    public async Task A_runner_that_fails_ends_it_with_its_own_error() =>
        await Assert.ThrowsAsync<InferometerException>(() => AblationRun.MeasureAsync(
        Settings, (_, _) => throw new InferometerException("no such engine"), cancellationToken: TestContext.Current.CancellationToken));

    [Fact]
    public async Task A_process_of_its_own_hands_over_what_it_measured()
    {
        WorkloadSample sample = await ConfigurationProcess.MeasureAsync(
            Settings, OptimizationConfiguration.All, TestContext.Current.CancellationToken);
        Assert.True(sample.PeakResidentBytes > 1e7);
        WorkloadSample read = await ConfigurationProcess.RunAsync(
            Shell($"printf '%s' '{ConfigurationProcess.ToJson(sample)}'"), "all", TestContext.Current.CancellationToken);
        Assert.Equal(sample.Outputs, read.Outputs);
        Assert.Equal((sample.Seconds, sample.Memory, sample.PeakResidentBytes), (read.Seconds, read.Memory, read.PeakResidentBytes));
    }

    [Theory]
    [InlineData("echo 'error: too large' >&2; exit 1", "ablation, all: too large")]
    [InlineData("echo broken >&2; exit 3", "ablation, all: exit code 3. broken")]
    public async Task A_process_that_fails_passes_its_message_on(string script, string expected)
    {
        InferometerException error = await Assert.ThrowsAsync<InferometerException>(
            () => ConfigurationProcess.RunAsync(Shell(script), "all", TestContext.Current.CancellationToken));
        Assert.Equal(expected, error.Message);
    }

    [Fact]
    public async Task A_process_is_not_left_behind()
    {
        using CancellationTokenSource stop = new(TimeSpan.FromMilliseconds(300));
        long start = Stopwatch.GetTimestamp();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => ConfigurationProcess.RunAsync(Shell("sleep 60"), "all", stop.Token));
        Assert.True(Stopwatch.GetElapsedTime(start) < TimeSpan.FromSeconds(30));
    }

    private static ProcessStartInfo Shell(string script)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "the processes of this test are those of a shell");
        return new ProcessStartInfo("/bin/sh") { ArgumentList = { "-c", script }, UseShellExecute = false };
    }
}
