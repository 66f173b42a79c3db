using Inferometer.Core.Origins;
using Inferometer.Inference.Engine;
using Inferometer.Inference.Sampling;
using Inferometer.Scheduling;
using Inferometer.Serving;

namespace Inferometer.Inference.Tests.Engine;

public sealed class ServingReportTests
{
    [Fact]
    public async Task An_engine_records_what_it_served()
    {
        await using InferenceEngine engine = EngineRunner.Start(EngineRunner.Stories);
        GenerationResult[] results =
            await Task.WhenAll(Enumerable.Range(1, 6).Select(i => engine.RunAsync(EngineRunner.Greedy("Once upon a time", 4 * i))));
        using (CancellationTokenSource cancelled = new())
        {
            await foreach (GenerationUpdate update in engine.StreamAsync(
                EngineRunner.Greedy("The dog", 200) with { Sampling = Endless }, cancelled.Token))
            {
                break;
            }
        }

        Measured<ServingReport> measured = await engine.ServingReportAsync("a test", TestContext.Current.CancellationToken);
        ServingReport report = measured.Value;
        Assert.Equal(("a test", 6L), (measured.Source.Machine, measured.Source.Samples));
        Assert.Equal((6, 1), (report.Completed, report.FinishedBy[FinishReason.Cancelled]));
        Assert.Equal(results.Sum(r => r.Usage.OutputTokens), report.OutputTokens);
        Assert.Equal(results.Sum(r => r.Usage.PromptTokens), report.PromptTokens);
        Assert.True(report.WastedTokens >= 1);
        double mean = results.Average(r => r.Usage.TimeToFirstTokenSeconds);
        Assert.Equal(mean, report.TimeToFirstToken!.Mean, 1e-9);
        Assert.InRange(report.TimePerOutputToken!.Mean, 1e-9, report.EndToEnd!.Max);
    }

    private static SamplingOptions Endless { get; } = new() { Temperature = 0, IgnoreEndOfGeneration = true };
}
