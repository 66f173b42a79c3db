using System.Net;
using System.Text.Json;
using Inferometer.Cli.Hosting;

namespace Inferometer.Cli.Tests.Commands;

/// <summary><c>inferometer watch</c> as a user meets it.</summary>
public sealed class WatchCommandTests
{
    // The service answers 30 requests between pages; they take what is said of each.
    [Theory]
    [InlineData(0.01, ExitCode.Success)]
    [InlineData(500, ExitCode.Failed)]
    public async Task A_service_is_looked_at_once_and_drift_is_the_exit_code(double firstToken, int code)
    {
        using MetricsServer server = new(requests => Page(requests, firstToken));
        CommandRun run = await CommandRun.Of(
            "watch", "llama-3.1-8b", "--url", server.Address, "--on", "h100", "--framework", "vllm", "--once", "--window", "0.4",
            "--interval", "0.2", "--tolerance", "1000%", "--kv-tokens", "1000000", "-f", "json");
        Assert.True(run.Code == code && run.Output.Length > 0, run.Error);
        using JsonDocument page = JsonDocument.Parse(run.Output);
        JsonElement root = page.RootElement;
        Assert.Equal("vLLM", root.GetProperty("program").GetString());
        Assert.Equal(64, root.GetProperty("mean_input_tokens").GetDouble());
        Assert.Equal(8, root.GetProperty("mean_output_tokens").GetDouble());
        JsonElement first = root.GetProperty("latencies")[0];
        Assert.Equal(firstToken * 1000, first.GetProperty("observed_ms").GetDouble(), 6);
        Assert.True(first.GetProperty("predicted_ms").GetDouble() > 0);
        Assert.Equal(code == ExitCode.Failed ? "slower" : "none", first.GetProperty("drift").GetString());
        Assert.Equal(code == ExitCode.Failed, run.Error.Contains(" DRIFT: TTFT is slower", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("tales", true)]
    [InlineData("meta-llama/Llama-3.1-8B", false)]
    [InlineData("llama-3.1-8b-q8_0", false)] // a file's name
    [InlineData("llama-3.1-8b.q4_k_m", false)]
    [InlineData("llama-3.1-80b", true)]
    [InlineData("meta-llama/Llama-3.1-70B", true)]
    public async Task Another_name_than_the_predicted_models_is_remarked(string served, bool isRemarked)
    {
        using MetricsServer server = new(requests => Page(requests, 0.01, served));
        CommandRun run = await CommandRun.Of(
            "watch", "llama-3.1-8b", "--url", server.Address, "--on", "h100", "--framework", "vllm", "--once", "--window", "0.4",
            "--interval", "0.2", "--tolerance", "1000%", "--kv-tokens", "1000000");
        Assert.Equal(isRemarked, run.Output.Contains("The service calls what it runs " + served, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Without_a_model_a_run_is_kept_under_the_served_one()
    {
        using ReferenceModels.TemporaryFolder folder = new();
        string store = folder.File("h.db");
        using (MetricsServer server = new(requests => Page(requests, 0.25, "tales")))
        {
            await CommandRun.Of(
                "watch", "--url", server.Address, "--for", "0.3", "--window", "0.2", "--interval", "0.1", "--store", store);
        }

        Assert.Contains(" tales ", (await CommandRun.OfLine($"history --store {store}")).Succeeded().Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_machine_it_shows_what_is_seen()
    {
        using MetricsServer server = new(requests => Page(requests, 0.25));
        CommandRun run = await CommandRun.Of("watch", "--url", server.Address, "--for", "0.3", "--window", "0.2", "--interval", "0.1");
        Assert.Equal(ExitCode.Success, run.Code);
        Assert.Contains("TTFT 250 ms", run.Error, StringComparison.Ordinal);
        Assert.Contains("say what the service runs on with --on", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_loss_of_what_is_only_looked_at_is_a_failure_too()
    {
        using MetricsServer server = new(requests => requests < 120 ? Page(requests, 0.25) : "gone");
        CommandRun run = await CommandRun.Of("watch", "--url", server.Address, "--for", "0.8", "--window", "0.2", "--interval", "0.1");
        Assert.Contains(" LOST: ", run.Error, StringComparison.Ordinal);
        Assert.Equal(ExitCode.Failed, run.Code);
    }

    [Fact]
    public async Task What_was_seen_is_kept_with_when_it_drifted()
    {
        using ReferenceModels.TemporaryFolder folder = new();
        string store = folder.File("h.db");
        using (MetricsServer server = new(requests => Page(requests, 500)))
        {
            CommandRun run = await CommandRun.Of(
                "watch", "llama-3.1-8b", "--url", server.Address, "--on", "h100", "--framework", "vllm", "--for", "0.8", "--window", "0.4",
                "--interval", "0.2", "--tolerance", "1000%", "--kv-tokens", "1000000", "--store", store, "--name", "w");
            Assert.Contains("recorded as ", run.Error, StringComparison.Ordinal);
        }

        Assert.Contains(" watch ", (await CommandRun.OfLine($"history --kind watch --store {store}")).Succeeded().Output,
            StringComparison.Ordinal);
        string page = (await CommandRun.OfLine($"show w --store {store}")).Succeeded().Output;
        Assert.Contains("SLOWER", page, StringComparison.Ordinal);
        Assert.Contains("observed_ttft_ms", page, StringComparison.Ordinal);
        using JsonDocument shown = JsonDocument.Parse((await CommandRun.OfLine($"show w --store {store} -f json")).Succeeded().Output);
        Assert.Contains(shown.RootElement.GetProperty("series").EnumerateArray(), s => s.GetProperty("key").GetString() is "drift_ttft"
            && s.GetProperty("values").EnumerateArray().Any(v => v.ValueKind is JsonValueKind.Number && v.GetDouble() == 1));
    }

    [Theory]
    [InlineData("table")]
    [InlineData("json")]
    public async Task A_service_that_is_lost_is_said_to_be_with_what_was_seen_of_it_last(string format)
    {
        // Gone at the third look of ten, so that a machine with other work sees it, too.
        using MetricsServer server = new(requests => requests < 90 ? Page(requests, 500) : "gone");
        CommandRun run = await CommandRun.Of(
            "watch", "llama-3.1-8b", "--url", server.Address, "--on", "h100", "--framework", "vllm", "--for", "2", "--window", "0.4",
            "--interval", "0.2", "--tolerance", "1000%", "--kv-tokens", "1000000", "-f", format);
        Assert.Equal(ExitCode.Failed, run.Code);
        Assert.Contains(" LOST: ", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("drift over", run.Error, StringComparison.Ordinal);
        if (format is "json")
        {
            using JsonDocument page = JsonDocument.Parse(run.Output);
            Assert.False(page.RootElement.GetProperty("up").GetBoolean());
            Assert.Equal(JsonValueKind.Null, page.RootElement.GetProperty("drift").ValueKind);
            Assert.Matches("^20..-..-..T..:..:..Z$", page.RootElement.GetProperty("lost_since").GetString());
            Assert.Equal(500_000, page.RootElement.GetProperty("latencies")[0].GetProperty("observed_ms").GetDouble(), 3);
            return;
        }

        Assert.Contains("LOST: ", run.Output, StringComparison.Ordinal);
        Assert.Contains("Mean latencies before the service was lost, ms", run.Output, StringComparison.Ordinal);
        Assert.Contains("not known; before the service was lost: TTFT slower", run.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("nothing is predicted", run.Output, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("watch", "--url ADDRESS")]
    [InlineData("watch --url localhost:8000", "an address of HTTP")]
    [InlineData("watch --url http://127.0.0.1:1 --once --for 5", "--once and --for")]
    [InlineData("watch --url http://127.0.0.1:1 --interval 60 --window 30", "longer than --window")]
    [InlineData("watch --url http://127.0.0.1:1 --tolerance 30%", "--tolerance: it is for the prediction")]
    [InlineData("watch --url http://127.0.0.1:1 --max-num-seqs 8", "--max-num-seqs: it is for the prediction")]
    [InlineData("watch llama-3.1-8b --url http://127.0.0.1:1", "'llama-3.1-8b' is for the prediction")]
    [InlineData("watch --url http://127.0.0.1:1 --on h100", "Say which MODEL the service runs")]
    [InlineData("watch --url http://127.0.0.1:1 --tolerance 0", "a share in percent")]
    [InlineData("watch --url http://127.0.0.1:1 --listen 70000", "a port from 0 to 65535")]
    [InlineData("watch --url http://127.0.0.1:1 --listen here:1", "such as 0.0.0.0:9464")]
    public async Task Contradictions_are_named_before_anything_is_asked(string line, string said)
    {
        CommandRun run = await CommandRun.OfLine(line);
        Assert.Equal(ExitCode.Usage, run.Code);
        Assert.Contains(said, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_service_that_is_not_there_is_one_error()
    {
        CommandRun run = await CommandRun.OfLine("watch --url http://127.0.0.1:1 --once --window 0.2 --interval 0.1");
        Assert.Equal(ExitCode.Failed, run.Code);
        Assert.Contains("http://127.0.0.1:1/metrics", Assert.Single(run.Complaints), StringComparison.Ordinal);
    }

    private static string Page(int requests, double firstToken, string? model = null) => FormattableString.Invariant(
        $"""
        vllm:num_requests_running{(model is null ? "" : $"{{model_name=\"{model}\"}}")} 1
        vllm:num_requests_waiting 0
        vllm:request_success_total {requests}
        vllm:request_prompt_tokens_sum {requests * 64}
        vllm:request_prompt_tokens_count {requests}
        vllm:request_generation_tokens_sum {requests * 8}
        vllm:request_generation_tokens_count {requests}
        vllm:time_to_first_token_seconds_sum {requests * firstToken}
        vllm:time_to_first_token_seconds_count {requests}

        """);

    private sealed class MetricsServer : IDisposable
    {
        private readonly HttpListener _listener = new();

        public MetricsServer(Func<int, string> page)
        {
            using System.Net.Sockets.TcpListener free = new(IPAddress.Loopback, 0);
            free.Start();
            Address = $"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/";
            free.Stop();
            _listener.Prefixes.Add(Address);
            _listener.Start();
            _ = Task.Run(async () =>
            {
                for (int requests = 30; ; requests += 30)
                {
                    HttpListenerContext context = await _listener.GetContextAsync();
                    context.Response.Close(System.Text.Encoding.UTF8.GetBytes(page(requests)), willBlock: true);
                }
            });
        }

        public string Address { get; }

        public void Dispose() => _listener.Close();
    }
}
