using System.Text.Json.Nodes;
using Inferometer.History.Records;

namespace Inferometer.History.Tests;

/// <summary>Runs as commands make them, with figures that tests choose.</summary>
internal static class SampleRuns
{
    public static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    /// <summary>A run of bench: one rate, with its repetitions.</summary>
    public static RunRecord Bench(
        double[] rates, double minutes = 0, string? name = null, string[]? tags = null, string model = "tiny.gguf") => new RunRecord
        {
            Kind = RunKind.Bench,
            Arm = RunArm.Measured,
            At = Start.AddMinutes(minutes),
            Model = model,
            On = "a processor",
            Config = RunConfig.Of(new JsonObject { ["command"] = "bench", ["model"] = model }),
            Machine = new RunMachine("a processor", 2, 1 << 30, "an OS", "x64", ".NET"),
            Product = "0.1.0+abc",
            CommandLine = ["bench", model],
            Name = name,
            Tags = tags ?? [],
            Metrics = [Rate("tg128", rates)],
            Series = [new RunSeries("tg128", "tokens/s", rates)],
        }.Sealed();

    public static RunMetric Rate(string key, double[] rates) => new()
    {
        Key = key,
        Name = key,
        Unit = "tokens/s",
        Better = Better.Higher,
        Value = rates.Average(),
        Statistic = Statistic.Mean,
        Series = key,
        IsHeadline = true,
    };
}
