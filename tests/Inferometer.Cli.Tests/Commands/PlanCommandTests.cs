using System.Text.Json.Nodes;
using Inferometer.Cli.Hosting;

namespace Inferometer.Cli.Tests.Commands;

public sealed class PlanCommandTests
{
    // One system, framework, degree and limit: a plan of some tenths of a second.
    private const string Small = "plan llama-3.1-8b --users 20 --slo ttft:500ms,tpot:20ms --input 512 --output 64 --on h100 "
        + "--framework vllm --weights fp8 --kv published --tp 1 --max-num-seqs 32 --max-num-batched-tokens 8192 --modes aggregated";

    [Fact]
    public async Task A_page_says_what_to_rent_and_why_the_others_are_not_it()
    {
        string page = (await CommandRun.OfLine(Small)).Succeeded().Output;
        foreach (string part in new[]
        {
            "for 20 users, 512 tokens in, 64 out: p90 TTFT < 500 ms, p90 TPOT < 20 ms", "cheapest", "fastest", "1 x H100_SXM",
                "Head-room:",
            "Nothing that was looked at would save anything: ", "Why the others are not it", "Speed for a user",
            "deployments were looked at",
        })
        {
            Assert.Contains(part, page, StringComparison.Ordinal);
        }
    }

    // One device is the least there can be: nothing saves, and no cost stands as a saving.
    [Fact]
    public async Task What_saves_nothing_is_not_told_to_be_changed_first()
    {
        string page = (await CommandRun.OfLine(Small)).Succeeded().Output;
        Assert.DoesNotContain("What to change first", page, StringComparison.Ordinal);
        Assert.DoesNotMatch(@"-\d+ %", page);
        Assert.DoesNotContain("What would save nothing", page, StringComparison.Ordinal); // a table in which every row says the same
        Assert.Matches(@"Nothing that was looked at would save anything: [^.]*a\s+quarter\s+less\s+load", page);
    }

    [Fact]
    public async Task Json_has_the_answers_with_their_figures()
    {
        JsonObject plan = JsonNode.Parse((await CommandRun.OfLine(Small + " -f json")).Succeeded().Output)!.AsObject();
        JsonObject cheapest = plan["answers"]!.AsArray()[0]!.AsObject();
        Assert.Equal("cheapest", cheapest["answer"]!.GetValue<string>());
        Assert.Equal("H100_SXM", cheapest["system"]!.GetValue<string>());
        Assert.Equal(2.99 * 730, cheapest["usd_per_month"]!.GetValue<double>(), 1e-6);
        Assert.Equal(2, plan["limits"]!.AsArray().Count);
        Assert.Equal(plan["limits"]![0]!["predicted_ms"]!.GetValue<double>(), cheapest["p90_ttft_ms"]!.GetValue<double>());
        Assert.Equal(plan["limits"]![1]!["predicted_ms"]!.GetValue<double>(), cheapest["p90_tpot_ms"]!.GetValue<double>());
        Assert.Contains("answer,system,devices", (await CommandRun.OfLine(Small + " -f csv")).Succeeded().Output, StringComparison.Ordinal);
    }

