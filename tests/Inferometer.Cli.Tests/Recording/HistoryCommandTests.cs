using System.Text.Json;
using Inferometer.Cli.Hosting;
using Inferometer.ReferenceModels;

namespace Inferometer.Cli.Tests.Recording;

/// <summary>Runs are kept, listed, shown, compared and held against baselines, as a user does it.</summary>
public sealed class HistoryCommandTests : IDisposable
{
    private const string Simulated = "simulate llama-3.1-8b --on h100 --input 256 --output 32 --requests 100 --rate ";

    private readonly TemporaryFolder _folder = new();

    private string Store => Path.Combine(_folder.Path, "h.db");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_run_is_kept_shown_compared_and_held_against_a_baseline()
    {
        await Keep(Simulated + "2 --name slow --tag main");
        await Keep(Simulated + "40 --name fast");

        string list = (await Run("history")).Output;
        Assert.Equal(4, list.TrimEnd('\n').Split('\n').Length); // a line for each run, for programs that read lines
        Assert.Contains("slow, main", list, StringComparison.Ordinal);
        Assert.Contains("median ttft", list, StringComparison.Ordinal);
        Assert.Contains("simulate of meta-llama/Llama-3.1-8B", (await Run("show slow")).Output, StringComparison.Ordinal);

        CommandRun same = await CommandRun.OfLine($"diff slow main --store {Store}");
        Assert.Contains("A and B are both the run", Assert.Single(same.Complaints), StringComparison.Ordinal);
        string diff = (await Run("diff slow fast")).Output;
        Assert.Contains("--rate: 2 and 40", diff, StringComparison.Ordinal);

        CommandRun held = await CommandRun.OfLine(
            $"gate fast --baseline main --metric mean_tpot_ms --annotations --junit {_folder.Path}/g.xml --store {Store}");
        Assert.Equal(ExitCode.Failed, held.Code);
        Assert.StartsWith("::error title=inferometer gate%3A mean_tpot_ms::", held.Error, StringComparison.Ordinal);
        Assert.Contains("<failure",
            await File.ReadAllTextAsync(Path.Combine(_folder.Path, "g.xml"), TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
        Assert.Equal(ExitCode.Success, (await CommandRun.OfLine($"gate slow --baseline fast --metric mean_tpot_ms --store {Store}")).Code);
    }

    [Fact]
    public async Task What_is_shown_as_JSON_makes_the_same_run_again()
    {
        await Keep(Simulated + "2 --seed 3 -f json --name one");
        using var shown = JsonDocument.Parse((await Run("show one -f json")).Output);
        string[] words = [.. shown.RootElement.GetProperty("command_line").EnumerateArray().Select(w => w.GetString()!)];
        Assert.DoesNotContain("--name", words);
        Assert.DoesNotContain("--store", words);
        await Keep(string.Join(' ', words) + " --name two");
        using var again = JsonDocument.Parse((await Run("show two -f json")).Output);
        Assert.Equal(shown.RootElement.GetProperty("config_hash").GetString(), again.RootElement.GetProperty("config_hash").GetString());
        Assert.Equal(shown.RootElement.GetProperty("metrics").GetRawText(), again.RootElement.GetProperty("metrics").GetRawText());
        Assert.Equal(90, shown.RootElement.GetProperty("series")[0].GetProperty("values").GetArrayLength()); // the warm-up is not measured
    }

    [Fact]
    public async Task A_bench_keeps_its_repetitions_and_an_estimate_only_where_asked()
    {
        await Keep("bench -p 8 -n 4 -r 3 --warm-up 0 --name b");
        using var shown = JsonDocument.Parse((await Run("show b -f json")).Output);
        Assert.Equal(3, shown.RootElement.GetProperty("series")[0].GetProperty("values").GetArrayLength());
        Assert.Equal(ExitCode.Success, (await CommandRun.OfLine("estimate llama-3.1-8b --on h100")).Code);
        await Keep("estimate llama-3.1-8b --on h100 --record --name e");
        Assert.Equal(3, (await Run("history -f csv")).OutputLines.Length);
    }

    [Fact]
    public async Task A_load_is_kept_with_its_prediction()
    {
        await Keep("load --users 2 --requests 10 --input 16 --output 8 --on epyc-9654 --name l");
        Assert.Equal(2, (await Run("history -f csv")).OutputLines.Length);
        string exported = Path.Combine(_folder.Path, "h.parquet");
        CommandRun export = await CommandRun.OfLine($"history export -o {exported} --store {Store}");
        Assert.Contains("2 runs", export.Error, StringComparison.Ordinal);
        Assert.True(new FileInfo(exported).Length > 0);
    }

    // The first eight requests are answered, of the others every second one.
    [Fact]
    public async Task A_sweep_is_kept_with_each_of_its_rates()
    {
        using ScriptedServer server = new(asked => asked.Number >= 8 && asked.Number % 2 == 1
            ? new([]) { Status = 503, Body = "full" }
            : new([.. Enumerable.Repeat(TimeSpan.FromMilliseconds(1), asked.MaxTokens)]));
        await Keep($"load --url {server.Address} --rate 100 --requests 4 --input 10 --output 2 --warm-up 0 --sweep-rate --name s");
        Assert.Equal(2, (await Run("history -f csv")).OutputLines.Length);
        Assert.Contains(" load-sweep ", (await Run("history")).Output, StringComparison.Ordinal);
        string page = (await Run("show s")).Output;
        Assert.Contains("knee_requests_per_s", page, StringComparison.Ordinal);
        Assert.Contains("keeps up", page, StringComparison.Ordinal);

        using var shown = JsonDocument.Parse((await Run("show s -f json")).Output);
        JsonElement rates = shown.RootElement.GetProperty("series")[0];
        Assert.Equal(("request_rate", 7), (rates.GetProperty("key").GetString(), rates.GetProperty("values").GetArrayLength()));
        Assert.Equal("request_rate", shown.RootElement.GetProperty("series")[1].GetProperty("axis").GetString());

        // A rate is a run of its own, which its command makes alone.
        string id = page.Split('\n').First(l => l.TrimStart().StartsWith("200 ", StringComparison.Ordinal)).TrimEnd().Split(' ')[^1];
        using var part = JsonDocument.Parse((await Run($"show {id} -f json")).Output);
        Assert.Equal(shown.RootElement.GetProperty("id").GetString(), part.RootElement.GetProperty("part_of").GetString());
        string[] words = [.. part.RootElement.GetProperty("command_line").EnumerateArray().Select(w => w.GetString()!)];
        Assert.DoesNotContain("--sweep-rate", words);
        Assert.Equal("200", words[Array.IndexOf(words, "--rate") + 1]);
        Assert.Equal(200, part.RootElement.GetProperty("config").GetProperty("request_rate").GetDouble());

        string report = Path.Combine(_folder.Path, "s.svg");
        Assert.Equal(ExitCode.Success, (await CommandRun.OfLine($"report s -o {report} --store {Store}")).Code);
        Assert.Contains("Time to first token over the rate", await File.ReadAllTextAsync(report, TestContext.Current.CancellationToken),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_that_cannot_be_written_is_a_warning()
    {
        string blocked = _folder.Write("file", "x"u8.ToArray());
        CommandRun run = await CommandRun.OfLine($"{Simulated}2 --store {blocked}/h.db");
        Assert.Equal(ExitCode.Success, run.Code);
        Assert.StartsWith("warning: the run is not recorded. ", Assert.Single(run.Complaints), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_store_that_cannot_be_written_is_an_error_where_keeping_was_asked_for()
    {
        CommandRun run = await CommandRun.OfLine($"estimate llama-3.1-8b --on h100 --record --store {_folder.Path}");
        Assert.Equal(ExitCode.Failed, run.Code);
        string only = Assert.Single(run.Complaints);
        Assert.StartsWith("error: --record: the run is not recorded. ", only, StringComparison.Ordinal);
        Assert.Contains($"{_folder.Path}: is a folder", only, StringComparison.Ordinal);
        Assert.Contains("is a folder", (await CommandRun.OfLine($"history --store {_folder.Path}")).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("simulate llama-3.1-8b --on h100 --rate 2 --no-record --name x", "--name and --no-record contradict each other")]
    [InlineData("estimate llama-3.1-8b --on h100 --tag x", "--tag needs --record")]
    [InlineData("bench --store mysql://x", "'mysql'")]
    [InlineData("history --since yesterday", "'yesterday' is not allowed")]
    [InlineData("gate --baseline main --max-regression much", "'much' is not allowed")]
    [InlineData("history", "INFEROMETER_STORE: it is 'none'")]
    public async Task Wrong_command_lines_are_told(string line, string complaint)
    {
        CommandRun run = await CommandRun.OfLine(line);
        Assert.Equal(ExitCode.Usage, run.Code);
        Assert.Contains(complaint, Assert.Single(run.Complaints), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("history")]
    [InlineData("show")]
    [InlineData("diff")]
    [InlineData("report latest")]
    [InlineData("gate --baseline main --max-regression 5%")]
    public async Task Without_a_history_reading_says_how_one_is_made(string line)
    {
        CommandRun run = await CommandRun.OfLine($"{line} --store {Store}");
        Assert.Equal(ExitCode.Failed, run.Code);
        Assert.Contains("there is no history yet. load, bench", run.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Store));
    }

    [Theory]
    [InlineData("show")]
    [InlineData("diff")]
    [InlineData("report latest")]
    [InlineData("gate --baseline main --max-regression 5%")]
    public async Task Of_an_empty_history_it_is_said_that_it_is_empty(string line)
    {
        History.Stores.RunStores.Open(History.Stores.StoreLocation.OfFile(Store)).Dispose();
        CommandRun run = await CommandRun.OfLine($"{line} --store {Store}");
        Assert.Equal(ExitCode.Failed, run.Code);
        Assert.Contains($": there is no run in {Store} yet. load, bench", Assert.Single(run.Complaints), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_result_of_another_program_is_taken_once_and_can_be_renamed()
    {
        string file = _folder.Write("v.json", """
            {"backend":"vllm","model_id":"m","duration":10.0,"completed":4,"total_input_tokens":400,"total_output_tokens":12,"output_throughput":1.2,"mean_ttft_ms":25.0}
            """u8.ToArray());
        Assert.Equal(ExitCode.Success, (await CommandRun.OfLine($"import {file} --name peer --tag p --store {Store}")).Code);
        Assert.Contains("One of the runs was there already.", (await CommandRun.OfLine($"import {file} --store {Store}")).Error,
            StringComparison.Ordinal);
        Assert.Equal(ExitCode.Success, (await CommandRun.OfLine($"history tag peer --name renamed --store {Store}")).Code);
        Assert.Contains("mean_ttft_ms", (await Run("show renamed")).Output, StringComparison.Ordinal);
    }

    private async Task Keep(string line)
    {
        CommandRun run = await CommandRun.OfLine($"{line} --store {Store}");
        Assert.True(run.Code == ExitCode.Success, run.Error);
        Assert.StartsWith("recorded as ", Assert.Single(run.Complaints), StringComparison.Ordinal);
    }

    private async Task<CommandRun> Run(string line) => (await CommandRun.OfLine($"{line} --store {Store}")).Succeeded();
}
