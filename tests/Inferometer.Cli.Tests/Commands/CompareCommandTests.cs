using System.Globalization;
using System.Text.Json.Nodes;
using Inferometer.Cli.Hosting;

namespace Inferometer.Cli.Tests.Commands;

public class CompareCommandTests
{
    [Fact]
    public async Task The_batch_size_use_case_is_one_line()
    {
        CommandRun run =
            (await CommandRun
                .OfLine("compare llama2_7b --on A100_80GB --tp 4 --batch 1,2,4,8,16,32 --output 1 --features decode --best throughput"))
                    .Succeeded();
        Assert.StartsWith("Llama-2-7b-hf on A100_SXM_80GB, fp16, TP 4, 2,048 tokens in, 1 out", run.Output, StringComparison.Ordinal);
        Assert.Contains("\n*    32 ", run.Output, StringComparison.Ordinal);
        Assert.Contains("* best: most tokens per second", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_precision_use_case_is_one_line()
    {
        JsonArray rows = await Rows("compare llama2_7b --on A100_80GB --tp 4 --batch 4 --output 128 --bits bf16,int8,int4");
        Assert.Equal(["bf16", "int8", "int4"], rows.Select(r => r!["formats"]!.GetValue<string>()));
        double[] memory = [.. rows.Select(r => r!["memory_bytes"]!.GetValue<double>())];
        Assert.Equal(memory.OrderDescending(), memory);
    }

    [Fact]
    public async Task The_model_use_case_takes_the_lists_in_step()
    {
        JsonArray rows = await Rows("compare llama2_7b,llama2_13b,llama2_70b --tp 2,4,8 --zip --on H100_80GB --batch 4");
        Assert.Equal([2, 4, 8], rows.Select(r => r!["tensor_parallel"]!.GetValue<int>()));
        Assert.Equal(
            ["meta-llama/Llama-2-7b-hf", "meta-llama/Llama-2-13b-hf", "meta-llama/Llama-2-70b-hf"],
            rows.Select(r => r!["model"]!.GetValue<string>()));
    }

    [Fact]
    public async Task Without_zip_every_combination_is_a_row()
    {
        JsonArray rows = await Rows("compare llama-3.1-8b --model llama2_7b --on h100,a100 --tp 1,2 --batch 1,2,3");
        Assert.Equal(2 * 2 * 2 * 3, rows.Count);
    }

    [Theory]
    [InlineData("ttft", "ttft_ms", false)]
    [InlineData("tpot", "tpot_ms", false)]
    [InlineData("e2e", "e2e_ms", false)]
    [InlineData("cost", "usd_per_million_output_tokens", false)]
    [InlineData("energy", "joules_per_output_token", false)]
    [InlineData("throughput", "throughput_tokens_per_s", true)]
    public async Task The_row_marked_best_is_the_best(string objective, string key, bool highest)
    {
        const string Line = "compare llama-3.1-8b --on h100,a100,l4 --batch 1,16 --best ";
        JsonArray rows = await Rows(Line + objective);
        double[] values = [.. rows.Select(r => r![key]!.GetValue<double>())];
        int best = Array.IndexOf(values, highest ? values.Max() : values.Min());
        CommandRun run = (await CommandRun.OfLine(Line + objective)).Succeeded();
        string[] table = [.. run.OutputLines.SkipWhile(l => !l.TrimStart().StartsWith("---", StringComparison.Ordinal)).Skip(1)];
        Assert.StartsWith("*", table[best], StringComparison.Ordinal);
        Assert.Single(table.Take(values.Length), l => l.StartsWith('*'));
    }

    [Fact]
    public async Task What_was_not_said_is_shown_with_its_default()
    {
        JsonArray rows = await Rows("compare llama-3.1-8b --on h100 --tp 1,2");
        Assert.Equal([1, 2], rows.Select(r => r!["tensor_parallel"]!.GetValue<int>()));
        Assert.Equal((1, 1), (rows[0]!["pipeline_parallel"]!.GetValue<int>(), rows[0]!["data_parallel"]!.GetValue<int>()));
        Assert.Equal(0, rows[0]!["cached_prefix_tokens"]!.GetValue<int>());
        Assert.Null(rows[0]!["draft_tokens"]); // nothing drafts
    }

    [Fact]
    public async Task Impossible_rows_are_shown_with_the_reason()
    {
        CommandRun run = (await CommandRun.OfLine("compare llama-3.1-70b --on h100 --tp 1,2,3,128")).Succeeded();
        Assert.Contains("(1) does not fit: 144 GB needed per device, 85.9 GB there", run.Output, StringComparison.Ordinal);
        Assert.Contains("parallelism: tensor = 128", run.Output, StringComparison.Ordinal);
        JsonArray rows = await Rows("compare llama-3.1-70b --on h100 --tp 1,2");
        Assert.Contains("does not fit", rows[0]!["error"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Null(rows[0]!["ttft_ms"]);
        Assert.Null(rows[1]!["error"]);
    }

    [Fact]
    public async Task When_nothing_is_possible_the_command_fails()
    {
        CommandRun run = await CommandRun.OfLine("compare llama-3.1-70b --on h100,a100");
        Assert.Equal(ExitCode.Failed, run.Code);
        Assert.Equal("", run.Output);
        Assert.Contains("none of the combinations is possible", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Figures_equal_those_of_the_estimate()
    {
        JsonArray rows = await Rows("compare llama-3.1-8b --on h100 --batch 1,7 --kv fp8");
        JsonNode one = JsonNode.Parse((await CommandRun.OfLine("estimate llama-3.1-8b --on h100 --batch 7 --kv fp8 -f json")).Output)!;
        Assert.Equal(one["latency"]!.GetValue<double>(), rows[1]!["latency_ms"]!.GetValue<double>());
        Assert.Equal(one["metrics"]!["tpot_ms"]!.GetValue<double>(), rows[1]!["tpot_ms"]!.GetValue<double>());
    }

    [Fact]
    public async Task Csv_rows_all_have_the_headers_columns()
    {
        CommandRun run = (await CommandRun.OfLine("compare llama-3.1-8b --on h100,a100 --batch 1,2 --format csv")).Succeeded();
        int columns = run.OutputLines[0].Split(',').Length;
        Assert.Equal(5, run.OutputLines.Length);
        Assert.All(run.OutputLines, l => Assert.Equal(columns, l.Split(',').Length));
        Assert.True(
            double.Parse(
                run.OutputLines[1].Split(',')[Array.IndexOf(run.OutputLines[0].Split(','), "ttft_ms")], CultureInfo.InvariantCulture) > 0);
    }

    private static async Task<JsonArray> Rows(string line) =>
        Assert.IsType<JsonArray>(JsonNode.Parse((await CommandRun.OfLine(line + " --format json")).Succeeded().Output));
}
