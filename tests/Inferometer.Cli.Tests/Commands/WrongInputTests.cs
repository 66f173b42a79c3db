using Inferometer.Cli.Hosting;
using Inferometer.Tests;

namespace Inferometer.Cli.Tests.Commands;

public class WrongInputTests
{
    [Theory]
    [InlineData(
        "run -p x --json-schema nosuch.json", ExitCode.Usage, "--json-schema: 'nosuch.json' cannot be read: there is no such file.")]
    [InlineData("run -p x --draft nosuch.gguf", ExitCode.Failed, "--draft: nosuch.gguf: there is no such file or folder")]
    [InlineData("run -p x --chat-template nosuch.jinja", ExitCode.Failed, "'nosuch.jinja' cannot be read: there is no such file.")]
    [InlineData("calibrate --measurements nosuch.csv", ExitCode.Failed, "nosuch.csv: cannot be read: there is no such file.")]
    [InlineData("run -p x --ctx 2000000000", ExitCode.Failed, " MB weights, ")]
    [InlineData("estimat llama-3.1-8b", ExitCode.Usage, "Did you mean 'estimate'?")]
    [InlineData("estimate", ExitCode.Usage, "Say which MODEL")]
    [InlineData("estimate llama-3.1-8b", ExitCode.Usage, "Say which machine with --on")]
    [InlineData("estimate llama-3.1-8b --on", ExitCode.Usage, "'--on'")]
    [InlineData("estimate llama-3.1-8b h100", ExitCode.Usage, "'h100' is not expected")]
    [InlineData("run -x hi", ExitCode.Usage, "'-x' is not an option of 'inferometer run'.")]
    [InlineData("bench -m nosuch.gguf -p 16", ExitCode.Usage, "'-m' is not an option of 'inferometer bench'. MODEL is given by itself")]
    [InlineData("estimate llama-3.1-8b --on h100 --forma json", ExitCode.Usage, "Did you mean '--format'?")]
    [InlineData("estimate llama-3.1-8b --on h100 --format xml", ExitCode.Usage, "must be table, json, csv or md")]
    [InlineData(
        "estimate llama-3.1-8b --on h100 --config x.json", ExitCode.Failed, "--config: 'x.json' cannot be read: there is no such file.")]
    [InlineData("estimate llama-3.1-8b --on h100 --acceptance 0.5", ExitCode.Usage, "--acceptance needs --draft")]
    [InlineData("estimate llama-3.1-8x --on h100", ExitCode.Failed, "Did you mean 'meta-llama/Llama-3.1-8B'")]
    [InlineData("estimate llama-3.1-8b --on h10", ExitCode.Failed, "Did you mean")]
    [InlineData(
        "estimate llama-3.1-8b --on h100 --batch -1", ExitCode.Usage,
        "--batch: '-1' is not allowed; it must be a whole number from 1 to 1000000000.")]
    [InlineData("estimate llama-3.1-8b --on h100 --batch 0", ExitCode.Usage, "--batch: '0'")]
    [InlineData("estimate llama-3.1-8b --on h100 --input 1e9", ExitCode.Usage, "--input: '1e9'")]
    [InlineData("estimate llama-3.1-8b --on h100 --input 99999999999", ExitCode.Usage, "--input: '99999999999'")]
    [InlineData("estimate llama-3.1-8b --on h100 --batch 1,2", ExitCode.Usage, "'inferometer compare' takes several")]
    [InlineData("estimate llama-3.1-8b --on h100 --batch 1,", ExitCode.Usage, "empty value")]
    [InlineData("estimate llama-3.1-8b --on h100 --tp 64", ExitCode.Failed, "tensor = 64")]
    [InlineData("estimate llama-3.1-8b --on h100 --tp 3", ExitCode.Failed, "(--allow-uneven)")]
    [InlineData("estimate llama-3.1-8b --on 0xh100", ExitCode.Failed, "How many there are of 'H100_SXM' must be 1 to 1,048,576.")]
    [InlineData("estimate llama-3.3-70b --on rtx4090 --weights q4_k -ngl 0", ExitCode.Failed, "It would fit with --gpu-layers ")]
    [InlineData("estimate llama-3.1-8b --on h100 --ep 8", ExitCode.Failed, "is a dense model: it has no experts")]
    [InlineData("estimate llama-3.1-8b --on h100 --lora 0", ExitCode.Usage, "--lora: '0' is not allowed; it must be none or rank")]
    [InlineData(
        "estimate llama-3.1-8b --on h100 --draft llama-3.1-70b", ExitCode.Failed, "with the draft model llama-3.1-70b does not fit")]
    [InlineData("estimate llama-3.1-8b --on h100 --pp 33", ExitCode.Failed, "33 pipeline stages (--pp) cannot share the 32 layers")]
    [InlineData(
        "estimate mixtral-8x7b --on h100 --tp 4 --ep 3", ExitCode.Failed, "expert = 3 (--ep) must divide tensor = 4 (--tp). Data ranks")]
    [InlineData(
        "estimate qwen3-30b-a3b --on h100 --ep 8", ExitCode.Failed,
        "expert = 8 (--ep) must divide tensor = 1 (--tp). Data ranks share experts with attention data parallelism alone: --dp 8 "
            + "--attention-dp.")]
    [InlineData(
        "estimate qwen3-30b-a3b --on h100 --ep 8 --dp 4 --attention-dp", ExitCode.Failed,
        "expert = 8 (--ep) must divide tensor x data = 4 (--tp x --dp).")]
    [InlineData("estimate llama-3.1-8b --on h100 --draft mtp", ExitCode.Failed, "--draft mtp (speculative_decode.draft_model): ")]
    [InlineData("estimate llama-3.1-8b --on h100 --draft eagle3", ExitCode.Usage, "--draft: 'eagle3' is not modelled; allowed are mtp")]
    [InlineData("compare llama-3.1-8b --on h100 --draft ngram,eagle", ExitCode.Usage, "--draft: 'eagle' is not modelled")]
    [InlineData(
        "estimate llama-3.1-8b --on h100 --param speculative_decode.draft_model=medusa", ExitCode.Failed,
        "--draft (speculative_decode.draft_model): 'medusa' is not modelled")]
    [InlineData("estimate llama-3.1-8b --on h100 --draft ngram --draft-tokens 500", ExitCode.Usage, "--draft-tokens: '500' is not allowed")]
    [InlineData(
        "simulate llama-3.1-8b --on h100 --rate 5 --prefill-replicas 1", ExitCode.Usage,
        "--prefill-replicas: '1' is not allowed; there is one replica in all, of which at least one must generate. Give more --replicas.")]
    [InlineData("simulate llama-3.1-8b --on h100 --rate 5 --dp 2 --prefill-replicas 2", ExitCode.Usage, "there are 2 replicas in all")]
    [InlineData("plan llama-3.1-8b --rate 5 --slo ttft:1s;tpot:20ms", ExitCode.Usage, "it holds two limits; separate them by commas")]
    [InlineData(
        "estimate llama-3.1-8b,qwen3-8b --on h100", ExitCode.Usage,
        "MODEL: 'llama-3.1-8b,qwen3-8b' names several, and one is allowed here; 'inferometer compare' takes several.")]
    [InlineData("estimate llama-3.1-8b --on h100 --framework tgi", ExitCode.Usage, "sglang, trtllm, vllm, none.")]
    [InlineData("estimate llama-3.1-8b --on rtx-6000-pro", ExitCode.Failed, "Did you mean 'RTX_PRO_6000' or ")]
    [InlineData("compare llama-3.1-8b --on h100 --filter foo<3", ExitCode.Usage, " more (docs/metrics.md).")]
    [InlineData("estimate llama-3.1-405b --on h100 --cost-model genz", ExitCode.Failed, "'H100_SXM' has 80.0 GiB.")]
    [InlineData("estimate llama-3.1-8b --on h100 --batch 100000", ExitCode.Failed, "does not fit")]
    [InlineData("estimate llama-3.1-8b --on h100 --bits bf17", ExitCode.Usage, "--bits: 'bf17'")]
    [InlineData("estimate llama-3.1-8b --on h100 --kv x", ExitCode.Usage, "--kv: 'x'")]
    [InlineData("estimate llama-3.1-8b --on h100 --param foo", ExitCode.Usage, "name=value")]
    [InlineData("estimate llama-3.1-8b --on h100 --param foo=1", ExitCode.Failed, "'foo' is not a known parameter. 'inferometer features'")]
    [InlineData("estimate llama-3.1-8b --on h100 --param lora=1 --param lora.rank=8", ExitCode.Usage, "'lora'")]
    [InlineData("estimate llama-3.1-8b --on h100 --param lora.rank=0", ExitCode.Failed, "lora.rank: 0 is not allowed")]
    [InlineData("estimate llama-3.1-8b --on h100 --features flash_atention", ExitCode.Usage, "Did you mean 'flash_attention'?")]
    [InlineData("estimate llama-3.1-8b --on h100 --features prefill,chunked", ExitCode.Failed, "cannot be combined")]
    [InlineData("estimate llama-3.1-8b --on h100 --cost-model rooline", ExitCode.Usage, "Did you mean 'roofline'?")]
    [InlineData("estimate llama-3.1-8b --on h100 --lora 16:merged", ExitCode.Usage, "rank[:adapters[:merged]]")]
    [InlineData("estimate llama-3.1-8b --on h100 --lora 16:2:merged", ExitCode.Failed, "cannot be merged")]
    [InlineData("estimate llama-3.1-8b --on h100 --draft nothing-like-it", ExitCode.Failed, "'nothing-like-it' is not a model")]
    [InlineData("estimate llama-3.1-8b --on h100 --draft ngram --acceptance 2", ExitCode.Usage, "--acceptance: '2'")]
    [InlineData("estimate llama-3.1-8b --on h100 --prefix-cached 5000", ExitCode.Failed, "5000 is not allowed")]
    [InlineData(
        "estimate llama-3.1-8b --on flops=312", ExitCode.Usage, "--on: memory_size is missing; a system of your own is flops=TFLOPS")]
    [InlineData(
        "estimate llama-3.1-8b --on flops=900,memory_size=80e9,memory_bw=3000,icn=100", ExitCode.Usage,
        "--on: 'Memory_size' is 80,000,000,000 GB; it should be above 0 and at most 10,000,000 GB.")]
    [InlineData(
        "estimate llama-3.1-8b --on flops=900,memory_size=80,memory_bw=3e12,icn=100", ExitCode.Usage, "3,000,000,000,000 GB/s")]
    [InlineData(
        "estimate llama-3.1-8b --on h100 --memory-utilization 0,9", ExitCode.Usage,
        "--memory-utilization: '0,9' is not allowed; it must be a number above 0 to 1. Decimals are written with a point.")]
    [InlineData("estimate llama-3.1-8b --on flops=312,speed=9", ExitCode.Usage, "'speed=9'")]
    [InlineData("estimate llama-3.1-8b --on {flops:312}", ExitCode.Usage, "'{flops:312}' is not a JSON object")]
    [InlineData("perplexity README.md", ExitCode.Usage, "FILE is missing; it is 'perplexity MODEL FILE'.")]
    [InlineData("gate --baseline a --max-regression 5", ExitCode.Usage, "'5' would be 500 %; write 5% for 5 %, or 500%.")]
    [InlineData("estimate llama-3.1-8b --on flops=fast", ExitCode.Usage, "'flops=fast'")]
    [InlineData("estimate llama-3.1-8b --on h100 --catalog /no/such/folder", ExitCode.Failed, "no such catalog folder")]
    [InlineData("estimate ./missing.gguf --on h100", ExitCode.Failed, "missing.gguf")]
    [InlineData("estimate ./missing.json --on h100", ExitCode.Failed, "missing.json")]
    [InlineData("estimate --config /no/such/file.json", ExitCode.Failed, "/no/such/file.json")]
    [InlineData("compare", ExitCode.Usage, "Say which MODELS")]
    [InlineData("compare llama-3.1-8b --on h100 --best speed", ExitCode.Usage, "--best: 'speed'")]
    [InlineData("compare llama-3.1-8b --on h100 --features decode --best ttft", ExitCode.Failed, "not known for any")]
    [InlineData("compare llama-3.1-8b --on h100 --tp 1,2 --batch 1,2,3 --zip", ExitCode.Usage, "2 and 3 values")]
    [InlineData("compare llama-3.1-8b --on h100,h1000", ExitCode.Failed, "'h1000' is not a system")]
    [InlineData("compare llama-3.1-8b,nosuch --on h100", ExitCode.Failed, "'nosuch' is not a model")]
    [InlineData("compare llama-3.1-8b --on h100 --draft ngram,nosuch", ExitCode.Failed, "'nosuch' is not a model")]
    [InlineData("compare llama-3.1-8x --on h100", ExitCode.Failed, "llama-3.1-8x")]
    [InlineData("models no-such-model", ExitCode.Failed, "'no-such-model'")]
    [InlineData("models zzzzzzzzzzzz", ExitCode.Failed, "'inferometer models' lists the known ones.")]
    [InlineData("hardware zzzzzzzzzzzz", ExitCode.Failed, "'inferometer hardware' lists the known ones.")]
    [InlineData("run -p hi -n 100000", ExitCode.Failed, "--max-tokens (-n): 100000 new tokens")]
    [InlineData("hardware h101", ExitCode.Failed, "Did you mean 'H100'")]
    [InlineData("features flash", ExitCode.Failed, "Did you mean 'flash_attention'?")]
    [InlineData("showcase --on nothing", ExitCode.Failed, "nothing")]
    [InlineData("selfcheck --golden", ExitCode.Usage, "'--golden'")]
    [InlineData("selfcheck --golden /no/such/file", ExitCode.Failed, "/no/such/file")]
    public async Task Wrong_input_gets_one_clear_line_and_a_code(string line, int code, string expected)
    {
        CommandRun run = await CommandRun.OfLine(line);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
        string only = Assert.Single(run.Complaints);
        Assert.StartsWith("error: ", only, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", only, StringComparison.Ordinal);
        Assert.Equal("", run.Output);
        Assert.Equal(code, run.Code);
    }

    [Theory]
    [InlineData("bad.json", """{"model": }""", "line 1")]
    [InlineData("bad.json", """{"model": "llama2_7b", "featurs": []}""", "'featurs' is not a known member")]
    [InlineData("bad.json", """{"features": ["prefill"]}""", "'model' is missing")]
    [InlineData("bad.json", "[]", "must hold a JSON object")]
    [InlineData("bad.json", "", "not valid JSON")]
    [InlineData("bad.json", """{"model": "llama2_7b", "features": ["prefill"], "simulation_params": {"batch_size": -4}}""", "batch_size: -4 is not allowed")]
    [InlineData("bad.json", """{"model": "llama2_7b", "features": ["prefill"], "simulation_params": {"system_name": "A1000"}}""", "'A1000'")]
    [InlineData("bad.json", """{"model": "llama2_7b", "features": []}""", "one of prefill, decode")]
    [InlineData("bad.yaml", "model: [a", "not valid YAML")]
    public async Task A_wrong_file_gets_one_clear_line(string name, string text, string expected)
    {
        string file = Path.Combine(Directory.CreateTempSubdirectory("inferometer").FullName, name);
        await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);
        CommandRun run = await CommandRun.Of("estimate", "--config", file);
        Assert.Contains(expected, Assert.Single(run.Complaints), StringComparison.Ordinal);
        Assert.Equal("", run.Output);
        Assert.Equal(ExitCode.Failed, run.Code);
    }

