using Inferometer.Cli.Hosting;
using Inferometer.ReferenceModels;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.Results;
using Inferometer.Tests;

namespace Inferometer.Cli.Tests.Commands;

/// <summary><c>inferometer calibrate</c> and <c>fit</c> as a user meets them.</summary>
public sealed class CalibrateCommandTests : IDisposable
{
    private const string Header = "id,model,system,framework,precision,isl,osl,concurrency,ttft_ms,tpot_ms\n";
    private const string Rows = Header
        + "one user,llama-3.1-8b,h100,vllm,bf16,1000,200,1,50,11\nmany users,llama-3.1-8b,h100,vllm,bf16,1000,200,32,250,17\n";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Two_runs_of_ones_own_move_the_estimate_of_that_deployment_and_of_no_other()
    {
        string catalog = Directory.CreateDirectory(Path.Combine(_folder.Path, "mine")).FullName; // that there is one is no matter
        CommandRun run = (await CommandRun.Of("calibrate", "-m", Table(Rows), "--catalog", catalog)).Succeeded();
        Assert.Contains("What to measure next", run.Output, StringComparison.Ordinal);
        Assert.Contains("and with ", run.Output, StringComparison.Ordinal);
        Assert.Contains("Written to", run.Output, StringComparison.Ordinal);

        const string asked = "estimate llama-3.1-8b --on h100 --input 1000 --output 200 -f json";
        SimulationResult before = await Simulated(asked), after = await Simulated($"{asked} --catalog {catalog}");
        Assert.True(Math.Abs(after.Metrics.TpotMs!.Value - 11) < Math.Abs(before.Metrics.TpotMs!.Value - 11));
        Assert.Contains("2 runs of this model", after.Basis!.RestsOn, StringComparison.Ordinal);
        Assert.Equal(Familiarity.Fitted, after.Basis.Familiarity);
        string other = asked.Replace("llama-3.1-8b", "qwen3-8b", StringComparison.Ordinal);
        Assert.Equal((await Simulated(other)).Metrics.TpotMs, (await Simulated($"{other} --catalog {catalog}")).Metrics.TpotMs);
    }

    [Theory]
    [InlineData("slow,llama-3.1-8b,h100,vllm,bf16,1000,200,1,50,1100\n", "slow: a time per output token of 1100 ms")]
    [InlineData("early,llama-3.1-8b,h100,vllm,bf16,1000,200,1,0.05,8\n", "early: a time to first token of 0.05 ms")]
    [InlineData("nothing's,llama-3.1-8b,h100,,bf16,1000,200,1,50,8\n", "the column 'framework' is missing or empty; it must be one of")]
    [InlineData("nobody's,llama-3.1-8b,h100,mine,bf16,1000,200,1,50,8\n", "nobody's: framework 'mine' is not known")]
    [InlineData("nowhere,llama-3.1-8b,h1000,vllm,bf16,1000,200,1,50,8\n", "nowhere: machine 'h1000'")]
    public async Task What_cannot_have_been_measured_is_refused_with_its_row(string row, string said)
    {
        string catalog = Path.Combine(_folder.Path, "never");
        CommandRun run = await CommandRun.Of("calibrate", "-m", Table(Header + row), "--catalog", catalog);
        Assert.Equal(ExitCode.Failed, run.Code);
        Assert.Contains(said, run.Error, StringComparison.Ordinal);
        Assert.False(Directory.Exists(catalog));
    }

