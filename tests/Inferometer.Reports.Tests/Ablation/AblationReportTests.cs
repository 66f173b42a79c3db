using Inferometer.Core.Deployments;
using Inferometer.Core.Gguf;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Inference.Engine;
using Inferometer.Measurement.Ablation;
using Inferometer.Measurement.Diagnostics;
using Inferometer.Measurement.Models;
using Inferometer.Reports.Ablation;
using Inferometer.Reports.Writers;
using Inferometer.Tests;

namespace Inferometer.Reports.Tests.Ablation;

public class AblationReportTests
{
    private static readonly string Bundled = Path.Combine(SharedFolder.RepositoryRoot, "assets", "models", "tales-5m-q8_0.gguf");

    private static readonly StoredModel Model = new()
    {
        Path = Bundled,
        Name = "tales-5m-q8_0.gguf",
        Format = "GGUF v3",
        FileBytes = new FileInfo(Bundled).Length,
        Architecture = GgufArchitectureReader.Read(Bundled),
        Groups = [new StoredTensors(GgmlType.Q8_0, 43, 5_472_256, 5_814_272), new StoredTensors(GgmlType.F32, 13, 3_328, 13_312)],
    };

    [Fact]
    public async Task People_read_what_was_run_measured_and_predicted()
    {
        // Everything off takes 8 s, each step half of the one before; the tokens are those of the baseline everywhere.
        AblationSettings settings = new(
            Model, new Workload { BatchSize = 2, InputTokens = 40, OutputTokens = 4, CachedPrefixTokens = 32 }, 1, 1, KvElement.F16,
            TimeSpan.Zero);
        ThisMachine machine = new(new MachineLimits(1, 10, 100, 400), 1e-6);
        OptimizationSummary forecast = new OptimizationForecast(machine.RequestFor(settings), settings.Options).Summarize();
        OptimizationMeasurement measurement = await OptimizationMeasurement.RunAsync(
            OptimizationConfiguration.All, settings.Workload, 1,
            (configuration, _) => Task.FromResult(new WorkloadSample
            {
                Seconds = 8 / Math.Pow(2, configuration.On.Count()),
                ForwardedTokens = 22,
                Outputs = [[1, 2, 3, 4], [5, 6, 7, 8]],
                Memory = new EngineMemory(5_000_000, 1_500_000, 1_000_000, 200_000, 50_000),
                PeakResidentBytes = 70_000_000,
            }),
            TestContext.Current.CancellationToken);
        await using StringWriter output = new();
        new MarkdownWriter(output).Write(
            new AblationReport(new AblationResult(settings, machine, forecast.With(measurement), measurement)).DocumentFor(OutputFormat.Markdown));
        string[] lines = output.ToString().Split('\n');
        Assert.Equal("## tales-5m-q8_0.gguf: 2 requests of 40 + 4 tokens, 32 of them shared, 1 threads; 1 rounds, medians", lines[0]);
        Assert.Equal(
            "| view | configuration | tok/s | factor | predicted | off by | cumulative | predicted | computed | KV | work | predicted "
                + "KV + work | process | same tokens |",
            lines[2]);
        Assert.Matches(
            @"^\| all but one \| without batching \| 16\.0 \| 2\.00x \| \d+\.\d+x \| [+-]\d+(\.\d)? % \| - \| - \| 22 \| 1\.50 MB \| 1\.25 MB \| \d.* [kM]B \| 70\.0 MB \| 100 % \|$",
            lines[8]);
        Assert.Matches(@"^\| one by one \| \+ grouped heads \| 8\.00 \| 2\.00x \| .* \| 8\.00x \| ", lines[13]);
        Assert.Contains(
            lines, line => line.Contains("10.0 GB/s, 100 GFLOP/s, 400 G int8/s, 1.0 us per operator", StringComparison.Ordinal));
    }
}