    /// <summary>Files of the wrong kind are told as such: no bytes of theirs, and nothing of the runtime's own words.</summary>
    [Theory]
    [InlineData("validate -m", "semi.csv", "a;b;c\n1;2;3\n", "the columns are separated by semicolons; use commas")]
    [InlineData("calibrate -m", "semi.csv", "a;b;c\n1;2;3\n", "the columns are separated by semicolons; use commas")]
    [InlineData("sweep show", "tabs.csv", "a\tb\n1\t2\n", "the columns are separated by tabs; use commas")]
    [InlineData("simulate llama-3.1-8b --on h100 --trace", "semi.csv", "time;input;output\n0;1;2\n", "separated by semicolons; use commas")]
    [InlineData("simulate llama-3.1-8b --on h100 --trace", "commas.tsv", "time,input,output\n0,1,2\n", "separated by commas; use tabs")]
    [InlineData("validate -m", "binary.csv", "PK\u0003\u0004\u0001\n", "is not a text file")]
    [InlineData("calibrate -m", "binary.csv", "PK\u0003\u0004\u0001\n", "is not a text file")]
    [InlineData("sweep show", "binary.csv", "PK\u0003\u0004\u0001\n", "is not a text file")]
    [InlineData("simulate llama-3.1-8b --on h100 --trace", "binary.csv", "PK\u0003\u0004\u0001\n", "is not a text file")]
    [InlineData("validate -m", "run.json", "{\"mean_ttft_ms\":1,\"a\":2}", ": JSON, and a table of measurements is CSV")]
    [InlineData("validate -m", "perf.csv", "Metric,avg,min\nTime To First Token (ms),1,2\n", "give the JSON that they write beside it")]
    [InlineData("calibrate -m", "perf.csv", "Metric,avg,min\nTime To First Token (ms),1,2\n", "give the JSON that they write beside it")]
    [InlineData("import", "perf.csv", "Metric,avg,min\nTime To First Token (ms),1,2\n", "give the JSON that they write beside it")]
    [InlineData("validate -m", "wide.csv", "a,b,c,d,e,f,g,h,i,j\n1,2,3\n", "'g', 'h' and 2 more; docs/fidelity.md")]
    [InlineData("run -p hi", "config.json", "{}", "no model by itself: name the folder")]
    [InlineData("info", "model.safetensors", "{}", "no model by itself: name the folder")]
    [InlineData("estimate --on h100", "empty.json", "", "not valid JSON: there is nothing in it.")]
    [InlineData("estimate --on h100", "open.json", "{", "not valid JSON: line 1, column 2: ")]
    [InlineData("estimate llama-3.1-8b --on", "empty.json", "", "not valid JSON: there is nothing in it.")]
    [InlineData("run -p hi --json-schema", "empty.json", "", "not JSON: there is nothing in it.")]
    [InlineData("estimate --on h100", "empty.gguf", "", "not a GGUF file: it is empty.")]
    [InlineData("models", "empty.gguf", "", "not a GGUF file: it is empty.")]
    [InlineData("info", "empty.gguf", "", "not a GGUF file: it is empty.")]
    [InlineData("run -p hi", "empty.gguf", "", "not a GGUF file: it is empty.")]
    [InlineData("estimate --on h100", "other.gguf", "something else, long enough for a header", "not a GGUF file: it does not start")]
    [InlineData("run -p hi", "other.gguf", "something else, long enough for a header", "not a GGUF file: it does not start")]
    [InlineData("convert --type q8_0 -o new.gguf", "other.gguf", "something else, long enough for a header", "not a GGUF file: it does")]
    public async Task A_file_of_another_kind_is_told_as_such(string line, string name, string text, string expected)
    {
        string file = Path.Combine(Directory.CreateTempSubdirectory("inferometer").FullName, name);
        await File.WriteAllTextAsync(file, text, TestContext.Current.CancellationToken);
        CommandRun run = await CommandRun.Of([.. line.Split(' '), file]);
        string only = Assert.Single(run.Complaints);
        Assert.Contains(name, only, StringComparison.Ordinal);
        Assert.Contains(expected, only, StringComparison.Ordinal);
        Assert.DoesNotContain("isFinalBlock", only, StringComparison.Ordinal);
        Assert.DoesNotContain("LineNumber", only, StringComparison.Ordinal);
        Assert.NotEqual(ExitCode.Success, run.Code);
    }

