using System.Text.Json;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Models;
using Inferometer.ReferenceModels;

namespace Inferometer.Cli.Tests.Commands;

/// <summary>The commands that write or damage model files: convert, synth, fuzz.</summary>
public class ModelFileCommandTests
{
    [Theory]
    [InlineData("f16", "F16", 0.05)]
    [InlineData("q8_0", "Q8_0", 0.05)]
    [InlineData("q4_0", "Q4_0", 1.5)]
    public async Task A_converted_model_has_the_format_asked_for_and_still_runs(string type, string stored, double tolerance)
    {
        using TemporaryFolder folder = new();
        string path = folder.File("converted.gguf");
        CommandRun run = await CommandRun.Of("convert", ModelLocation.BundledPath, "-o", path, "--type", type);
        Assert.Equal(ExitCode.Success, run.Code);
        Assert.StartsWith($"{path}: 56 tensors as {stored}, ", run.Output, StringComparison.Ordinal);
        JsonElement info =
            JsonSerializer.Deserialize<JsonElement>((await CommandRun.Of("info", path, "--format", "json")).Succeeded().Output);
        Assert.Equal(stored, info.GetProperty("tensor_types")[0].GetProperty("type").GetString());
        double difference = await FirstLogProbability(path) - await FirstLogProbability(ModelLocation.BundledPath);
        Assert.InRange(difference, -tolerance, tolerance);
    }

    [Fact]
    public async Task Weights_quantised_twice_are_mentioned()
    {
        using TemporaryFolder folder = new();
        CommandRun run = await CommandRun.Of("convert", ModelLocation.BundledPath, "-o", folder.File("q4.gguf"), "--type", "q4_0");
        Assert.Contains("was already quantised as Q8_0", run.Error, StringComparison.Ordinal);
        Assert.Contains("--notes prints them all", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Importances_are_collected_and_used_and_files_are_split()
    {
        using TemporaryFolder folder = new();
        string text = folder.Write("text.txt", System.Text.Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat("Once upon a time. ",
            40))));
        string matrix = folder.File("m.gguf"), path = folder.File("q.gguf");
        CommandRun run = await CommandRun.Of("imatrix", ModelLocation.BundledPath, text, "-o", matrix, "--ctx", "32", "--windows", "2");
        Assert.StartsWith($"{matrix}: 42 weights over 2 windows of 32 tokens", run.Succeeded().Output, StringComparison.Ordinal);
        run = await CommandRun.Of(
            "convert", ModelLocation.BundledPath, "-o", path, "--type", "q4_k_m", "--imatrix", matrix, "--split-max-size", "2M");
        string first = folder.File("q-00001-of-00002.gguf");
        Assert.StartsWith($"{first} to q-00002-of-00002.gguf: 56 tensors as Q4_K_M, ", run.Output, StringComparison.Ordinal);
        (await CommandRun.Of("run", folder.File("q-00002-of-00002.gguf"), "-p", "a", "-n", "2")).Succeeded();
    }

