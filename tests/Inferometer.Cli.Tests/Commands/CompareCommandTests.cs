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

    // Three heads of eight per device and two: priced all the same, and however the devices are counted.
    [Fact]
    public async Task Uneven_heads_are_allowed_however_devices_are_counted()
    {
        JsonArray counted = await Rows("compare llama-3.3-70b --on 3xh100 --allow-uneven");
        JsonArray named = await Rows("compare llama-3.3-70b --on h100 --tp 3 --allow-uneven");
        Assert.Equal(named[0]!["ttft_ms"]!.GetValue<double>(), counted[0]!["ttft_ms"]!.GetValue<double>());
    }

    // The device has room for all that is left to it where the host has not.
    [Fact]
    public async Task What_does_not_fit_the_host_is_told_beside_what_does_not_fit_devices()
    {
        CommandRun run = await CommandRun.OfLine("compare llama-3.3-70b --on rtx4090 --weights q4_k -ngl 0,20,81 --framework llama.cpp");
        Assert.Contains("does not fit: 2 of 3 rows; they need 43.4 GB per device of 25.3 GB there, and 43.3 GB of the", run.Output,
            StringComparison.Ordinal);
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
    public async Task The_top_is_what_is_best_and_what_was_cut_is_said()
    {
        const string Line = "compare llama-3.1-70b --on h100,h200,rtx4090 --top 1";
        CommandRun run = (await CommandRun.OfLine(Line)).Succeeded();
        Assert.Contains("H200_SXM", run.Output, StringComparison.Ordinal);
        Assert.Contains("2 more rows left out by --filter or --top", run.Output, StringComparison.Ordinal);
        Assert.Equal(
            "bf16", Assert.Single((await Rows("compare llama-3.1-70b --on h200,h100 --top 2")).Skip(1))!["formats"]!.GetValue<string>());
    }

    [Fact]
    public async Task Impossible_rows_are_shown_with_the_reason()
    {
        CommandRun run = (await CommandRun.OfLine("compare llama-3.1-70b --on h100 --tp 1,2,3,128")).Succeeded();
        Assert.Contains("(1) does not fit: 144 GB needed per device, 85.0 GB there", run.Output, StringComparison.Ordinal);
        Assert.Contains("parallelism: tensor = 128", run.Output, StringComparison.Ordinal);
        JsonArray rows = await Rows("compare llama-3.1-70b --on h100 --tp 1,2");
        Assert.Contains("does not fit", rows[0]!["error"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Null(rows[0]!["ttft_ms"]);
        Assert.Null(rows[1]!["error"]);
    }

    [Fact]
    public async Task All_that_does_not_fit_is_one_line_and_each_row_has_its_need()
    {
        CommandRun run = (await CommandRun.OfLine("compare llama-3.1-70b,llama-3.1-405b --on h100,l4,rtx4090 --tp 1,2,4,8")).Succeeded();
        string note = Assert.Single(run.OutputLines, l => l.Contains("does not fit", StringComparison.Ordinal));
        Assert.Matches(@"^\(1\) does not fit: \d+ of 24 rows; they need [\d.]+ GB to [\d,.]+ GB per device", note);
        Assert.EndsWith("of 23.7 GB to 85.0 GB there", note, StringComparison.Ordinal);
        Assert.Contains("815/85.0", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Rows_can_be_sorted_filtered_and_cut()
    {
        const string line = "compare llama-3.1-70b --on h100,h200,mi300x --tp 1,2,4,8 --batch 1,16";
        JsonArray all = await Rows(line), cheap = await Rows(line + " --sort cost --top 3");
        double[] costs = [.. cheap.Select(r => r!["usd_per_million_output_tokens"]!.GetValue<double>())];
        Assert.Equal(3, costs.Length);
        Assert.Equal(all.Select(r => r!["usd_per_million_output_tokens"]?.GetValue<double>()).OfType<double>().Order().Take(3), costs);
        JsonArray quick = await Rows(line + " --filter tpot_ms<15 --filter devices<=4 --sort tpot_ms:desc");
        Assert.NotEmpty(quick);
        Assert.All(quick, r => Assert.True(r!["tpot_ms"]!.GetValue<double>() < 15 && r["devices"]!.GetValue<double>() <= 4));
        double[] times = [.. quick.Select(r => r!["tpot_ms"]!.GetValue<double>())];
        Assert.Equal(times.OrderDescending(), times);
        CommandRun none = await CommandRun.OfLine(line + " --filter tpot_ms<0.001");
        Assert.Equal(ExitCode.Failed, none.Code);
        Assert.Contains("tpot_ms<0.001", Assert.Single(none.Complaints), StringComparison.Ordinal);
        CommandRun wrong = await CommandRun.OfLine(line + " --sort tpt_ms");
        Assert.Equal(ExitCode.Usage, wrong.Code);
        Assert.Contains("tpot_ms", Assert.Single(wrong.Complaints), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_says_the_same_stands_once()
    {
        JsonArray rows = await Rows("compare llama-3.1-8b --on h100 --draft none,ngram --draft-tokens 2,4 --acceptance 0.5");
        Assert.Equal([null, "ngram", "ngram"], rows.Select(r => r!["draft_model"]?.GetValue<string>()));
    }

    [Fact]
    public async Task Cost_models_are_not_ranked_among_each_other()
    {
        CommandRun run = (await CommandRun.OfLine("compare llama-3.1-8b --on h100 --cost-model roofline,genz --batch 1,8")).Succeeded();
        Assert.DoesNotContain(run.OutputLines, l => l.StartsWith('*'));
        Assert.Contains("cannot be compared", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Warnings_reach_the_table_and_machines()
    {
        const string line = "compare llama-3.1-8b --on h200 --input 2048,131072 --output 64";
        CommandRun run = (await CommandRun.OfLine(line)).Succeeded();
        Assert.Contains("Warning: 131,136 tokens of context are beyond the 131,072", run.Output, StringComparison.Ordinal);
        JsonArray rows = await Rows(line);
        Assert.Null(rows[0]!["warnings"]);
        Assert.Contains("131,136", rows[1]!["warnings"]!.GetValue<string>(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Machines_are_told_price_memory_and_what_the_cache_holds()
    {
        JsonArray rows = await Rows("compare llama-3.1-8b --on h100 --tp 1,2");
        Assert.Equal([2.99, 5.98], rows.Select(r => r!["usd_per_hour"]!.GetValue<double>()));
        Assert.All(rows, r => Assert.True(r!["kv_capacity_tokens"]!.GetValue<double>() > 1e5));
        Assert.All(rows, r => Assert.True(r!["concurrent_requests"]!.GetValue<double>() > 100));
        Assert.All(rows, r => Assert.Equal(79.19 * (1 << 30), r!["usable_memory_bytes"]!.GetValue<double>(), 1e6));
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
    public async Task Shares_are_listed_with_commas_as_well()
    {
        JsonArray rows = await Rows("compare llama-3.1-8b --on h100 --memory-utilization 0.8,0.9,1");
        Assert.Equal([0.8, 0.9, 1], rows.Select(r => r!["memory_utilization"]!.GetValue<double>()));
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
