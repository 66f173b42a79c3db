using System.Text.Json;
using Inferometer.Cli.Hosting;
using Inferometer.ReferenceModels;

namespace Inferometer.Cli.Tests.Commands;

/// <summary><c>inferometer validate</c> and <c>explain</c> as a user meets them.</summary>
public sealed class ValidateCommandTests : IDisposable
{
    private const string Rows = "id,model,system,framework,precision,isl,osl,concurrency,ttft_ms,tpot_ms\n"
        + "a,llama-3.1-8b,h100,vllm,bf16,1000,200,64,120,14\nb,llama-3.1-8b,h200,vllm,bf16,1000,200,1,30,5.5\n";

    private const string Narrow = "model,system,precision,isl,osl,concurrency,tpot_ms\nllama-3.1-8b,h100,bf16,1000,200,64,";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_table_of_ones_own_is_set_beside_predictions()
    {
        CommandRun run = (await CommandRun.Of("validate", "--measurements", Table(Rows), "--cost-model", "roofline")).Succeeded();

        Assert.Contains("Errors by metric", run.Output, StringComparison.Ordinal);
        Assert.Contains("Errors by machine", run.Output, StringComparison.Ordinal);
        Assert.Contains("generic default, not calibrated", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_holds_every_figure_that_was_asked_for()
    {
        CommandRun run = (await CommandRun.Of(
            "validate", "-m", Table(Rows), "--against", Other("id,ttft_ms,tpot_ms\na,100,12\n"), "--rows", "-f", "json")).Succeeded();

        using JsonDocument page = JsonDocument.Parse(run.Output);
        JsonElement rows = page.RootElement.GetProperty("rows");
        Assert.Equal(6, rows.GetArrayLength());
        JsonElement first = rows[0];
        Assert.Equal(("a", "TTFT", 120), (first.GetProperty("id").GetString(), first.GetProperty("metric").GetString(),
            first.GetProperty("measured").GetDouble()));
        Assert.Equal(
            (first.GetProperty("predicted").GetDouble() / 120) - 1, first.GetProperty("relative_error").GetDouble(), 12);
        Assert.Equal(100, first.GetProperty("baseline").GetDouble());
    }

    [Theory]
    [InlineData("--calibrate 3", "--calibrate needs --hold-out")]
    [InlineData("--hold-out model --worst 3", "--worst: with --hold-out errors alone are shown")]
    [InlineData("--hold-out model --cost-model roofline", "only the cost model 'calibrated' is fitted")]
    public async Task What_hold_out_has_no_place_for_is_said(string options, string said)
    {
        CommandRun run = await CommandRun.OfLine($"validate -m {Table(Rows)} {options}");
        Assert.Equal(ExitCode.Usage, run.Code);
        Assert.Contains(said, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_framework_that_is_not_known_is_named()
    {
        const string Served = "model,system,precision,isl,osl,concurrency,framework,tpot_ms\n";
        Assert.DoesNotContain("Not known", await Validated("vllm"), StringComparison.Ordinal);
        Assert.Contains("tgi: the usual framework stands for it", await Validated("tgi"), StringComparison.Ordinal);

        async Task<string> Validated(string framework) => (await CommandRun.Of(
            "validate", "-m", Table($"{Served}llama-3.1-8b,h100,bf16,1024,128,8,{framework},10\n"))).Succeeded().Output;
    }

    [Fact]
    public async Task A_table_too_small_to_hold_rows_out_is_refused()
    {
        CommandRun run = await CommandRun.Of("validate", "-m", Table(Rows), "--hold-out", "gpu");
        Assert.Equal(ExitCode.Failed, run.Code);
        Assert.Contains("at least 20 are needed", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Csv_of_rows_is_one_table()
    {
        CommandRun run = (await CommandRun.Of("validate", "-m", Table(Rows), "--rows", "-f", "csv")).Succeeded();

        Assert.Equal(7, run.OutputLines.Length);
        Assert.StartsWith("id,metric,system,", run.OutputLines[0], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Sizes_are_compared_by_themselves()
    {
        string table = Table(
            "source_address,kind,hardware,model,precision,settings,metric,reported\n"
            + "a,memory,any,Llama 3 70B,Q8_0 GGUF,whole file,model size GiB,69.83\nb,memory,any,Nobody 7B,bf16,TP1,weights GiB,14\n");
        CommandRun run = (await CommandRun.Of("validate", "--sizes", table, "-f", "json")).Succeeded();

        using JsonDocument page = JsonDocument.Parse(run.Output);
        Assert.Equal(1, page.RootElement.GetProperty("compared").GetInt32());
        Assert.InRange(page.RootElement.GetProperty("sizes")[0].GetProperty("relative_error").GetDouble(), -0.001, 0.001);
        Assert.Contains("not a model of the catalog", run.Output, StringComparison.Ordinal);
        Assert.Contains(
            "--sizes: not together with --rows", (await CommandRun.Of("validate", "--sizes", table, "--rows")).Error,
            StringComparison.Ordinal);
        Assert.Contains("give --measurements FILE, or --sizes FILE", (await CommandRun.Of("validate")).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("scatter.html", "<!doctype html>")]
    [InlineData("scatter.svg", "<svg ")]
    public async Task The_scatter_is_drawn_to_a_file(string name, string beginning)
    {
        string file = _folder.File(name);
        CommandRun run = await CommandRun.Of("validate", "-m", Table(Rows), "-o", file);

        Assert.Equal(ExitCode.Success, run.Code);
        Assert.Equal($"drawn to {file}", Assert.Single(run.Complaints));
        string text = await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken);
        Assert.StartsWith(beginning, text, StringComparison.Ordinal);
        Assert.Equal(6, text.Split("<title>").Length - (name.EndsWith("html", StringComparison.Ordinal) ? 2 : 1));
        Assert.DoesNotContain("src=", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no,such,columns\n1,2,3\n", "these columns are of no table that is read")]
    [InlineData(Narrow + "-1\n", "line 2, column tpot_ms: '-1'")]
    [InlineData(Narrow + "0.012\n", "line 2, row table:2: TPOT is 0.012 ms")]
    public async Task What_cannot_be_is_refused_with_its_place(string text, string message)
    {
        CommandRun run = await CommandRun.Of("validate", "-m", Table(text));

        Assert.Equal((ExitCode.Failed, ""), (run.Code, run.Output));
        Assert.Contains(message, Assert.Single(run.Complaints), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_picture_of_another_kind_is_refused_before_any_work()
    {
        CommandRun run = await CommandRun.Of("validate", "-m", Table(Rows), "-o", _folder.File("scatter.png"));

        Assert.Equal(ExitCode.Failed, run.Code);
        Assert.Contains("it must end in .html for a page or .svg for a picture", Assert.Single(run.Complaints), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_is_explained()
    {
        CommandRun run = (await CommandRun.OfLine(
            "explain llama-3.1-8b --on h100 --users 64 --input 1000 --output 200 --requests 300 --ttft 3000 --tpot 30")).Succeeded();

        string[] texts =
            ["64 users", "Where a token's time goes", "not explained", "What this says", "What to try", "reading weights",
                "What may be other than stated", "all is as stated"];
        foreach (string text in texts)
        {
            Assert.Contains(text, run.Output, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Machines_get_every_part_of_an_explanation()
    {
        CommandRun run = (await CommandRun.OfLine(
            "explain llama-3.1-8b --on h100 --rate 30 --input 1000 --output 100 --requests 200 --framework vllm --ttft 900 --tpot 30 "
                + "-f json")).Succeeded();
        using JsonDocument document = JsonDocument.Parse(run.Output);
        JsonElement page = document.RootElement;

        Assert.Equal(900, page.GetProperty("times")[0].GetProperty("measured_ms").GetDouble());
        double first = page.GetProperty("times")[0].GetProperty("forecast_ms").GetDouble();
        Assert.Equal(
            first,
            page.GetProperty("ttft_parts").EnumerateArray().Where(p => !p.GetProperty("key").ValueEquals("unexplained"))
                .Sum(p => p.GetProperty("ms").GetDouble()),
            1e-6 * first);
        foreach (string parts in (string[])["tpot_parts", "ttft_parts"])
        {
            // Shares are of the forecast, and what was measured beyond it has none.
            Assert.Equal(
                1, page.GetProperty(parts).EnumerateArray().Where(p => p.GetProperty("share").ValueKind is JsonValueKind.Number)
                    .Sum(p => p.GetProperty("share").GetDouble()), 1e-6);
        }

        Assert.Contains(page.GetProperty("causes").EnumerateArray(), c => c.GetProperty("key").ValueEquals("stated"));
        Assert.All(page.GetProperty("advice").EnumerateArray(), a => Assert.True(a.GetProperty("gain").GetDouble() >= 0.01));
    }

    [Theory]
    [InlineData("explain llama-3.1-8b --on h100", ExitCode.Usage, "Say what was measured")]
    [InlineData("explain llama-3.1-8b --on h100 --ttft 9", ExitCode.Usage, "Say what is asked of the service")]
    [InlineData("explain llama-3.1-8b --on h100 --ttft 9 --users 2 --rate 3", ExitCode.Usage, "different things of when requests come")]
    [InlineData("explain --on h100 --ttft 9", ExitCode.Usage, "Say which MODEL")]
    [InlineData("explain llama-3.1-8b --on h100 --users 1 --requests 9 --tpot 30 --e2e 20", ExitCode.Failed, "TPOT is 30 ms, more than")]
    [InlineData(
        "explain llama-3.1-8b --on h100 --users 1 --requests 9 --output 256 --e2e 1900 --ttft 100 --tpot 50", ExitCode.Failed,
        "100 ms to the first token and 255 times 50 ms per output token make 12,850 ms, not 1,900 ms for a whole request")]
    [InlineData(
        "explain llama-3.1-8b --on h100 --users 1 --requests 9 --output 256 --e2e 1900 --tpot 40", ExitCode.Failed,
        "255 times 40 ms per output token make 10,200 ms, not 1,900 ms")]
    [InlineData("explain llama-3.1-8b --on h100 --users 1 --requests 9 --tpot 0.006", ExitCode.Failed, "another unit (seconds, not")]
    [InlineData("explain llama-3.1-8b --on h100 --ttft 0", ExitCode.Usage, "--ttft: '0' is not allowed")]
    public async Task Nonsense_is_refused(string line, int code, string message)
    {
        CommandRun run = await CommandRun.OfLine(line);

        Assert.Equal(code, run.Code);
        Assert.Contains(message, Assert.Single(run.Complaints), StringComparison.Ordinal);
    }

    private string Table(string text) => _folder.Write("table.csv", System.Text.Encoding.UTF8.GetBytes(text));

    private string Other(string text) => _folder.Write("other.csv", System.Text.Encoding.UTF8.GetBytes(text));
}
