using System.Text.Json;
using System.Text.Json.Nodes;
using Inferometer.Cli.Hosting;

namespace Inferometer.Cli.Tests.Commands;

/// <summary>Services side by side: <c>compare</c> with <c>--users</c> or <c>--rate</c>.</summary>
public class CompareServicesTests
{
    [Fact]
    public async Task A_row_says_what_an_estimate_for_the_same_users_says()
    {
        JsonArray rows = await Rows("compare llama-3.1-8b --on h100,h200 --users 8,32 --input 512 --slo ttft:60ms");
        Assert.Equal(["H100_SXM", "H100_SXM", "H200_SXM", "H200_SXM"], rows.Select(r => r!["system"]!.GetValue<string>()));
        Assert.Equal([8, 32, 8, 32], rows.Select(r => r!["users"]!.GetValue<int>()));
        JsonNode alone = JsonNode.Parse((await CommandRun.OfLine(
            "estimate llama-3.1-8b --on h200 --users 32 --input 512 --slo ttft:60ms -f json")).Succeeded().Output)!;
        string[] shared = [.. rows[3]!.AsObject().Select(p => p.Key).Where(alone.AsObject().ContainsKey).Where(k => k is not "warnings")];
        Assert.True(shared.Length > 40, $"{shared.Length} keys");
        Assert.All(shared, key => Assert.Equal(alone[key]?.ToJsonString(), rows[3]![key]?.ToJsonString()));
        Assert.InRange(rows[3]!["slo_attainment"]!.GetValue<double>(), 0.01, 1);
    }

    [Fact]
    public async Task The_best_at_a_rate_is_the_quickest_that_keeps_up()
    {
        const string line = "compare llama-3.1-8b --on rtx4090,h100,b200 --rate 12";
        CommandRun page = (await CommandRun.OfLine(line)).Succeeded();
        Assert.StartsWith("Llama-3.1-8B, bf16, 12 requests/s, about 2,048 tokens in, 256 out", page.Output, StringComparison.Ordinal);
        string[] lines = page.Output.Split('\n');
        Assert.Contains("overloaded", lines.First(l => l.Contains("RTX_4090", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.Contains(lines, l => l.StartsWith("* B200_SXM", StringComparison.Ordinal));
        Assert.Contains("* best: shortest median end-to-end latency", page.Output, StringComparison.Ordinal);

        // An overloaded service makes the cheapest tokens, and is no answer.
        CommandRun cheapest = (await CommandRun.OfLine(line + " --best cost")).Succeeded();
        Assert.DoesNotContain("* RTX_4090", cheapest.Output, StringComparison.Ordinal);
        JsonArray rows = await Rows(line + " --sort ttft:desc --top 2");
        Assert.Equal("RTX_4090", rows[0]!["system"]!.GetValue<string>());
        Assert.Equal(["overloaded", "ok"], rows.Select(r => r!["state"]!.GetValue<string>()));
    }

    [Fact]
    public async Task What_does_not_fit_is_a_row_with_its_reason()
    {
        CommandRun run = (await CommandRun.OfLine("compare llama-3.1-8b,llama-3.1-70b --on h100 --users 4")).Succeeded();
        Assert.Contains("(1) does not fit: ", run.Output, StringComparison.Ordinal);
        Assert.Contains("* Llama-3.1-8B", run.Output, StringComparison.Ordinal);
        CommandRun none = await CommandRun.OfLine("compare llama-3.1-70b --on h100 --users 4,8");
        Assert.Equal(ExitCode.Failed, none.Code);
        Assert.Contains("does not fit", none.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Users_go_in_step_with_other_lists()
    {
        JsonArray rows = await Rows("compare llama-3.1-8b --on h100 --tp 1,2,4 --users 4,8,16 --zip --output 32");
        Assert.Equal([(1, 4), (2, 8), (4, 16)],
            rows.Select(r => (r!["tensor_parallel"]!.GetValue<int>(), r["users"]!.GetValue<int>())));
    }

    [Theory]
    [InlineData("--users 0", "--users: '0' is not allowed")]
    [InlineData("--users 4,x", "--users: 'x' is not allowed")]
    [InlineData("--users 4, --rate 2", "--users: '' is not allowed")]
    [InlineData("--users 4 --rate 2", "give one of them")]
    [InlineData("--slo ttft:1s", "--slo needs --users or --rate")]
    [InlineData("--users 4 --batch 8", "--batch: with --users the scheduler makes the batch")]
    [InlineData("--rate 4 --features decode", "--rate: a service both reads prompts and generates")]
    [InlineData("--users 4 --sort ttft_ms", "--sort: 'ttft_ms' is not allowed; it must begin with a metric. Did you mean 'p90_ttft_ms'")]
    [InlineData("--users 4 --filter ttft<fast", "such as p90_ttft_ms<500")]
    [InlineData("--users 1,2 --tp 1,2,4 --zip", "--users has 2 values and the other lists 3")]
    public async Task What_is_wrong_is_said(string options, string said)
    {
        CommandRun run = await CommandRun.OfLine("compare llama-3.1-8b --on h100 " + options);
        Assert.Equal(ExitCode.Usage, run.Code);
        Assert.Contains(said, run.Error, StringComparison.Ordinal);
    }

    private static async Task<JsonArray> Rows(string line) =>
        JsonSerializer.Deserialize<JsonArray>((await CommandRun.OfLine(line + " -f json")).Succeeded().Output)!;
}
