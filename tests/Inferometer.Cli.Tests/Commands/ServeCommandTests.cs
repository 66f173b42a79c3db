using System.Net;
using System.Text.RegularExpressions;
using Inferometer.Cli.Hosting;
using Inferometer.ReferenceModels;

namespace Inferometer.Cli.Tests.Commands;

public sealed partial class ServeCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task It_serves_the_model_by_its_names_until_it_is_stopped()
    {
        string keys = _folder.Write("keys.txt", "a-key-of-some-length\n\nanother-key-of-some-length\n"u8.ToArray());
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        await using FirstLine output = new();
        string[] args =
        [
            "serve", "--demo", "--port", "0", "--served-model-name", "tales", "--alias", "old", "--api-key-file", keys,
            "--max-num-seqs", "2",
            "--ctx", "128", "--threads", "1", "--no-predictions", "--log-level", "error",
        ];
        Task<int> running = InferometerCommand.RunAsync(args, output, TextWriter.Null, stop.Token);
        Assert.Same(output.Line, await Task.WhenAny(output.Line, running));
        Match served = Served().Match(await output.Line);

        Assert.Equal("tales", served.Groups["name"].Value);
        using HttpClient client = new() { BaseAddress = new Uri(served.Groups["url"].Value) };
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.GetAsync("/v1/models", TestContext.Current.CancellationToken)).StatusCode);
        client.DefaultRequestHeaders.Authorization = new("Bearer", "another-key-of-some-length");
        string models = await client.GetStringAsync("/v1/models", TestContext.Current.CancellationToken);
        Assert.Contains("\"old\"", models, StringComparison.Ordinal);
        Assert.Contains("\"max_model_len\":128", models, StringComparison.Ordinal);
        await stop.CancelAsync();
        Assert.Equal(ExitCode.Success, await running);
        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync("/health", TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("--host 0.0.0.0", ExitCode.Usage, "API key")]
    [InlineData("--host example.org", ExitCode.Usage, "an IP address")]
    [InlineData("--api-key short", ExitCode.Usage, "at least 16")]
    [InlineData("--cors-origin example.org", ExitCode.Usage, "https://example.org")]
    [InlineData("--otlp-endpoint somewhere", ExitCode.Usage, "http://localhost:4317")]
    [InlineData("--ctx 4096", ExitCode.Usage, "needs a model: MODEL, or --demo")]
    [InlineData("--max-num-seqs 4", ExitCode.Usage, "needs a model")]
    [InlineData("--demo model.gguf", ExitCode.Usage, "leave it out, or MODEL")]
    [InlineData("--demo --upstream http://127.0.0.1:1", ExitCode.Usage, "in place of a model")]
    [InlineData("--upstream ftp://127.0.0.1:1", ExitCode.Usage, "an address such as")]
    [InlineData("--upstream http://127.0.0.1:1 --upstream http://127.0.0.1:1", ExitCode.Usage, "named twice")]
    [InlineData("--upstream-check 3", ExitCode.Usage, "needs --upstream")]
    [InlineData("--response-cache 4", ExitCode.Usage, "needs a model")]
    [InlineData("--demo --rope-scale 4 --yarn-orig-ctx 512", ExitCode.Failed, "need the scheme yarn")]
    [InlineData("--demo --chat-template nonsense --no-predictions", ExitCode.Failed, "is not known")]
    public async Task What_cannot_be_served_is_told_before_anybody_is_answered(string options, int code, string words)
    {
        CommandRun run = await CommandRun.OfLine("serve --port 0 " + options);
        Assert.Equal(code, run.Code);
        Assert.Contains(words, run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Output);
    }

    [Fact]
    public async Task Without_a_model_the_simulator_is_served_and_in_front_of_it_another()
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        await using FirstLine behind = new();
        Task<int> first = InferometerCommand.RunAsync(
            ["serve", "--port", "0", "--log-level", "error"], behind, TextWriter.Null, stop.Token);
        Assert.Same(behind.Line, await Task.WhenAny(behind.Line, first));
        string address = (await behind.Line).Split(' ')[^1].Trim();
        Assert.StartsWith("The simulator is served at http://", await behind.Line, StringComparison.Ordinal);
        await using FirstLine front = new();
        Task<int> second = InferometerCommand.RunAsync(
            ["serve", "--port", "0", "--log-level", "error", "--upstream", address], front, TextWriter.Null, stop.Token);
        Assert.Same(front.Line, await Task.WhenAny(front.Line, second));
        Assert.StartsWith("1 upstream is served at http://", await front.Line, StringComparison.Ordinal);
        using HttpClient client = new() { BaseAddress = new Uri((await front.Line).Split(' ')[^1].Trim()) };
        string models = await client.GetStringAsync("/v1/models", TestContext.Current.CancellationToken);
        Assert.Contains("\"data\":[]", models, StringComparison.Ordinal); // the other's own answer
        await stop.CancelAsync();
        Assert.Equal((ExitCode.Success, ExitCode.Success), (await first, await second));
    }

    [Fact]
    public async Task A_file_without_keys_is_no_open_door()
    {
        CommandRun run = await CommandRun.Of("serve", "--port", "0", "--api-key-file", _folder.Write("keys.txt", "\n \n"u8.ToArray()));
        Assert.Equal(ExitCode.Failed, run.Code);
        Assert.Contains("holds no key", run.Error, StringComparison.Ordinal);
    }

    /// <summary>Gives the first line that is written as soon as it is.</summary>
    private sealed class FirstLine : StringWriter
    {
        private readonly TaskCompletionSource<string> _line = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<string> Line => _line.Task;

        public override void WriteLine(string? value) => _line.TrySetResult(value!);
    }

    [GeneratedRegex(@"^(?<name>\S+) is served at (?<url>http://\S+)\s*$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Served();
}
