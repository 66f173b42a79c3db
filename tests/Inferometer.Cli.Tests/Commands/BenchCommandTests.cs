using System.Text.Json;
using Inferometer.Cli.Benchmarks;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Models;
using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.Core.Gguf;
using Inferometer.Core.Models;
using Inferometer.Cpu.Kernels.Attention;
using Inferometer.Measurement.Diagnostics;

namespace Inferometer.Cli.Tests.Commands;

public class BenchCommandTests
{
    [Fact]
    public async Task The_table_has_llama_benchs_columns_and_names()
    {
        CommandRun run = (await CommandRun.OfLine("bench -p 8 -n 4 -pg 6,2 -d 0,16 -b 1,3 -r 1 --warm-up 0")).Succeeded();
        Assert.Equal("| model | size | params | backend | threads | test | t/s | of limit |", run.OutputLines[0]);
        string[] tests = [.. run.OutputLines[2..].Select(l => l.Split('|')[6].Trim())];
        Assert.Equal(
            [
                "pp8", "tg4", "pp6+tg2", "pp8 x 3", "tg4 x 3", "pp6+tg2 x 3",
                "pp8 @ d16", "tg4 @ d16", "pp6+tg2 @ d16", "pp8 @ d16 x 3", "tg4 @ d16 x 3", "pp6+tg2 @ d16 x 3",
            ],
            tests);
        Assert.All(run.OutputLines[2..], l => Assert.Matches(@"\| llama 5\.48M Q8_0 \| 5\.65 MiB \| 5\.48 M \| CPU, .* \| \d+ \| .* \| \d+\.\d+ ± 0\.0+ \| \d+(\.\d)? % \|$", l));
    }

    [Fact]
    public async Task Json_rows_agree_with_themselves()
    {
        CommandRun run = (await CommandRun.OfLine("bench -p 8 -n 4 -t 1 -r 3 --warm-up 0 -o json")).Succeeded();
        JsonElement[] rows = [.. JsonSerializer.Deserialize<JsonElement>(run.Output).EnumerateArray()];
        Assert.Equal(["pp8", "tg4"], rows.Select(r => r.GetProperty("test").GetString()));
        foreach (JsonElement row in rows)
        {
            double[] samples = [.. row.GetProperty("samples_ns").EnumerateArray().Select(s => double.Parse(s.GetString()!, System.Globalization.CultureInfo.InvariantCulture))];
            int tokens = row.GetProperty("n_prompt").GetInt32() + row.GetProperty("n_gen").GetInt32();
            Assert.Equal(3, samples.Length);
            Assert.Equal(samples.Average(), row.GetProperty("avg_ns").GetDouble(), 1.0);
            Assert.Equal(samples.Average(s => 1e9 * tokens / s), row.GetProperty("avg_ts").GetDouble(), 0.001 * row.GetProperty("avg_ts").GetDouble());
            Assert.Equal(1, row.GetProperty("n_threads").GetInt32());
        }
    }

    [Fact]
    public async Task Json_lines_hold_one_object_each()
    {
        CommandRun run = (await CommandRun.OfLine("bench -p 4 -n 2 -r 1 --warm-up 0 -o jsonl")).Succeeded();
        Assert.Equal(["pp4", "tg2"], run.OutputLines.Select(l => JsonSerializer.Deserialize<JsonElement>(l).GetProperty("test").GetString()));
    }

    [Fact]
    public void Rates_and_deviations_are_those_of_the_samples()
    {
        // 100 tokens in 1 s and 2 s: 100 and 50 tokens/s, mean 75, deviation sqrt((25² + 25²) / 1).
        BenchSamples samples = new(new BenchTest(25, 0, 0, 4), [1, 2]);
        Assert.Equal([100.0, 50.0], samples.Rates);
        Assert.Equal(75, samples.MeanRate, 1e-9);
        Assert.Equal(Math.Sqrt(1250), samples.RateDeviation, 1e-9);
        Assert.Equal(1.5, samples.MeanSeconds, 1e-9);
        Assert.Equal(0, new BenchSamples(samples.Test, [1]).RateDeviation);
    }

