using System.Globalization;
using System.Text;
using System.Text.Json;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Models;
using Inferometer.ReferenceModels;

namespace Inferometer.Cli.Tests.Commands;

public class CompressCommandTests
{
    // Enough different words for five windows of 256 tokens; windows must outgrow the 128 tokens that stay exact.
    private static readonly byte[] Tale = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 45).Select(i => string.Create(
        CultureInfo.InvariantCulture,
        $"On the {i}th day the old man went down to the {(i % 3 == 0 ? "river" : "market")}, and there he met {(i % 4 == 0 ? "a "
            + $"soldier" : "his sister")} who told him a story of the sea. "))));

    [Fact]
    public async Task A_profile_is_built_shown_measured_and_run()
    {
        using TemporaryFolder folder = new();
        string text = folder.Write("tale.txt", Tale);
        string profile = folder.File("tale.kvprofile");
        string map = folder.File("map.html");

        JsonElement built =
            (await Run(
                "build", ModelLocation.BundledPath, "--calibration", text, "-o", profile, "--windows", "3", "--window-tokens", "256", "-f",
                "json")).Json;
        JsonElement[] levels = [.. built.GetProperty("levels").EnumerateArray()];
        Assert.Equal(["low", "med", "high"], levels.Select(l => l.GetProperty("level").GetString()));
        Assert.All(
            levels, l => Assert.True(l.GetProperty("perplexity_increase").GetDouble() <= l.GetProperty("perplexity_bound").GetDouble()));

        JsonElement shown = (await Run("inspect", profile, "--level", "high", "--html", map, "-f", "json")).Json;
        Assert.Equal(6 * 2 * 2, shown.GetProperty("heads").GetArrayLength());
        Assert.All(shown.GetProperty("heads").EnumerateArray(), h => Assert.InRange(h.GetProperty("energy").GetDouble(), 0.5, 1 + 1e-9));
        Assert.Contains("<table>", await File.ReadAllTextAsync(map, TestContext.Current.CancellationToken), StringComparison.Ordinal);

        JsonElement[] caches = [.. (await Run(
            "eval", ModelLocation.BundledPath, "--profile", profile, "--text", text, "--windows", "2", "--window-tokens", "256",
                "--contexts", "64,256", "-f", "json")).Json
            .GetProperty("caches").EnumerateArray()];
        Assert.Equal(6, caches.Length);
        Assert.Equal(3072, caches[0].GetProperty("bytes_per_token").GetDouble());
        Assert.Equal(1632, caches[1].GetProperty("bytes_per_token").GetDouble());
        Assert.Equal(864, caches[2].GetProperty("bytes_per_token").GetDouble());
        Assert.All(caches, c => Assert.True(c.GetProperty("decode_tokens_per_second_at_256").GetDouble() > 0));

        CommandRun spoken = await CommandRun.Of(["run", "-p", "Once upon a time", "-n", "8", "--temp", "0", "--kv", $"{profile}:low"]);
        Assert.Equal(ExitCode.Success, spoken.Code);
        Assert.NotEmpty(spoken.Output.Trim());
    }

    [Theory]
    [InlineData("inspect missing.kvprofile", "missing.kvprofile")]
    [InlineData("eval --kv q8", "--text is needed")]
    [InlineData("eval --kv q9 --text README.md", "q9")]
    [InlineData("build", "--calibration")]
    public async Task Wrong_requests_get_one_line(string line, string expected)
    {
        CommandRun run = await CommandRun.Of(["compress", .. line.Split(' ')]);
        Assert.NotEqual(ExitCode.Success, run.Code);
        Assert.Contains(expected, Assert.Single(run.Complaints), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_profile_of_another_model_is_refused_with_both_fingerprints()
    {
        using TemporaryFolder folder = new();
        string text = folder.Write("tale.txt", Tale);
        string profile = folder.File("tale.kvprofile");
        string other = folder.File("other.gguf");
        await Run("build", ModelLocation.BundledPath, "--calibration", text, "-o", profile, "--windows", "2", "--window-tokens", "256");
        Assert.Equal(ExitCode.Success, (await CommandRun.Of(["synth", "-o", other, "--shape", "S", "--type", "q4_0", "--seed", "3"])).Code);
        CommandRun run = await CommandRun.Of(["run", other, "-p", "Hello", "-n", "1", "--kv", profile]);
        Assert.Equal(ExitCode.Failed, run.Code);
        Assert.Contains("made for another model", Assert.Single(run.Complaints), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("q8")]
    [InlineData("q4")]
    public async Task The_bench_times_compressed_caches(string kv)
    {
        CommandRun run =
            await CommandRun.Of(["bench", "-p", "16", "-n", "4", "-d", "64", "-r", "1", "--warm-up", "0", "--kv", kv, "-o", "json"]);
        Assert.Equal(ExitCode.Success, run.Code);
        using JsonDocument document = JsonDocument.Parse(run.Output);
        Assert.All(document.RootElement.EnumerateArray(), row => Assert.Equal(kv, row.GetProperty("type_kv").GetString()));
    }

    private static async Task<(string Text, JsonElement Json)> Run(params string[] args)
    {
        CommandRun run = await CommandRun.Of(["compress", .. args]);
        Assert.True(run.Code == ExitCode.Success, run.Error);
        return (run.Output, run.Output.StartsWith('{') ? JsonDocument.Parse(run.Output).RootElement : default);
    }
}
