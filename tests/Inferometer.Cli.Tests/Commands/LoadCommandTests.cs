using System.Text.Json;
using System.Text.RegularExpressions;
using Inferometer.Cli.Hosting;
using Inferometer.ReferenceModels;

namespace Inferometer.Cli.Tests.Commands;

/// <summary><c>inferometer load</c> as a user meets it.</summary>
public sealed partial class LoadCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_server_is_measured_and_set_beside_its_prediction()
    {
        using ScriptedServer server = new(asked => new([.. Enumerable.Repeat(TimeSpan.FromMilliseconds(2), asked.MaxTokens)]))
        {
            Models = ["meta-llama/Llama-3.1-8B-Instruct"], // another name of the same entry of the catalog
        };
        string rows = _folder.File("rows.csv");
        CommandRun run = (await CommandRun.Of(
            "load", "llama-3.1-8b", "--url", server.Address.ToString(), "--rate", "100", "--requests", "20", "--input", "30",
            "--output", "4", "--on", "h100", "--slo", "ttft:60s", "--warm-up", "5", "--timeline", rows, "-f", "json")).Succeeded();

        using JsonDocument page = JsonDocument.Parse(run.Output);
        JsonElement root = page.RootElement;
        Assert.Equal((15, 0), (root.GetProperty("completed").GetInt32(), root.GetProperty("failed").GetInt32()));
        Assert.Equal(15 * 30, root.GetProperty("total_input_tokens").GetInt32());
        Assert.Equal(15 * 4, root.GetProperty("total_output_tokens").GetInt32());
        Assert.Equal(1, root.GetProperty("slo_attainment").GetDouble());
        Assert.True(root.GetProperty("mean_ttft_ms").GetDouble() >= 2, "not before the server answered");
        Assert.Equal(15, root.GetProperty("predicted_completed").GetInt32());
        Assert.True(root.GetProperty("predicted_mean_tpot_ms").GetDouble() > 0, "an H100 takes time for a token");
        Assert.Equal(21, (await File.ReadAllLinesAsync(rows, TestContext.Current.CancellationToken)).Length);

        CommandRun table = (await CommandRun.Of(
            "load", "llama-3.1-8b", "--url", server.Address.ToString(), "--rate", "100", "--requests", "5", "--input", "30",
            "--output", "4", "--on", "h100")).Succeeded();
        Assert.Contains("Measured and predicted", table.Output, StringComparison.Ordinal);
        Assert.Contains("Assumptions of the prediction", table.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_of_another_model_than_the_one_that_is_predicted_is_refused_or_told()
    {
        using ScriptedServer server = new(asked => new([.. Enumerable.Repeat(TimeSpan.Zero, asked.MaxTokens)]))
        {
            Models = ["Qwen/Qwen3-8B", "prod"],
        };
        string line = $"load llama-3.1-8b --url {server.Address}v1/chat/completions --rate 100 --requests 4 --input 30 --output 4";
        CommandRun other = await CommandRun.OfLine(line);
        Assert.Equal(ExitCode.Failed, other.Code);
        Assert.Equal(2, other.Complaints.Length);
        Assert.Contains("lists 'Qwen/Qwen3-8B', 'prod'; 'Qwen/Qwen3-8B' is asked", other.Complaints[0], StringComparison.Ordinal);
        Assert.Contains("serves 'Qwen/Qwen3-8B', and MODEL is 'llama-3.1-8b'", other.Complaints[1], StringComparison.Ordinal);

        CommandRun named = await CommandRun.OfLine(line + " --served-model-name prod");
        Assert.Equal(ExitCode.Success, named.Code);
        Assert.Contains("calls its model 'prod'; what is predicted and kept is of MODEL", Assert.Single(named.Complaints),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_is_kept_under_the_model_that_the_service_lists()
    {
        using ScriptedServer server = new(asked => new([.. Enumerable.Repeat(TimeSpan.Zero, asked.MaxTokens)]));
        string store = _folder.File("h.db");
        CommandRun run = await CommandRun.Of(
            "load", "--url", server.Address.ToString(), "--users", "2", "--requests", "6", "--input", "30", "--output", "8",
            "--store", store);
        Assert.True(run.Code == ExitCode.Success, run.Error);
        Assert.Contains("Bunched ", run.Output, StringComparison.Ordinal); // the server sends all pieces at once
        string shown = (await CommandRun.OfLine($"show latest --store {store}")).Succeeded().Output;
        Assert.Matches(@"Model +scripted\n", shown);
    }

    [Fact]
    public async Task The_engine_of_this_process_is_measured_without_a_server()
    {
        CommandRun run = (await CommandRun.Of(
            "load", "--users", "2", "--requests", "6", "--input", "12", "--output", "3", "--threads", "1")).Succeeded();
        Assert.Contains("2 users, 6 requests", run.Output, StringComparison.Ordinal);
        Assert.Contains("Time to first token", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("predicted", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Failures_are_shown_and_are_the_exit_code()
    {
        using ScriptedServer server = new(
            asked => asked.Number == 0 ? new([]) { Status = 503, Body = """{"error":{"message":"busy"} }""" } : new([TimeSpan.Zero]));
        CommandRun run = await CommandRun.Of(
            "load", "--url", server.Address.ToString(), "--rate", "100", "--requests", "4", "--input", "30", "--output", "1",
            "--warm-up", "0");
        Assert.Equal(ExitCode.Failed, run.Code);
        Assert.Contains("HTTP 503: busy", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stopping_a_load_shows_what_was_answered_and_that_it_is_not_all()
    {
        using CancellationTokenSource stop = new();
        using ScriptedServer server = new(asked =>
        {
            if (asked.Number < 7)
            {
                return new([TimeSpan.Zero]);
            }

            stop.CancelAfter(TimeSpan.FromMilliseconds(100));
            return new([TimeSpan.FromMinutes(5)]);
        });
        await using StringWriter output = new();
        await using StringWriter error = new();
        int code = await InferometerCommand.RunAsync(
            ["load", "--url", server.Address.ToString(), "--users", "1", "--requests", "1000000", "--input", "30", "--output", "1"],
            output, error, stop.Token);
        Assert.Equal(ExitCode.Cancelled, code);
        Assert.Contains("stopped early, with 7 of 1,000,000 requests answered", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("Time to first token", output.ToString(), StringComparison.Ordinal);
        Assert.EndsWith("cancelled" + Environment.NewLine, error.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Stopping_a_sweep_shows_the_rates_that_were_done_and_what_is_left()
    {
        using CancellationTokenSource stop = new();
        using ScriptedServer server = new(asked =>
        {
            if (asked.Number < 20)
            {
                return new([TimeSpan.Zero]);
            }

            stop.CancelAfter(TimeSpan.FromMilliseconds(200));
            return new([TimeSpan.FromMinutes(5)]);
        });
        await using StringWriter output = new();
        await using StringWriter error = new();
        int code = await InferometerCommand.RunAsync(
            [
                "load", "--url", server.Address.ToString(), "--rate", "10", "--arrivals", "constant", "--requests", "8",
                "--input", "30", "--output", "1", "--warm-up", "0", "--sweep-rate",
            ],
            output, error, stop.Token);
        Assert.Equal(ExitCode.Cancelled, code);
        string words = string.Join(' ', output.ToString().Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)); // lines are wrapped

        // 10 and 20 requests/s are kept up with unless the machine is busy; then the sweep asks lower ones.
        Match stopped = StoppedSweep().Match(words);
        Assert.True(stopped.Success, words);
        string underWay = output.ToString().Split('\n').Single(line => line.TrimEnd().EndsWith(" stopped", StringComparison.Ordinal));
        Assert.StartsWith(stopped.Groups["rate"].Value, underWay.TrimStart(), StringComparison.Ordinal);
        Assert.EndsWith("cancelled" + Environment.NewLine, error.ToString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("load --rate 1 --stop-at-eos", "--stop-at-eos needs --url")]
    [InlineData("load --url http://127.0.0.1:1 --rate 1 --threads 2", "--threads: it is said of the engine of this process")]
    [InlineData("load --url http://127.0.0.1:1 --rate 1 --on h100", "Say which MODEL the service runs")]
    [InlineData("load --url localhost --rate 1", "an address of HTTP")]
    [InlineData("load --rate 1 --policy sglang", "--policy: it is for the prediction")]
    [InlineData("load --url http://127.0.0.1:1 --rate 1 --max-num-seqs 8", "--max-num-seqs: with --url it is for the prediction")]
    [InlineData("load --users 2 --sweep-rate", "--sweep-rate needs --rate")]
    [InlineData("load --rate 1 --sweep-rate --on h100", "--sweep-rate: nothing is predicted with it")]
    [InlineData("load --url http://127.0.0.1:1", "Say what is asked of the service")]
    public async Task Contradictions_are_named_before_anything_is_asked(string line, string said)
    {
        CommandRun run = await CommandRun.OfLine(line);
        Assert.Equal(ExitCode.Usage, run.Code);
        Assert.Contains(said, run.Error, StringComparison.Ordinal);
    }

    [GeneratedRegex(
        @"stopped at (?<rate>[\d.]+) requests/s, with [0-7] requests answered there; the highest rate is (above|between|below) \d",
        RegexOptions.ExplicitCapture, matchTimeoutMilliseconds: 1000)]
    private static partial Regex StoppedSweep();
}