    [Fact]
    public void The_limit_of_generation_is_its_reads_and_that_of_a_prompt_its_arithmetic()
    {
        ModelArchitecture model = ModelLocation.Resolve(null).ReadArchitecture();
        const long bytes = 5_827_584; // 5,472,256 weights of 34 bytes per 32, 3,328 of 4 bytes
        BenchLimit limit = new(model, bytes, GgmlType.Q8_0, new KvArgument(KvElement.F16, null), new MachineLimits(1, ReadGBps: 10, FloatGops: 100, Int8Gops: 400));

        // One token with 15 before it: all weights and 15 x 3072 bytes (6 layers, keys and values of 2 heads of 64, 2 bytes each) at 10 GB/s.
        Assert.Equal(1e10 / (bytes + (15 * 3072)), limit.Rate(new BenchTest(0, 1, 15, 1)), 1e-3);

        // 100 tokens: 2 operations for each of the 4,426,752 + 256 weights in layers and last norm and token, and for the head once, at 400 G/s; attention at
        // 100 G/s: 4 operations for each of 6 x 4 x 64 channels and 100 x 101 / 2 pairs.
        double seconds = ((2.0 * 4_427_008 * 100) + (2.0 * 4096 * 256)) / 400e9 + (4.0 * 6 * 4 * 64 * 5050 / 100e9);
        Assert.Equal(100 / seconds, limit.Rate(new BenchTest(100, 0, 0, 1)), 1e-3);
    }

    [Theory]
    [InlineData(GgmlType.Q4_K, 400)]
    [InlineData(GgmlType.BF16, 200)] // 16-bit products, half as many as 8-bit ones
    [InlineData(GgmlType.F32, 100)]
    public void The_limit_of_a_prompt_knows_the_products_its_weights_are_multiplied_with(GgmlType type, double matrixGops)
    {
        ModelArchitecture model = ModelLocation.Resolve(null).ReadArchitecture();
        BenchLimit limit = new(model, 1, type, new KvArgument(KvElement.F16, null), new MachineLimits(1, ReadGBps: 1e6, FloatGops: 100, Int8Gops: 400));
        double seconds = (((2.0 * 4_427_008 * 100) + (2.0 * 4096 * 256)) / (matrixGops * 1e9)) + (4.0 * 6 * 4 * 64 * 5050 / 100e9);
        Assert.Equal(100 / seconds, limit.Rate(new BenchTest(100, 0, 0, 1)), 1e-3);
    }

    [Theory]
    [InlineData("-p 4000", ExitCode.Failed, "pp4000: sequences of 4000 tokens are not possible")]
    [InlineData("-p 8 -d 1020", ExitCode.Failed, "up to 1024")]
    [InlineData("-p 0 -n 0", ExitCode.Usage, "nothing to time")]
    [InlineData("-p x", ExitCode.Failed, "--n-prompt: 'x'")]
    [InlineData("-b 0", ExitCode.Failed, "--sequences: '0'")]
    [InlineData("-t 0", ExitCode.Failed, "--threads: '0'")]
    [InlineData("--warm-up -1", ExitCode.Failed, "--warm-up: allowed are 0 to 3600 seconds.")]
    [InlineData("-r 0", ExitCode.Failed, "--repetitions: 0")]
    [InlineData("-pg 512", ExitCode.Failed, "-pg: '512'")]
    [InlineData("-o xml", ExitCode.Usage, "must be md, csv, json or jsonl")]
    [InlineData("missing.gguf", ExitCode.Failed, "missing.gguf: there is no such file")]
    public async Task Tests_that_cannot_be_are_refused(string options, int code, string expected)
    {
        CommandRun run = await CommandRun.OfLine("bench " + options);
        Assert.Equal(code, run.Code);
        Assert.Contains(expected, Assert.Single(run.Complaints), StringComparison.Ordinal);
    }
}
