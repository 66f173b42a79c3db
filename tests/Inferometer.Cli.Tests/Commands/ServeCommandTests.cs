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
            "serve", "--port", "0", "--served-model-name", "tales", "--alias", "old", "--api-key-file", keys, "--max-num-seqs", "2",
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
    [InlineData("--rope-scale 4 --yarn-orig-ctx 512", ExitCode.Failed, "need the scheme yarn")]
    [InlineData("--chat-template nonsense --no-predictions", ExitCode.Failed, "is not known")]
    public async Task What_cannot_be_served_is_told_before_anybody_is_answered(string options, int code, string words)
    {
        CommandRun run = await CommandRun.OfLine("serve --port 0 " + options);
        Assert.Equal(code, run.Code);
        Assert.Contains(words, run.Error, StringComparison.Ordinal);
        Assert.Empty(run.Output);
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
