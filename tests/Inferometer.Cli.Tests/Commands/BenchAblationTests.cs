using System.Text.Json;
using Inferometer.Cli.Hosting;

namespace Inferometer.Cli.Tests.Commands;

public class BenchAblationTests
{
    [Fact]
    public async Task Rows_of_both_views_agree_with_themselves()
    {
        CommandRun run = (await CommandRun.OfLine("bench --ablate -p 40 -n 4 -b 2 --shared 32 -r 1 -t 1 --warm-up 0 -o json")).Succeeded();
        JsonElement[] rows = [.. JsonSerializer.Deserialize<JsonElement>(run.Output).EnumerateArray()];
        JsonElement[] without = [.. rows.Where(r => r.GetProperty("view").GetString() is "all but one")];
        JsonElement[] ladder = [.. rows.Where(r => r.GetProperty("view").GetString() is "one by one")];
        Assert.Equal(
            ["everything on", "without KV cache", "without flash attention", "without grouped heads", "without batching",
                "without prefix reuse"],
            without.Select(r => r.GetProperty("configuration").GetString()));
        Assert.Equal(
            ["everything off", "+ KV cache", "+ flash attention", "+ grouped heads", "+ batching", "+ prefix reuse"],
            ladder.Select(r => r.GetProperty("configuration").GetString()));
        double product = 1, predicted = 1;
        foreach (JsonElement row in ladder[1..])
        {
            product *= Number(row, "measured_factor");
            predicted *= Number(row, "predicted_factor");
            Assert.Equal(product, Number(row, "measured_cumulative"), 1e-9 * product);
            Assert.Equal(predicted, Number(row, "predicted_cumulative"), 1e-9 * predicted);
            Assert.Equal((Number(row, "predicted_factor") / Number(row, "measured_factor")) - 1, Number(row, "prediction_error"), 1e-9);
        }

        Assert.Equal(product, Number(ladder[0], "seconds") / Number(ladder[^1], "seconds"), 1e-9 * product);
        Assert.All(
            without[1..], row =>
                Assert.Equal(Number(row, "seconds") / Number(without[0], "seconds"), Number(row, "measured_factor"), 1e-9));
        Assert.All(rows, row => Assert.Equal(2 * 4 / Number(row, "seconds"), Number(row, "output_tokens_per_second"), 1e-6));

        // 40 + 41 + 42 + 43 for each of two requests; with everything on 8 of each prompt and 3 more.
        Assert.Equal((2 * 166, 2 * 11), (Number(ladder[0], "forwarded_tokens"), Number(ladder[^1], "forwarded_tokens")));
        Assert.All(rows, row => Assert.True(Number(row, "peak_resident_bytes") > 1e7));
    }

    [Theory]
    [InlineData("bench --ablate -d 16", ExitCode.Usage, "--n-depth cannot be combined with --ablate")]
    [InlineData("bench --ablate -pg 8,8", ExitCode.Usage, "-pg cannot be combined")]
    [InlineData("bench --ablate --no-flash-attention", ExitCode.Usage, "--no-flash-attention cannot be combined")]
    [InlineData("bench --ablate --kv q8", ExitCode.Usage, "must be f16 or f32")]
    [InlineData("bench --ablate -p 128,256", ExitCode.Usage, "--n-prompt: with --ablate it must be one number")]
    [InlineData("bench --ablate -n 0", ExitCode.Usage, "--n-gen: with --ablate")]
    [InlineData("bench --ablate -p 64 --shared 64", ExitCode.Usage, "must be 0 to 63")]
    [InlineData("bench --ablate -p 1000 -n 100", ExitCode.Failed, "up to 1024")]
    [InlineData("bench --ablate -r 0", ExitCode.Usage, "--repetitions: '0'")]
    [InlineData("bench --shared 8", ExitCode.Usage, "--shared needs --ablate")]
    [InlineData("bench --ablate --configuration speed", ExitCode.Usage, "'speed' is not one")]
    public async Task What_cannot_be_run_is_refused(string line, int code, string expected)
    {
        CommandRun run = await CommandRun.OfLine(line);
        Assert.Equal(code, run.Code);
        Assert.Contains(expected, Assert.Single(run.Complaints), StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    private static double Number(JsonElement row, string name) => row.GetProperty(name).GetDouble();
}
