using System.Text.Json;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Models;
using Inferometer.ReferenceModels;
using Inferometer.Tests;

namespace Inferometer.Cli.Tests.Commands;

public class PerplexityCommandTests
{
    private const string Tale =
        """
        Once upon a time there was a king who had a beautiful daughter, and she lived in a castle by the sea. One morning she went out into the garden
        to look at the flowers, and there she met an old woman who asked her for a piece of bread. "Come in," said the princess, "and sit down by the fire."

        """;

    private static readonly string Noise = string.Join(' ', Enumerable.Range(0, 200).Select(i => $"zq{i * 7919 % 1000}kx"));

    [Fact]
    public async Task Held_out_text_has_the_perplexity_computed_elsewhere_in_double_precision()
    {
        using JsonDocument reference = JsonDocument.Parse(await File.ReadAllTextAsync(
            SharedFolder.Require("models/tales-5m/reference.json"), TestContext.Current.CancellationToken));
        JsonElement wanted = reference.RootElement.GetProperty("perplexity");
        JsonElement result = await Measure(
            SharedFolder.Require("models/tales-5m/tales-5m-f16.gguf"), SharedFolder.Require("models/tales-5m/heldout.txt"), "--windows",
                "8", "--ctx", "1024", "--kv", "f32");
        Assert.Equal(wanted.GetProperty("tokens_scored").GetInt64(), result.GetProperty("scored_tokens").GetInt64());
        double difference = result.GetProperty("perplexity").GetDouble() / wanted.GetProperty("perplexity").GetDouble() - 1;
        Assert.InRange(difference, -1e-4, 1e-4);
    }

    [Fact]
    public async Task A_tale_is_less_surprising_than_noise_and_windows_count_as_defined()
    {
        using TemporaryFolder folder = new();
        string tale = folder.Write("tale.txt", System.Text.Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(Tale, 2))));
        string noise = folder.Write("noise.txt", System.Text.Encoding.UTF8.GetBytes(Noise));
        JsonElement known = await Measure(ModelLocation.BundledPath, tale, "--ctx", "32");
        JsonElement strange = await Measure(ModelLocation.BundledPath, noise, "--ctx", "32");
        Assert.Equal("all", known.GetProperty("method").GetString());
        Assert.InRange(known.GetProperty("perplexity").GetDouble(), 2, 200);
        Assert.True(strange.GetProperty("perplexity").GetDouble() > 10 * known.GetProperty("perplexity").GetDouble());
        Assert.Equal(31 * known.GetProperty("windows").GetInt64(), known.GetProperty("scored_tokens").GetInt64());
        Assert.Equal(Math.Exp(known.GetProperty("mean_nll_nats").GetDouble()), known.GetProperty("perplexity").GetDouble(), 1e-9);

        // llama.cpp's way: of each 32 tokens the 15 after the first half and its last.
        JsonElement half = await Measure(ModelLocation.BundledPath, tale, "--ctx", "32", "--method", "llama.cpp");
        Assert.Equal(15 * half.GetProperty("windows").GetInt64(), half.GetProperty("scored_tokens").GetInt64());
    }

    [Theory]
    [InlineData("--ctx 4096", "does not fill one window of 4096")]
    [InlineData("--ctx 1024", "does not fill one window of 1024")]
    public async Task Windows_that_cannot_be_are_refused(string options, string expected)
    {
        using TemporaryFolder folder = new();
        string text = folder.Write("short.txt", "Once upon a time."u8.ToArray());
        CommandRun run = await CommandRun.Of(["perplexity", ModelLocation.BundledPath, text, .. options.Split(' ')]);
        Assert.Equal(ExitCode.Failed, run.Code);
        Assert.Contains(expected, Assert.Single(run.Complaints), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_text_is_named()
    {
        CommandRun run = await CommandRun.Of("perplexity", ModelLocation.BundledPath, "/no/such/text");
        Assert.Equal(ExitCode.Failed, run.Code);
        Assert.Contains("/no/such/text", Assert.Single(run.Complaints), StringComparison.Ordinal);
    }

    private static async Task<JsonElement> Measure(string model, string text, params string[] options) =>
        JsonSerializer.Deserialize<JsonElement>(
            (await CommandRun.Of(["perplexity", model, text, .. options, "--format", "json"])).Succeeded().Output);
}