    [Fact]
    public async Task Results_of_a_benchmark_are_read_and_several_files_are_one_calibration()
    {
        const string result =
            """{"backend":"openai","model_id":"meta-llama/Llama-3.1-8B","max_concurrency":USERS,"completed":100,"total_input_tokens":100000,"total_output_tokens":20000,"mean_ttft_ms":60,"mean_tpot_ms":TPOT}""";
        string one = _folder.File("one.json"), many = _folder.File("many.json");
        await File.WriteAllTextAsync(
            one, result.Replace("USERS", "1", StringComparison.Ordinal).Replace("TPOT", "8", StringComparison.Ordinal),
            TestContext.Current.CancellationToken);
        await File.WriteAllTextAsync(
            many, result.Replace("USERS", "32", StringComparison.Ordinal).Replace("TPOT", "14", StringComparison.Ordinal),
            TestContext.Current.CancellationToken);
        string catalog = Path.Combine(_folder.Path, "mine");
        CommandRun run = (await CommandRun.Of(
            "calibrate", "-m", one, "-m", many, "--on", "h100", "--bits", "bf16", "--framework", "vllm", "--catalog", catalog,
            "--name", "mine")).Succeeded();
        Assert.Contains("result 1", run.Output, StringComparison.Ordinal);
        CalibrationLayer layer = Assert.Single(CalibrationFile.Read(Path.Combine(catalog, "calibration", "mine.json")).Layers);
        Assert.Equal(("vllm", 2), (layer.Framework, layer.Runs));
    }

    [Fact]
    public async Task A_service_is_taken_to_run_as_many_at_once_as_its_framework_comes_with()
    {
        string table = Table(Header + "eight,llama-3.1-8b,rtx_4090,llama.cpp,q8_0,200,64,8,900,40\n");
        CalibrationLayer asItComes = await Calibrated(), four = await Calibrated("--max-num-seqs", "4");
        Assert.Equal(four.Factors, asItComes.Factors);
        Assert.NotEqual((await Calibrated("--max-num-seqs", "8")).Factors, asItComes.Factors);

        async Task<CalibrationLayer> Calibrated(params string[] options)
        {
            string catalog = Path.Combine(_folder.Path, "of" + string.Concat(options));
            (await CommandRun.Of(["calibrate", "-m", table, "--catalog", catalog, "--name", "mine", .. options])).Succeeded();
            return Assert.Single(CalibrationFile.Read(Path.Combine(catalog, "calibration", "mine.json")).Layers);
        }
    }

    private const string Operators = """
        gpu,model,tp,op,shape,us
        RTX4090,meta-llama/Llama-3.1-8B,1,qkv_proj,tokens=1,60
        RTX4090,meta-llama/Llama-3.1-8B,1,gate_up_proj,tokens=1,260
        RTX4090,meta-llama/Llama-3.1-8B,1,gate_up_proj,tokens=2048,2900
        RTX4090,meta-llama/Llama-3.1-8B,1,down_proj,tokens=1,135
        RTXPRO6000,meta-llama/Llama-3.1-8B,1,down_proj,tokens=1,85
        RTX4090,meta-llama/Llama-3.1-8B,1,sampler,sequences=1,25

        """;

