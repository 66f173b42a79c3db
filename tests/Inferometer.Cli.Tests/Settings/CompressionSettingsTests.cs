using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Models;
using Inferometer.ReferenceModels;

namespace Inferometer.Cli.Tests.Settings;

/// <summary>
/// What the commands on compression take from flags, the environment and a file. The environment is that of a process of its own.
/// </summary>
public sealed class CompressionSettingsTests : IDisposable
{
    private static readonly byte[] s_tale = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(
        "Once upon a time there was an old man who lived by the sea with his sister and a soldier. ", 20)));

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(null, null, null, "the first 4 and the latest 128 tokens")]
    [InlineData(null, null, """{ "sink_tokens": 20, "recent_tokens": "16" }""", "the first 20 and the latest 16 tokens")]
    [InlineData(null, "RECENT_TOKENS=32", """{ "sink_tokens": 20, "recent_tokens": 16 }""", "the first 20 and the latest 32 tokens")]
    [InlineData(
        "--recent-tokens=48", "RECENT_TOKENS=32", """{ "sink_tokens": 20, "recent_tokens": 16 }""",
        "the first 20 and the latest 48 tokens")]
    public async Task A_flag_comes_before_the_environment_and_that_before_the_file(
        string? flag, string? variable, string? file, string expected)
    {
        string[] config = file is null ? [] : ["--config", _folder.Write("settings.json", Encoding.UTF8.GetBytes(file))];
        CommandRun run = await InAProcess(variable, [.. Eval, .. config, .. flag is null ? Array.Empty<string>() : [flag]]);
        Assert.Contains(expected, run.Succeeded().Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("RECENT_TOKENS=many", "environment variable RECENT_TOKENS is 'many'")]
    [InlineData("DEVICE=cuda", "environment variable DEVICE is 'cuda'; allowed: auto, cpu")]
    [InlineData("LLAMA_MODEL_PATH=nowhere.gguf", "environment variable LLAMA_MODEL_PATH: nowhere.gguf")]
    public async Task A_wrong_variable_is_named(string variable, string expected)
    {
        CommandRun run = await InAProcess(variable, Eval);
        Assert.Equal(ExitCode.Failed, run.Code);
        Assert.Contains(expected, Assert.Single(run.Complaints), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_environment_names_the_model_where_no_argument_does()
    {
        string copy = _folder.File("copy.gguf");
        File.Copy(ModelLocation.BundledPath, copy);
        Assert.Contains("copy.gguf", (await InAProcess($"LLAMA_MODEL_PATH={copy}", Eval)).Succeeded().Output, StringComparison.Ordinal);
        CommandRun named = await InAProcess("LLAMA_MODEL_PATH=nowhere.gguf", [.. Eval, ModelLocation.BundledPath]);
        Assert.Contains(Path.GetFileName(ModelLocation.BundledPath), named.Succeeded().Output, StringComparison.Ordinal);
    }

    /// <summary>Exact pages are part of the memory plan, which refuses a window that no machine holds.</summary>
    [Fact]
    public async Task Commands_that_run_over_a_compressed_cache_keep_the_window_of_the_environment()
    {
        string[] run = ["run", "-p", "Once", "-n", "2", "--temp", "0", "--kv", "q8"];
        (await InAProcess("RECENT_TOKENS=16", run)).Succeeded();
        CommandRun large = await InAProcess("RECENT_TOKENS=2147483647", run);
        Assert.Equal(ExitCode.Failed, large.Code);
        Assert.Contains("GB keys and values", Assert.Single(large.Complaints), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "head_group_size": 3 }""", "settings.json: head_group_size is '3'; allowed: 1, 2, 4")]
    [InlineData("""{ "head_groups": 2 }""", "there is no setting 'head_groups'")]
    [InlineData("""[ "head_group_size" ]""", "settings.json: not a configuration file")]
    [InlineData("""{ "llama_model_path": "nowhere.gguf" }""", "settings.json: llama_model_path: nowhere.gguf")]
    [InlineData("""{ "threads": 5000 }""", "settings.json: threads is '5000'")]
    public async Task A_wrong_file_is_named(string file, string expected)
    {
        CommandRun run = await CommandRun.Of([.. Eval, "--config", _folder.Write("settings.json", Encoding.UTF8.GetBytes(file))]);
        Assert.Equal(ExitCode.Failed, run.Code);
        Assert.Contains(expected, Assert.Single(run.Complaints), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("eval --text tale.txt --head-group 3", ExitCode.Usage, "--head-group-size: '3' is not allowed; it must be 1, 2 or 4.")]
    [InlineData("eval --text tale.txt --compression-strategy magic", ExitCode.Usage, "rotated, low-rank or weight-svd")]
    [InlineData("eval --text tale.txt --compression-rank-low 99", ExitCode.Failed, "rising")]
    [InlineData("eval --text tale.txt --compression-strategy low-rank", ExitCode.Usage, "needs --profile")]
    [InlineData("eval --text tale.txt --threads 0", ExitCode.Usage, "--threads: '0'")]
    [InlineData("build --calibration tale.txt --memory-cleanup-threshold 2", ExitCode.Usage, "--memory-cleanup-threshold: '2'")]
    [InlineData("build --calibration tale.txt --head-group-size 8", ExitCode.Usage, "--head-group-size: '8'")]
    public async Task A_wrong_flag_is_named(string line, int code, string expected)
    {
        CommandRun run = await CommandRun.OfLine(
            "compress " + line.Replace("tale.txt", _folder.Write("tale.txt", "Once upon a time."u8.ToArray()), StringComparison.Ordinal));
        Assert.Equal(code, run.Code);
        Assert.Contains(expected, Assert.Single(run.Complaints), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_strategy_measures_its_three_fixed_ranks_beside_the_others()
    {
        double[] weights = await Bytes(
            "--compression-strategy", "weight-svd", "--compression-rank-low", "16", "--compression-rank-med", "32",
            "--compression-rank-high", "48", "--key-compression-rank", "16");

        // Exact and q8; then 12 heads of 16 and 16, 32 or 48 latents in f16.
        Assert.Equal([3072, 1632, 12 * 32 * 2, 12 * 48 * 2, 12 * 64 * 2], weights);
        Assert.Equal(
            weights,
            await Bytes(
                "--compression-strategy", "weight-svd", "--compression-rank-low", "16", "--compression-rank-med", "32",
                "--compression-rank-high", "48", "--key-compression-rank", "16", "--head-group", "2"));
    }

    [Fact]
    public async Task Head_groups_that_the_model_does_not_have_are_told_with_where_they_came_from()
    {
        CommandRun run = await CommandRun.Of(
            "compress", "build", "--calibration", Text(20), "-o", _folder.File("x.kvprofile"), "--head-group", "4");
        Assert.StartsWith("error: --head-group-size: head group size 4", Assert.Single(run.Complaints), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_profile_of_a_files_head_groups_lends_its_bases_to_fixed_ranks()
    {
        string profile = _folder.File("pairs.kvprofile");
        string config = _folder.Write("settings.json", """{ "head_group_size": 2, "memory_cleanup_threshold": 0.9 }"""u8.ToArray());
        CommandRun built = await CommandRun.Of(
            "compress", "build", "--calibration", Text(200), "-o", profile, "--windows", "1", "--window-tokens", "256", "--config", config);
        Assert.Contains("groups of 2 heads", built.Succeeded().Output, StringComparison.Ordinal);
        double[] bytes = await Bytes(
            "--profile", profile, "--compression-strategy", "low-rank", "--compression-rank-low", "16", "--key-compression-rank", "16");
        Assert.Equal(8, bytes.Length);
        Assert.Equal([12 * 32 * 2, 12 * 80 * 2, 12 * 80 * 2], bytes[5..]);
    }

    private string[] Eval =>
        ["compress", "eval", "--kv", "q8", "--text", Text(20), "--windows", "1", "--window-tokens", "64", "--contexts", "32"];

    private string Text(int repeats) => _folder.Write("tale.txt", [.. Enumerable.Repeat(s_tale, repeats / 20).SelectMany(t => t)]);

    private async Task<double[]> Bytes(params string[] args)
    {
        CommandRun run = (await CommandRun.Of([.. Eval, .. args, "-f", "json"])).Succeeded();
        using JsonDocument document = JsonDocument.Parse(run.Output);
        return [.. document.RootElement.GetProperty("caches").EnumerateArray().Select(c => c.GetProperty("bytes_per_token").GetDouble())];
    }

    private static async Task<CommandRun> InAProcess(string? variable, string[] args)
    {
        ProcessStartInfo start = new("dotnet")
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (string argument in (string[])[typeof(InferometerCommand).Assembly.Location, .. args])
        {
            start.ArgumentList.Add(argument);
        }

        if (variable?.Split('=') is [string name, string value])
        {
            start.Environment[name] = value;
        }

        using Process child = Process.Start(start)!;
        Task<string> output = child.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        string error = await child.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await child.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new CommandRun(child.ExitCode, await output, error);
    }
}