    // Times of a load that comes faster than it is answered say how long it came, and may lie below the limit.
    [Fact]
    public async Task What_one_replica_less_does_not_carry_is_said_without_its_times()
    {
        string line = Small.Replace("--users 20 --slo ttft:500ms,tpot:20ms", "--rate 60 --slo ttft:2s", StringComparison.Ordinal);
        string page = (await CommandRun.OfLine(line)).Succeeded().Output;
        Assert.Contains(
            "When a replica dies, the one that is left does not keep the level: requests come faster than they are answered.",
            string.Join(' ', page.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_level_that_nothing_keeps_ends_in_exit_code_1_and_says_what_binds()
    {
        CommandRun run = await CommandRun.OfLine(Small.Replace("tpot:20ms", "tpot:1ms", StringComparison.Ordinal));
        Assert.Equal(ExitCode.Failed, run.Code);
        Assert.Contains("What binds: TPOT: ", run.Output, StringComparison.Ordinal);
        Assert.Contains("Nearest: ", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_command_and_a_manifest_are_printed_alone()
    {
        string command = (await CommandRun.OfLine(Small + " --emit vllm")).Succeeded().Output;
        Assert.StartsWith("# 1 of these, each on 1 x H100_SXM\n# vLLM ", command, StringComparison.Ordinal);
        Assert.Contains("vllm serve meta-llama/Llama-3.1-8B", command, StringComparison.Ordinal);
        string manifest = (await CommandRun.OfLine(Small + " --emit kubernetes")).Succeeded().Output;
        Assert.Contains("kind: Deployment", manifest, StringComparison.Ordinal);
        string file = (await CommandRun.OfLine(Small + " --emit compose")).Succeeded().Output;
        Assert.Contains("\nservices:\n  llama-3-1-8b:\n", file, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_load_it_says_what_can_be_served()
    {
        CommandRun run = await CommandRun.OfLine("plan llama-3.1-8b,llama-3.3-70b --on 1xrtx4090 --slo tpot:50ms");
        string page = run.Succeeded().Output;
        Assert.Contains("Largest model", page, StringComparison.Ordinal);
        Assert.Contains("What is not served", page, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("plan llama-3.1-8b --users 5 --slo ttft:1s --on 0xh100", "the number of devices")]
    [InlineData("plan", "Say who asks")]
    [InlineData("plan llama-3.1-8b --users 5", "--slo")]
    [InlineData("plan --users 5 --slo ttft:1s", "Say which MODEL")]
    [InlineData("plan a,b --users 5 --slo ttft:1s", "one MODEL at a time")]
    [InlineData("plan llama-3.1-8b --users 5 --rate 5 --slo ttft:1s", "--users and --rate")]
    [InlineData("plan llama-3.1-8b --users 5 --slo ttft:1s,tpto:3ms", "in 'tpto:3ms': unknown metric \"tpto\"")]
    [InlineData("plan llama-3.1-8b --users 5 --slo ttft:5", "has no unit")]
    [InlineData("plan llama-3.1-8b --users 5 --slo ttft:1s --percentile 90", "--percentile: '90'")]
    [InlineData("plan llama-3.1-8b --users 5 --slo ttft:1s --weights q3_k_m", "a serving framework takes")]
    [InlineData("plan llama-3.1-8b --users 5 --slo ttft:1s --emit vllm --framework sglang", "--framework names others")]
    [InlineData("plan llama-3.1-8b --users 5 --slo ttft:1s --pools", "--pools needs --rate")]
    [InlineData("plan llama-3.1-8b --users 5 --slo ttft:1s --emit vllm -f json", "--format: --emit prints a command or a file")]
    [InlineData("plan llama-3.1-8b --users 5 --slo ttft:1s --emit vllm --top 3", "--top: --emit prints a command or a file")]
    [InlineData("plan llama-3.1-8b --on h100 --emit vllm", "--emit needs a load")]
    [InlineData("plan llama-3.1-8b --on h100 --spares 1", "--spares needs a load")]
    [InlineData("plan llama-3.1-8b --users 5 --slo ttft:1s --arrivals constant", "--arrivals needs --rate")]
    public async Task A_wrong_command_line_is_told_so(string line, string expected)
    {
        CommandRun run = await CommandRun.OfLine(line);
        Assert.Equal(ExitCode.Usage, run.Code);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("plan llama-3.1-8b --users 5 --slo ttft:1s --on h1000", "'h1000' is not a system")]
    [InlineData("plan llama-9 --users 5 --slo ttft:1s", "'llama-9' is not a model")]
    [InlineData("plan llama-3.1-8b --users 5 --slo ttft:1s --on h100,H100_SXM", "named twice")]
    public async Task A_wrong_name_is_told_so(string line, string expected)
    {
        CommandRun run = await CommandRun.OfLine(line);
        Assert.Equal(ExitCode.Failed, run.Code);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
    }
}