    [Fact]
    public async Task Operators_that_were_timed_alone_move_estimates_of_their_machine()
    {
        string catalog = Path.Combine(_folder.Path, "mine");
        CommandRun run = (await CommandRun.Of(
            "calibrate", "-m", Table(Operators), "--on", "rtx-4090", "--framework", "vllm", "--catalog", catalog)).Succeeded();
        Assert.Contains("products", run.Output, StringComparison.Ordinal);
        Assert.Contains("matrix_memory", run.Output, StringComparison.Ordinal);
        Assert.Contains("operators of the kind 'sampler' are not predicted: mine:7", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("RTX_PRO_6000", run.Output, StringComparison.Ordinal);
        string file = await File.ReadAllTextAsync(Path.Combine(catalog, "calibration", "mine.json"), TestContext.Current.CancellationToken);
        Assert.Contains("\"timings\": 4", file, StringComparison.Ordinal);

        const string asked = "estimate llama-3.1-8b --on rtx-4090 --input 1000 --output 200 -f json";
        SimulationResult before = await Simulated(asked), after = await Simulated($"{asked} --catalog {catalog}");
        Assert.NotEqual(before.Metrics.TpotMs, after.Metrics.TpotMs);
        Assert.Contains("operators on 4 timings of this device", after.Basis!.RestsOn, StringComparison.Ordinal);
        Assert.Equal(before.Basis!.Familiarity, after.Basis.Familiarity);

        run = (await CommandRun.Of("calibrate", "-m", Table(Operators))).Succeeded();
        Assert.Contains("Coefficients of RTX_4090 with vllm", run.Output, StringComparison.Ordinal);
        Assert.Contains("RTX_PRO_6000", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("down_proj,tokens=1,85", "down_proj,tokens=1,0", "", "mine.csv, line 6")]
    [InlineData("tokens=1,60", "tokens,60", "", "mine.csv, line 2")]
    [InlineData("", "", "--on h100", "holds no operator of H100_SXM to calibrate to")]
    [InlineData("", "", "--on h1000", "h1000")]
    [InlineData("", "", "--model llama-3.1-8b", "the table says itself what was timed; --on and --framework alone")]
    [InlineData("", "", "--tp 2", "the table says itself what was timed; --on and --framework alone")]
    [InlineData("", "", "--max-num-seqs 4", "operators are timed without a service")]
    public async Task Tables_of_operators_that_cannot_be_used_are_refused(string text, string instead, string options, string said)
    {
        string table = Table(text.Length > 0 ? Operators.Replace(text, instead, StringComparison.Ordinal) : Operators);
        CommandRun run = await CommandRun.Of(
            ["calibrate", "-m", table, .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        Assert.NotEqual(ExitCode.Success, run.Code);
        Assert.Contains(said, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Operators_and_whole_results_are_calibrated_to_each_by_itself()
    {
        string runs = _folder.File("runs.csv");
        await File.WriteAllTextAsync(runs, Rows, TestContext.Current.CancellationToken);
        CommandRun run = await CommandRun.Of("calibrate", "-m", Table(Operators), "-m", runs);
        Assert.Equal(ExitCode.Failed, run.Code);
        Assert.Contains("runs.csv' holds whole results", run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("calibrate", "Say what was measured")]
    [InlineData("calibrate --local --on h100", "--on: --local measures by itself; leave it out")]
    [InlineData("calibrate --threads 2", "--threads needs --local")]
    [InlineData("calibrate --local --name ../x", "--name: '../x' is not allowed")]
    public async Task What_has_no_place_is_said(string line, string said)
    {
        CommandRun run = await CommandRun.OfLine(line);
        Assert.Equal(ExitCode.Usage, run.Code);
        Assert.Contains(said, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task This_machine_cannot_take_the_name_of_another()
    {
        CommandRun run = await CommandRun.OfLine("calibrate --local --name h100_sxm");
        Assert.Equal(ExitCode.Failed, run.Code);
        Assert.Contains("is a machine of the catalog", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fit_says_what_is_missing()
    {
        CommandRun run = await CommandRun.Of("fit", "-m", _folder.Path);
        Assert.Equal(ExitCode.Failed, run.Code);
        Assert.Contains("silicon.csv is missing", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fit_reads_a_folder_of_tables_and_writes_what_can_be_read_back()
    {
        string written = Path.Combine(_folder.Path, "out");
        CommandRun run = (await CommandRun.Of("fit", "-m", SharedFolder.Require("reference"), "--quick", "-o", written)).Succeeded();
        Assert.Contains("TPOT", run.Output, StringComparison.Ordinal);
        CalibrationSet serving = CalibrationFile.Read(Path.Combine(written, "serving.json"));
        Assert.Contains("good rows of silicon.csv", serving.Source, StringComparison.Ordinal);

        // What ships was made by this command: the coefficients of the quick fit, with bands beside them.
        Assert.Equal(CalibrationSet.BuiltIn.Layers.Count(l => l.IsGroup), serving.Layers.Count(l => l.IsGroup));
        Assert.All(CoefficientTable.All, info => Assert.Equal(
            1, serving.Base[info.Coefficient] / CalibrationSet.BuiltIn.Base[info.Coefficient], 0.02));
    }

    private string Table(string text)
    {
        string file = _folder.File("mine.csv");
        File.WriteAllText(file, text);
        return file;
    }

    private static async Task<SimulationResult> Simulated(string line) =>
        SimulationResult.FromJson((await CommandRun.OfLine(line)).Succeeded().Output);
}
