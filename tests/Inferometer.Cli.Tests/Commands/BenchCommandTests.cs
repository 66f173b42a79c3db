using System.Text.Json;
using Inferometer.Cli.Hosting;
using Inferometer.History.Import;
using Inferometer.History.Records;
using Inferometer.Measurement.Published.Results;

namespace Inferometer.Cli.Tests.Commands;

public class BenchCommandTests
{
    [Fact]
    public async Task The_table_has_llama_benchs_columns_and_names()
    {
        CommandRun run = (await CommandRun.OfLine("bench -p 8 -n 4 -pg 6,2 -d 0,16 -b 1,3 -r 1 --warm-up 0")).Succeeded();
        Assert.StartsWith(
            "| model | size | params | backend | threads | test | t/s | of limit |", run.OutputLines[0], StringComparison.Ordinal);
        string[] rows = [.. run.OutputLines[2..].Where(l => l.StartsWith('|'))];
        string[] tests = [.. rows.Select(l => l.Split('|')[6].Trim())];

        // A machine with energy counters has a column more, and one without says so.
        Assert.Contains(run.OutputLines, l => l.Contains("Energy is not measured", StringComparison.Ordinal)
            || l.Contains("J/t: joules per token", StringComparison.Ordinal));
        Assert.Equal(
            [
                "pp8", "tg4", "pp6+tg2", "pp8 x 3", "tg4 x 3", "pp6+tg2 x 3",
                "pp8 @ d16", "tg4 @ d16", "pp6+tg2 @ d16", "pp8 @ d16 x 3", "tg4 @ d16 x 3", "pp6+tg2 @ d16 x 3",
            ],
            tests);
        Assert.All(
            rows, l =>
                Assert.Matches(
                    @"\| llama 5\.48M Q8_0 \| 5\.65 MiB \| 5\.48 M \| CPU, .* \| \d+ \| .* \| \d+\.\d+ ± 0\.0+ \| \d+(\.\d)? % \|", l));
    }

    [Fact]
    public async Task Json_rows_agree_with_themselves()
    {
        CommandRun run = (await CommandRun.OfLine("bench -p 8 -n 4 -t 1 -r 3 --warm-up 0 -o json")).Succeeded();
        JsonElement[] rows = [.. JsonSerializer.Deserialize<JsonElement>(run.Output).EnumerateArray()];
        Assert.Equal(["pp8", "tg4"], rows.Select(r => r.GetProperty("test").GetString()));
        foreach (JsonElement row in rows)
        {
            double[] samples = [.. row.GetProperty("samples_ns").EnumerateArray().Select(s => s.GetDouble())];
            int tokens = row.GetProperty("n_prompt").GetInt32() + row.GetProperty("n_gen").GetInt32();
            Assert.Equal(3, samples.Length);
            Assert.Equal(samples.Average(), row.GetProperty("avg_ns").GetDouble(), 1.0);
            Assert.Equal(
                samples.Average(s => 1e9 * tokens / s), row.GetProperty("avg_ts").GetDouble(),
                0.001 * row.GetProperty("avg_ts").GetDouble());
            Assert.Equal(
                samples.Select(s => 1e9 * tokens / s), row.GetProperty("samples_ts").EnumerateArray().Select(s => s.GetDouble()),
                (a, b) => Math.Abs(a - b) <= 1e-3 * a);
            Assert.Equal(1, row.GetProperty("n_threads").GetInt32());
            Assert.Equal("", row.GetProperty("gpu_info").GetString());
        }
    }

    [Fact]
    public async Task Rows_are_imported_as_one_run()
    {
        CommandRun run = (await CommandRun.OfLine("bench -p 8 -n 4 -b 1,2 -t 1 -r 3 --warm-up 0 -o json")).Succeeded();
        RunRecord imported = Assert.Single(
            ResultImport.Read(run.Output, "bench.json", DateTimeOffset.UnixEpoch, new BenchmarkSubject()));
        Assert.Equal(["pp8", "pp8 x 2", "tg4", "tg4 x 2"], imported.Metrics.Select(m => m.Key).Order(StringComparer.Ordinal));
        Assert.All(imported.Metrics, m => Assert.Equal(3, imported.SeriesOf(m)!.Values.Count));
        Assert.StartsWith("inferometer bench ", imported.Product, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_lines_hold_one_object_each()
    {
        CommandRun run = (await CommandRun.OfLine("bench -p 4 -n 2 -r 1 --warm-up 0 -o jsonl")).Succeeded();
        Assert.Equal(
            ["pp4", "tg2"], run.OutputLines.Select(l => JsonSerializer.Deserialize<JsonElement>(l).GetProperty("test").GetString()));
    }

    [Theory]
    [InlineData("-p 4000", ExitCode.Failed, "pp4000: sequences of 4000 tokens are not possible")]
    [InlineData("-p 8 -d 1020", ExitCode.Failed, "up to 1024")]
    [InlineData("-p 0 -n 0", ExitCode.Usage, "nothing to time")]
    [InlineData("-p x", ExitCode.Usage, "--n-prompt: 'x'")]
    [InlineData("-b 0", ExitCode.Usage, "--sequences: '0'")]
    [InlineData("-t 0", ExitCode.Usage, "--threads: '0'")]
    [InlineData("--warm-up -1", ExitCode.Usage, "--warm-up: '-1' is not allowed; it must be a number from 0 to 3600.")]
    [InlineData("-r 0", ExitCode.Usage, "--repetitions: '0'")]
    [InlineData("-pg 512", ExitCode.Usage, "-pg: '512'")]
    [InlineData("-o xml", ExitCode.Usage, "must be md, csv, json, jsonl or table")]
    [InlineData("missing.gguf", ExitCode.Failed, "missing.gguf: there is no such file")]
    public async Task Tests_that_cannot_be_are_refused(string options, int code, string expected)
    {
        CommandRun run = await CommandRun.OfLine("bench " + options);
        Assert.Equal(code, run.Code);
        Assert.Contains(expected, Assert.Single(run.Complaints), StringComparison.Ordinal);
    }
}
