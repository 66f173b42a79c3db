using System.Text.Json.Nodes;
using Inferometer.History.Records;

namespace Inferometer.Reports.Tests.Runs;

/// <summary>Runs to report of.</summary>
internal static class ReportedRuns
{
    /// <summary>A load whose requests took so long to the first token, with names that would be code in HTML.</summary>
    public static RunRecord Load(
        string? name, double slower = 1, RunArm arm = RunArm.Measured, string model = "tiny <b>&\"model\"</b>.gguf", int requests = 60)
    {
        double[] ttft = [.. Enumerable.Range(0, requests).Select(i => slower * (100 + (i * 37 % 60)))];
        return new RunRecord
        {
            Kind = RunKind.Load,
            Arm = arm,
            At = new DateTimeOffset(2026, 3, 4, 5, 6, 7, TimeSpan.Zero).AddMinutes(slower),
            Model = model,
            On = "a processor",
            Config = RunConfig.Of(new JsonObject { ["command"] = "load", ["rate"] = 2, ["note"] = "</script><script>alert(1)</script>" }),
            Machine = new RunMachine("a processor", 2, 1 << 30, "an OS", "x64", ".NET"),
            Product = "0.1.0+0123456789abcdef",
            TreeCommit = "0123456789abcdef0123456789abcdef01234567",
            CommandLine = ["load", "my model.gguf", "--rate", "2", "--note=it's"],
            Name = name,
            Metrics =
            [
                Metric("mean_ttft_ms", "Time to first token, mean", "ms", Better.Lower, ttft.Average(), Statistic.Mean, "ttft_ms"),
                Metric("output_throughput", "Output throughput", "tokens/s", Better.Higher, 120 / slower, Statistic.None, null),
                Metric("completed", "Completed", "requests", Better.Neither, requests, Statistic.None, null) with { IsHeadline = false },
            ],
            Series = [new RunSeries("ttft_ms", "ms", ttft)],
        }.Sealed();
    }

    /// <summary>A run without values behind its figures.</summary>
    public static RunRecord Bare() => (Load("bare") with { Metrics = [.. Load("bare").Metrics.Skip(1)], Series = [] }).Sealed();

    private static RunMetric Metric(
        string key, string name, string unit, Better better, double value, Statistic statistic, string? series) => new()
        {
            Key = key,
            Name = name,
            Unit = unit,
            Better = better,
            Value = value,
            Statistic = statistic,
            Series = series,
            IsHeadline = true,
        };
}
