using System.Globalization;
using System.Text.Json.Nodes;
using Inferometer.Cli.Commands;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Models;
using Inferometer.Core;
using Inferometer.ReferenceModels;
using Inferometer.Reports.Documents;
using Inferometer.Tests;

namespace Inferometer.Cli.Tests.Commands;

public sealed class SimulateCommandTests : IDisposable
{
    private const string Line = "simulate llama-3.1-8b --on h100 ";

    private readonly TemporaryFolder _folder = new();

    /// <summary>Commands of the guide that need no file.</summary>
    public static TheoryData<string> Guide =>
    [
        .. File.ReadLines(Path.Combine(SharedFolder.RepositoryRoot, "docs", "simulate.md"))
            .Where(l => l.StartsWith("inferometer ", StringComparison.Ordinal) && !l.Contains("--trace", StringComparison.Ordinal)),
    ];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Guide))]
    public async Task Commands_of_the_guide_work(string line) =>
        Assert.NotEmpty((await CommandRun.OfLine(line["inferometer ".Length..])).Succeeded().Output);

    // They ask the same users with other lengths, and say which.
    [Fact]
    public async Task The_heading_says_the_lengths_that_were_drawn()
    {
        const string Load = "llama-3.1-8b --on h100 --users 4 --input 1000 --output 100";
        string simulated = (await CommandRun.OfLine($"simulate {Load} --requests 40")).Succeeded().OutputLines[0];
        string estimated = (await CommandRun.OfLine($"estimate {Load}")).Succeeded().OutputLines[0];
        Assert.EndsWith("input 1,000, output 100", simulated, StringComparison.Ordinal);
        Assert.EndsWith("input 800 to 1,200 (1,000 on average), output 80 to 120 (100 on average)", estimated, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--rate 5 --requests 1 --input 100", "5 requests/s (poisson), 1 request, input 100, output 256")]
    [InlineData("--rate 5 --requests 20 --input 100 --shared-prefix 900", "input 100 behind 900 that all share, output 256")]
    [InlineData(
        "--rate 5 --requests 20 --input 100 --shared-prefix 900 --shared-prefixes 4",
        "input 100 behind 900 of one of 4 beginnings, output 256")]
    [InlineData("--rate 5 --requests 20 --input 100 --turns 5", "output 256, conversations of 5 turns")]
    [InlineData(
        "--rate 5 --requests 20 --input 100 --turns 5",
        ": 5 conversations/s (poisson), 20 requests, input 100, output 256, conversations of 5 turns")]
    public async Task The_heading_says_all_that_prompts_are_made_of(string rest, string said) =>
        Assert.EndsWith(said, (await CommandRun.OfLine(Line + rest)).Succeeded().OutputLines[0], StringComparison.Ordinal);

    // In the words of an estimate of the same, which has a batch behind them; replicas are what a service has of its own.
    [Theory]
    [InlineData("--tp 2 --lora 16:8", "on 2 x H100_SXM, bf16, TP 2, LoRA 16:8:dynamic: 5 requests/s")]
    [InlineData(
        "--tp 2 --pp 2 --kv fp8 --draft llama-3.2-1b --framework vllm --replicas 2",
        "on 8 x H100_SXM, bf16/kv fp8, TP 2, PP 2, draft llama-3.2-1b, vllm, 2 replicas: 5")]
    [InlineData("--dp 2 --bits fp8", "on 2 x H100_SXM, fp8, DP 2: 5 requests/s")]
    [InlineData("--dp 2 --replicas 3", "on 6 x H100_SXM, bf16, DP 2, 3 replicas: 5 requests/s")]
    public async Task The_heading_says_what_is_deployed(string options, string said)
    {
        string line = (await CommandRun.OfLine(Line + "--rate 5 --requests 20 --input 100 " + options)).Succeeded().OutputLines[0];
        Assert.StartsWith("Llama-3.1-8B " + said, line, StringComparison.Ordinal);
        string deployed = said[..said.LastIndexOf(':')].Split(", LoRA")[0];
        if (!options.Contains("--replicas", StringComparison.Ordinal))
        {
            string estimated = (await CommandRun.OfLine("estimate llama-3.1-8b --on h100 " + options)).Succeeded().OutputLines[0];
            Assert.StartsWith("Llama-3.1-8B " + deployed, estimated, StringComparison.Ordinal);
        }
    }

    // Few are answered while the last of a short run come, however fast they all are; until the last end it empties.
    [Fact]
    public async Task What_an_overloaded_service_answers_is_what_it_sustains()
    {
        string output = (await CommandRun.OfLine(Line + "--rate 60 --requests 300 --input 4000")).Succeeded().Output;
        string[] words = output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        double Rate(string row) => double.Parse(words[Array.IndexOf(words, row) + 1], CultureInfo.InvariantCulture);
        Assert.Contains(
            string.Create(CultureInfo.InvariantCulture, $" come, {Rate("Sustained")} are answered;"), string.Join(' ', words),
            StringComparison.Ordinal);
        Assert.InRange(Rate("Sustained"), Rate("Throughput"), 60);
        Assert.Contains("from first arrival to last end", string.Join(' ', words), StringComparison.Ordinal);
    }

    // Of users who ask for the same, those whose prompts were read together end together: times grow with the number of requests.
    [Theory]
    [InlineData("--input 2048", true)]
    [InlineData("--input lognormal:2048,800", false)]
    public async Task Equal_requests_that_have_not_settled_are_told(string lengths, bool isTold)
    {
        string line = $"simulate gpt-oss-120b --on b200 --framework trtllm --users 32 --requests 2000 {lengths} --format json";
        string json = (await CommandRun.OfLine(line)).Succeeded().Output;
        Assert.Equal(isTold, json.Contains("Not settled: equal requests fall into step", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Json_and_csv_have_the_keys_of_vllms_benchmark()
    {
        JsonObject json =
            JsonNode.Parse(
            (await CommandRun.OfLine(Line + "--rate 5 --requests 200 --slo ttft<1s -f json")).Succeeded().Output)!.AsObject();
        string[] keys =
            ["completed", "request_throughput", "output_throughput", "total_token_throughput", "request_goodput", "mean_ttft_ms",
                "median_tpot_ms", "p99_itl_ms", "p95_e2el_ms"];
        Assert.All(keys, key => Assert.True(json[key]!.GetValue<double>() > 0, key));
        Assert.NotEmpty(json["over_time"]!.AsArray());
        string[] lines = (await CommandRun.OfLine(Line + "--rate 5 --requests 200 --slo ttft<1s -f csv")).Succeeded().OutputLines;
        Assert.Equal(2, lines.Length);
        Assert.Equal(json["mean_ttft_ms"]!.ToJsonString(), lines[1].Split(',')[Array.IndexOf(lines[0].Split(','), "mean_ttft_ms")]);
    }

    [Fact]
    public async Task Users_begin_over_the_time_of_a_request_unless_a_ramp_is_said()
    {
        const string Users = Line + "--users 20 --requests 60 ";
        string usual = (await CommandRun.OfLine(Users)).Succeeded().Output;
        Assert.Contains("20 users who begin over", usual, StringComparison.Ordinal);
        Assert.DoesNotContain("who begin", (await CommandRun.OfLine(Users + "--ramp 0")).Succeeded().Output, StringComparison.Ordinal);
        Assert.Contains("begin over 7 s", (await CommandRun.OfLine(Users + "--ramp 7")).Succeeded().Output, StringComparison.Ordinal);
        foreach (string line in (string[])[Line + "--rate 2 --ramp 3", "estimate llama-3.1-8b --on h100 --ramp 3"])
        {
            CommandRun run = await CommandRun.OfLine(line);
            Assert.Equal(ExitCode.Usage, run.Code);
            Assert.Contains("--ramp needs --users", run.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Texts_of_a_dataset_are_counted_by_a_tokenizer_or_said_to_be_estimated()
    {
        string dataset = _folder.Write(
            "share.json",
            """[{"conversations":[{"value":"9172-5530-8846-0127-3391-7764-2058-6613-4420-8895-1176-0342-55"},{"value":"The end of the tale."}]}]"""u8.ToArray());
        string line = Line + $"--rate 2 --requests 20 --dataset {dataset} -f json";
        double estimated = (await Input(line)), counted = await Input($"{line} --tokenizer {ModelLocation.BundledPath}");
        Assert.Equal(20 * 16, estimated); // 62 letters
        Assert.NotEqual(estimated, counted);
        string page = line.Replace(" -f json", "", StringComparison.Ordinal);
        Assert.Contains("estimated: a token for every 4", (await CommandRun.OfLine(page)).Succeeded().Output, StringComparison.Ordinal);
        Assert.DoesNotContain(
            "estimated:", (await CommandRun.OfLine($"{page} --tokenizer {ModelLocation.BundledPath}")).Succeeded().Output,
            StringComparison.Ordinal);

        static async Task<double> Input(string line) =>
            JsonNode.Parse((await CommandRun.OfLine(line + " --warm-up 0")).Succeeded().Output)!["total_input_tokens"]!.GetValue<double>();
    }

    [Fact]
    public async Task The_scheduler_is_that_of_the_framework_unless_another_is_asked_for()
    {
        const string Rest = Line + "--rate 2 --requests 50 ";
        Assert.Contains("SGLang", (await CommandRun.OfLine(Rest + "--framework sglang")).Succeeded().Output, StringComparison.Ordinal);
        Assert.Contains(
            "scheduler: TensorRT-LLM",
            (await CommandRun.OfLine(Rest + "--framework sglang --policy tensorrt-llm")).Succeeded().Output, StringComparison.Ordinal);
        Assert.Contains(
            "scheduler: SGLang",
            (await CommandRun.OfLine("estimate llama-3.1-8b --on h100 --rate 2 --framework sglang")).Succeeded().Output,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ranges_stand_around_the_means_where_the_service_is_not_overloaded()
    {
        const string Ranges = "Where measured means may lie";
        Assert.Contains(Ranges, (await CommandRun.OfLine(Line + "--rate 2 --requests 200")).Succeeded().Output, StringComparison.Ordinal);
        Assert.DoesNotContain(
            Ranges, (await CommandRun.OfLine(Line + "--rate 500 --requests 2000")).Succeeded().Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Equal_seeds_print_equal_bytes()
    {
        const string Rest =
            "--rate 8 --requests 300 --arrivals gamma:0.4 --input lognormal:400,300 --turns uniform:1,3 --seed 5 --replicas 2 --router "
            + "least-tokens -f json";
        string first = (await CommandRun.OfLine(Line + Rest)).Succeeded().Output;
        Assert.Equal(first, (await CommandRun.OfLine(Line + Rest)).Succeeded().Output);
        Assert.NotEqual(first,
            (await CommandRun.OfLine(Line + Rest.Replace("seed 5", "seed 6", StringComparison.Ordinal))).Succeeded().Output);
    }

    [Fact]
    public void A_timeline_that_cannot_be_written_leaves_nothing()
    {
        string folder = _folder.File("full");
        Directory.CreateDirectory(folder);
        string timeline = Path.Combine(folder, "timeline.csv");
        Action<Document> write = RowFile.At(timeline, "--timeline")!;
        Directory.CreateDirectory(timeline);
        InferometerException error = Assert.Throws<InferometerException>(
            () => write(new Document(new Table("rows", null, Column.Text("a", "a")))));
        Assert.StartsWith($"--timeline: {timeline}: cannot be written: ", error.Message, StringComparison.Ordinal);
        Assert.Equal([timeline], Directory.GetFileSystemEntries(folder));
    }

    [Fact]
    public async Task A_trace_is_replayed_and_each_request_has_its_row()
    {
        string trace = _folder.Write("trace.csv", "time,input,output\n0,100,5\n0.5,200,7\n0.5,300,1\n"u8.ToArray());
        foreach (string ending in (string[])["csv", "jsonl"])
        {
            string timeline = _folder.File("timeline." + ending);
            (await CommandRun.Of([.. Line.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--trace", trace, "--timeline", timeline]))
                .Succeeded();
            string[] rows = await File.ReadAllLinesAsync(timeline, TestContext.Current.CancellationToken);
            Assert.Equal(ending is "csv" ? 4 : 3, rows.Length);
            Assert.Contains("300", rows[^1], StringComparison.Ordinal);
        }
    }

    /// <summary>Where a duration ends before the number of requests is reached, it is what the warm-up is a tenth of.</summary>
    [Fact]
    public async Task A_warm_up_is_never_all_there_is()
    {
        string both = (await CommandRun.OfLine(Line + "--rate 2 --requests 1000 --duration 10 -f json")).Succeeded().Output;
        Assert.Equal(
            (await CommandRun.OfLine(Line + "--rate 2 --duration 10 -f json")).Succeeded().Output, both);
        CommandRun none = await CommandRun.OfLine(Line + "--rate 2 --duration 10 --warm-up 500");
        Assert.NotEqual(ExitCode.Success, none.Code);
        Assert.Contains("not measured: the first 500 requests", Assert.Single(none.Complaints), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_cache_larger_than_there_is_room_for_is_said() => Assert.Contains(
        "that is more than there is room for",
        (await CommandRun.OfLine(Line + "--rate 2 --requests 10 --kv-tokens 100000000")).Succeeded().Output,
        StringComparison.Ordinal);

    [Theory]
    [InlineData("", "Say what is asked of the service")]
    [InlineData("--rate 0", "'0' is not allowed; it must be a number above 0")]
    [InlineData("--rate -1", "'-1' is not allowed")]
    [InlineData("--rate nan", "'nan' is not allowed")]
    [InlineData("--rate 5 --users 5", "--rate and --users say different things")]
    [InlineData("--users 5 --arrivals constant", "--arrivals needs --rate")]
    [InlineData("--rate 5 --think 3", "--think needs --users or --turns")]
    [InlineData("--rate 5 --output 0", "--output: '0' is not allowed")]
    [InlineData("--rate 5 --input uniform:5", "--input: 'uniform:5' is not allowed")]
    [InlineData("--rate 5 --slo ttft<500", "\"500\" has no unit")]
    [InlineData("--rate 5 --slo ttft<500ms,speed<3s", "in 'speed<3s': unknown metric \"speed\"")]
    [InlineData("--rate 5 --router least-tokens", "--router needs several --replicas")]
    [InlineData("--rate 5 --kv-link 3", "--kv-link needs --prefill-replicas")]
    [InlineData("--rate 5 --prefill-replicas 1", "at least one must generate")]
    [InlineData("--rate 5 --shared-prefixes 3", "--shared-prefixes needs --shared-prefix")]
    [InlineData("--rate 5 --policy vlm", "Did you mean 'vllm'")]
    [InlineData("--rate 5 --timeline out.txt", "it must end in .csv or .jsonl")]
    [InlineData("--rate 5 --features decode", "--features: 'decode' is not allowed here")]
    [InlineData("--rate 5 --requests 100 --warm-up 100", "--warm-up: '100' is not allowed; of 100 requests at most 99")]
    public async Task A_wrong_line_gets_one_line(string rest, string message)
    {
        CommandRun run = await CommandRun.OfLine(Line + rest);
        Assert.Equal((ExitCode.Usage, ""), (run.Code, run.Output));
        Assert.Contains(message, Assert.Single(run.Complaints), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("time,input,output\n0,100,\n", "line 2: output is missing")]
    [InlineData("time,input,output\n1,100,5\n0,100,5\n", "line 3: time is 0, before the 1")]
    [InlineData("time,input\n", "line 1: the header lacks output")]
    [InlineData("time,input,output\n", "there is nothing to serve")]
    [InlineData("time,input,output\n0,900000,5\n", "no request was served")]
    public async Task A_wrong_trace_is_told_with_its_file_and_line(string text, string message)
    {
        string trace = _folder.Write("wrong.csv", System.Text.Encoding.UTF8.GetBytes(text));
        CommandRun run = await CommandRun.Of([.. Line.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--trace", trace]);
        Assert.Equal((ExitCode.Failed, ""), (run.Code, run.Output));
        string line = Assert.Single(run.Complaints);
        Assert.Contains(message, line, StringComparison.Ordinal);
        Assert.True(message.StartsWith("no request", StringComparison.Ordinal) || line.Contains("wrong.csv", StringComparison.Ordinal),
            line);
    }

    [Fact]
    public async Task What_takes_long_says_how_far_it_has_come()
    {
        CommandRun run = (await CommandRun.OfLine("simulate llama-3.1-8b --on h100 --rate 5 --requests 300000")).Succeeded();
        Assert.Matches("^requests: [0-9]+", run.Error);
    }

    [Fact]
    public async Task An_overloaded_service_says_so()
    {
        Assert.Contains("Overloaded", (await CommandRun.OfLine(Line + "--rate 200 --requests 3000 --max-num-seqs 32")).Succeeded().Output,
            StringComparison.Ordinal);
        Assert.DoesNotContain("Overloaded", (await CommandRun.OfLine(Line + "--rate 5 --requests 500")).Succeeded().Output,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("simulate llama-3.1-8b --on h100 --rate 0.000001 --requests 20")]
    [InlineData("simulate llama-3.1-8b --on h100 --users 1 --think 1000000 --requests 20")]
    [InlineData("simulate llama-3.1-8b --on h100 --rate 0.000001 --arrivals diurnal:0.6,86400 --requests 20")]
    [InlineData("estimate llama-3.1-8b --on h100 --rate 0.000001")]
    public async Task Time_beyond_the_clock_is_one_error(string line)
    {
        CommandRun run = await CommandRun.OfLine(line);
        Assert.Equal((ExitCode.Failed, ""), (run.Code, run.Output));
        Assert.Contains("passes 100 days", Assert.Single(run.Complaints), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_interrupt_stops_it()
    {
        using CancellationTokenSource source = new();
        await source.CancelAsync();
        await using StringWriter error = new();
        int code = await InferometerCommand.RunAsync((Line + "--rate 5").Split(' '), TextWriter.Null, error, source.Token);
        Assert.Equal((ExitCode.Cancelled, "cancelled"), (code, error.ToString().Trim()));
    }

    [Fact]
    public async Task Users_of_an_estimate_do_not_ask_all_at_once()
    {
        JsonObject users =
            JsonNode.Parse((await CommandRun.OfLine("estimate llama-3.1-8b --on h100 --users 200 -f json")).Succeeded().Output)!.AsObject();
        JsonObject batch =
            JsonNode.Parse((await CommandRun.OfLine("estimate llama-3.1-8b --on h100 --batch 200 -f json")).Succeeded().Output)!.AsObject();
        Assert.True(users["median_ttft_ms"]!.GetValue<double>() < 0.75 * batch["metrics"]!["ttft_ms"]!.GetValue<double>());
        Assert.Equal(2000, users["total_requests"]!.GetValue<double>());
    }

    [Theory]
    [InlineData("--users 5 --rate 5", "--users and --rate say different things")]
    [InlineData("--users 5 --batch 8", "with --users the scheduler makes the batch")]
    [InlineData("--rate 5 --beams 2", "simulated without beams")]
    [InlineData("--rate 5 --features decode", "a service both reads prompts and generates")]
    [InlineData("--rate 5 --operators", "it is of one step")]
    public async Task What_an_estimate_of_a_service_cannot_be_told_is_an_error(string rest, string message)
    {
        CommandRun run = await CommandRun.OfLine("estimate llama-3.1-8b --on h100 " + rest);
        Assert.Equal((ExitCode.Usage, ""), (run.Code, run.Output));
        Assert.Contains(message, Assert.Single(run.Complaints), StringComparison.Ordinal);
    }
}
