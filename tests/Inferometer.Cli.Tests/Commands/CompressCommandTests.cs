using System.Text.Json;
using Inferometer.Tests;

namespace Inferometer.Cli.Tests.Commands;

public sealed class CompressCommandTests
{
    [Fact]
    public async Task A_profile_is_built_inspected_and_measured()
    {
        string model = SharedFolder.Require("models/tales-5m");
        using TemporaryFolder folder = new();
        string text = folder.Write("calibration.txt", (await File.ReadAllBytesAsync(Path.Combine(model, "calibration.txt"), TestContext.Current.CancellationToken))[..9000]);
        string profile = Path.Combine(Path.GetDirectoryName(text)!, "tales.kvprofile"), map = Path.Combine(Path.GetDirectoryName(text)!, "map.html");
        CommandRun built = (await CommandRun.Of("compress", "build", model, "--calibration", text, "-o", profile)).Succeeded();
        Assert.Contains("low", built.Output, StringComparison.Ordinal);

        CommandRun inspected = (await CommandRun.Of("compress", "inspect", profile, "--level", "low", "--html", map, "--format", "json")).Succeeded();
        using JsonDocument document = JsonDocument.Parse(inspected.Output);
        Assert.Equal(3, document.RootElement.GetProperty("levels").GetArrayLength());
        Assert.Equal(6 * 2 * 2, document.RootElement.GetProperty("heads").GetArrayLength());
        Assert.All(document.RootElement.GetProperty("heads").EnumerateArray(), head => Assert.InRange(head.GetProperty("energy_kept").GetDouble(), 0, 1));
        string html = await File.ReadAllTextAsync(map, TestContext.Current.CancellationToken);
        Assert.Equal(6 * 2 * 2, html.Split("<td ").Length - 1);

        CommandRun measured = (await CommandRun.Of(
            "compress", "eval", model, "--text", text, "--kv", "q8", "--profile", profile, "--ctx", "256", "--windows", "1", "--format", "json")).Succeeded();
        using JsonDocument page = JsonDocument.Parse(measured.Output);
        JsonElement[] caches = [.. page.RootElement.GetProperty("caches").EnumerateArray()];
        Assert.Equal(["exact f16", "q8", "low", "med", "high"], caches.Select(cache => cache.GetProperty("cache").GetString()!));
        Assert.Equal(0.46875, caches[1].GetProperty("saved").GetDouble(), 1e-9);
        Assert.InRange(caches[1].GetProperty("perplexity_increase").GetDouble(), -0.001, 0.001);
        Assert.All(caches, cache => Assert.True(cache.GetProperty("decode_tokens_per_second_far").GetDouble() > 0));
    }

    [Theory]
    [InlineData("compress inspect missing.kvprofile", "missing.kvprofile")]
    [InlineData("compress eval {model} --text {text} --kv q5", "q8, q4, low, med, high")]
    [InlineData("compress eval {model} --text {text} --kv med", "compress build")]
    [InlineData("compress eval {model} --text {text} --windows 0", "--windows: 0")]
    [InlineData("compress eval {model} --text {text} --ctx 4096", "64 to 1024")]
    [InlineData("compress build {model} --calibration {short}", "do not fill 2 windows")]
    public async Task Wrong_input_is_named(string line, string expected)
    {
        string model = SharedFolder.Require("models/tales-5m");
        using TemporaryFolder folder = new();
        string small = folder.Write("short.txt", "Once upon a time."u8.ToArray());
        string filled = line.Replace("{model}", model, StringComparison.Ordinal).Replace("{short}", small, StringComparison.Ordinal)
            .Replace("{text}", Path.Combine(model, "heldout.txt"), StringComparison.Ordinal);
        CommandRun run = await CommandRun.OfLine(filled);
        Assert.Equal(ExitCode.Failed, run.Code);
        Assert.Contains(expected, Assert.Single(run.Complaints), StringComparison.Ordinal);
    }
}