    [Theory]
    [InlineData("--type q8_0 --split-max-size 4X -o", "'4X' is not allowed")]
    [InlineData("--type q9_k -o", "'q9_k' is not allowed")]
    public async Task Values_that_cannot_be_are_refused(string options, string expected)
    {
        using TemporaryFolder folder = new();
        CommandRun run = await CommandRun.Of(["convert", ModelLocation.BundledPath, .. options.Split(' '), folder.File("x.gguf")]);
        Assert.Equal(ExitCode.Usage, run.Code);
        Assert.Contains(expected, Assert.Single(run.Complaints), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--type q8_0 -o /no/such/folder/x.gguf", "/no/such/folder/x.gguf")]
    public async Task Conversions_that_cannot_be_are_refused(string options, string expected)
    {
        using TemporaryFolder folder = new();
        string[] target = options.Contains("-o", StringComparison.Ordinal) ? [] : ["-o", folder.File("x.gguf")];
        CommandRun run = await CommandRun.Of(["convert", ModelLocation.BundledPath, .. options.Split(' '), .. target]);
        Assert.Equal(ExitCode.Failed, run.Code);
        Assert.Contains(expected, Assert.Single(run.Complaints), StringComparison.Ordinal);
        Assert.False(File.Exists(folder.File("x.gguf")));
    }

    [Fact]
    public async Task A_synthetic_model_has_the_dimensions_asked_for_repeats_and_runs()
    {
        using TemporaryFolder folder = new();
        string[] paths = [folder.File("a.gguf"), folder.File("b.gguf")];
        foreach (string path in paths)
        {
            (await CommandRun
                .Of("synth", "-o", path, "--shape", "S,width=64,layers=2,heads=4,kv=2,ffn=128,vocab=300,ctx=64", "--type", "q8_0", "--seed",
                    "5")).Succeeded();
        }

        Assert.Equal(
            await File.ReadAllBytesAsync(paths[0], TestContext.Current.CancellationToken),
            await File.ReadAllBytesAsync(paths[1], TestContext.Current.CancellationToken));
        JsonElement info =
            JsonSerializer.Deserialize<JsonElement>((await CommandRun.Of("info", paths[0], "--format", "json")).Succeeded().Output);

        // Embedding and head 300 x 64 each; per layer Q and O 64 x 64, K and V 32 x 64, three 128 x 64 matrices, two norms; a last norm.
        const long parameters = (2 * 300 * 64) + (2 * ((2 * 64 * 64) + (2 * 32 * 64) + (3 * 128 * 64) + (2 * 64))) + 64;
        Assert.Equal(parameters, info.GetProperty("parameters").GetInt64());
        (await CommandRun.Of("run", paths[0], "-p", "a", "-n", "4")).Succeeded();
    }

    [Theory]
    [InlineData("XL", "'XL' is not allowed")]
    [InlineData("width=big", "--shape width: 'big'")]
    [InlineData("wdth=64", "Did you mean 'width'")]
    [InlineData("width=100000000", "hidden size")]
    [InlineData("heads=5", "heads")]
    public async Task Shapes_that_cannot_be_are_refused(string shape, string expected)
    {
        using TemporaryFolder folder = new();
        CommandRun run = await CommandRun.Of("synth", "-o", folder.File("x.gguf"), "--shape", shape);
        Assert.Equal(ExitCode.Usage, run.Code);
        Assert.Contains(expected, Assert.Single(run.Complaints), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Readers_take_or_refuse_every_damaged_file()
    {
        CommandRun run = (await CommandRun.Of("fuzz", "--count", "500", "--seed", "11", "--format", "json")).Succeeded();
        JsonElement[] targets = [.. JsonSerializer.Deserialize<JsonElement>(run.Output).GetProperty("targets").EnumerateArray()];
        Assert.True(targets.Length >= 2);
        Assert.All(targets, t => Assert.Equal(500, t.GetProperty("tried").GetInt64()));
        Assert.All(targets, t => Assert.Equal(0, t.GetProperty("failures").GetInt64()));

        // What a model writes is text where it is no call: nothing of it is refused.
        Assert.All(targets, t => Assert.True(t.GetProperty("refused").GetInt64() > 0 || t.GetProperty("target").GetString() is "calls"));
    }

    [Theory]
    [InlineData("all")]
    [InlineData("GGUF")]
    public async Task Readers_are_named_singly_or_together(string target)
    {
        int rows = (await CommandRun.Of("fuzz", "--target", target, "--count", "3", "-f", "csv")).Succeeded().OutputLines.Length;
        Assert.Equal(target is "all", rows > 4);
    }

    [Fact]
    public async Task An_unknown_reader_is_refused()
    {
        CommandRun run = await CommandRun.Of("fuzz", "--target", "guf");
        Assert.Equal(ExitCode.Usage, run.Code);
        Assert.Contains("Did you mean 'gguf'", Assert.Single(run.Complaints), StringComparison.Ordinal);
    }

    private static async Task<double> FirstLogProbability(string model)
    {
        CommandRun run =
            (await CommandRun
                .Of("run", model, "-p", "Alice was beginning to get very tired", "--temp", "0", "-n", "1", "--logprobs", "0", "--format",
                    "json")).Succeeded();
        return JsonSerializer.Deserialize<JsonElement>(run.Output).GetProperty("tokens")[0].GetProperty("log_probability").GetDouble();
    }
}