    [Fact]
    public async Task A_folder_without_a_configuration_is_told_as_such()
    {
        string folder = Directory.CreateTempSubdirectory("inferometer").FullName;
        CommandRun run = await CommandRun.Of("estimate", folder, "--on", "h100");
        Assert.Equal(
            $"error: {folder}: the folder holds no config.json, so it is no Hugging Face model.", Assert.Single(run.Complaints).TrimEnd());
        Assert.Equal(ExitCode.Failed, run.Code);
    }

    [Fact]
    public async Task A_folder_without_parts_of_a_catalog_is_none()
    {
        string folder = Directory.CreateTempSubdirectory("inferometer").FullName;
        CommandRun run = await CommandRun.Of("estimate", "llama-3.1-8b", "--on", "h100", "--catalog", folder);
        Assert.Contains($"'{folder}': this is no catalog folder", Assert.Single(run.Complaints), StringComparison.Ordinal);
        Assert.Equal(ExitCode.Failed, run.Code);
    }

    [Fact]
    public async Task Too_many_combinations_are_refused_before_any_work()
    {
        string many = string.Join(',', Enumerable.Range(1, 101));
        CommandRun run = await CommandRun.OfLine($"compare llama-3.1-8b --on h100 --batch {many} --input {many}");
        Assert.Equal(
            "error: compare: 10,201 combinations are too many; at most 10,000 are allowed. See 'inferometer compare --help'.\n",
            run.Error.ReplaceLineEndings("\n"));
    }

    [Fact]
    public async Task Cancelling_ends_with_its_own_code()
    {
        using CancellationTokenSource source = new();
        await source.CancelAsync();
        await using StringWriter output = new();
        await using StringWriter error = new();
        int code = await InferometerCommand.RunAsync(["compare", "llama-3.1-8b", "--on", "h100"], output, error, source.Token);
        Assert.Equal(ExitCode.Cancelled, code);
        Assert.Equal("cancelled", error.ToString().TrimEnd());
    }

    [Fact]
    public async Task An_ending_that_a_sweep_cannot_write_is_a_wrong_command_line()
    {
        string space = Path.Combine(SharedFolder.RepositoryRoot, "README.md");
        CommandRun run = await CommandRun.Of("sweep", space, "-o", "results.txt");
        Assert.Equal((ExitCode.Usage, ""), (run.Code, run.Output));
        Assert.Contains("-o: 'results.txt' is not allowed; it must end in .csv, .jsonl or .parquet.", run.Error, StringComparison.Ordinal);
    }
}
