using System.Text;
using System.Text.Json;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Models;
using Inferometer.ReferenceModels;

namespace Inferometer.Cli.Tests.Commands;

public class InfoCommandTests
{
    // By hand for the bundled model: 4096 x 256 embedding; per layer Q 256 x 256, K and V 128 x 256 each, O 256 x 256,
    // three 704 x 256 matrices and two norms of 256; a last norm of 256; the head is the embedding.
    private const long Parameters = (4096 * 256) + (6 * ((256 * 256) + (2 * 128 * 256) + (256 * 256) + (3 * 704 * 256) + (2 * 256))) + 256;

    [Fact]
    public async Task The_bundled_model_is_described_exactly()
    {
        JsonElement info = JsonSerializer.Deserialize<JsonElement>((await CommandRun.Of("info", "--format", "json")).Succeeded().Output);
        Assert.Equal("llama", info.GetProperty("model_type").GetString());
        Assert.Equal(Parameters, info.GetProperty("parameters").GetInt64());
        Assert.Equal(6, info.GetProperty("layers").GetInt32());
        Assert.Equal(1024, info.GetProperty("max_context_tokens").GetInt32());
        Assert.Equal(4096, info.GetProperty("vocabulary_size").GetInt32());
        Assert.True(info.GetProperty("runs").GetBoolean());
        Assert.Equal(new FileInfo(ModelLocation.BundledPath).Length, info.GetProperty("file_bytes").GetInt64());
        JsonElement[] types = [.. info.GetProperty("tensor_types").EnumerateArray()];
        Assert.Equal(["Q8_0", "F32"], types.Select(t => t.GetProperty("type").GetString()));
        Assert.Equal(Parameters, types.Sum(t => t.GetProperty("parameters").GetInt64()));

        // Q8_0: 34 bytes per 32 values.
        Assert.Equal(types[0].GetProperty("parameters").GetInt64() / 32 * 34, types[0].GetProperty("bytes").GetInt64());
    }

    [Fact]
    public async Task Memory_of_keys_and_values_is_what_their_shape_says()
    {
        JsonElement info = JsonSerializer.Deserialize<JsonElement>((await CommandRun.Of("info", "--format", "json")).Succeeded().Output);
        JsonElement whole = info.GetProperty("memory").EnumerateArray().Single(m => m.GetProperty("context_tokens").GetInt32() == 1024);

        // 6 layers, keys and values, 2 heads of 64, 1024 tokens.
        const long values = 6 * 2 * 2 * 64 * 1024;
        Assert.Equal(values * 2, whole.GetProperty("kv_f16_bytes").GetInt64());
        Assert.Equal(values * 4, whole.GetProperty("kv_f32_bytes").GetInt64());
    }

    [Theory]
    [InlineData("run")]
    [InlineData("info")]
    public async Task Files_that_are_no_sound_model_are_refused_in_one_line(string command)
    {
        using TemporaryFolder folder = new();
        byte[] model = await File.ReadAllBytesAsync(ModelLocation.BundledPath, TestContext.Current.CancellationToken);
        byte[] unknown = [.. model];
        Span<byte> name = unknown.AsSpan(unknown.AsSpan().IndexOf("general.architecture"u8));
        "lamp1"u8.CopyTo(name[name.IndexOf("llama"u8)..]);
        (string Path, string Expected)[] cases =
        [
            (folder.File("missing.gguf"), "there is no such file"),
            (folder.File(""), "holds no config.json"),
            (folder.Write("empty.gguf", []), "not a GGUF file: it is empty"),
            (folder.Write("text.gguf", "Once upon a time"u8.ToArray()), "not a GGUF file"),
            (folder.Write("magic.gguf", "GGUF"u8.ToArray()), "magic.gguf"),
            (folder.Write("header.gguf", model[..5000]), "header.gguf"),
            (folder.Write("truncated.gguf", model[..^100]), "truncated.gguf"),
            (folder.Write("unknown.gguf", unknown), "lamp1"),
            ("llama-3.1-8b", "is in the catalog"),
        ];
        foreach ((string path, string expected) in cases)
        {
            CommandRun run = await CommandRun.Of([command, path, .. command is "run" ? ["-p", "x"] : (string[])[]]);
            Assert.True(run.Code == ExitCode.Failed, $"{path}: {run.Code}, {run.Output}");
            Assert.StartsWith("error: ", Assert.Single(run.Complaints), StringComparison.Ordinal);
            Assert.Contains(expected, run.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_network_the_engine_has_no_code_for_is_described_and_said_not_to_run()
    {
        using TemporaryFolder folder = new();
        folder.Write("config.json", Encoding.UTF8.GetBytes(
            """{"model_type":"bloom","n_embd":64,"n_layer":2,"n_head":4,"vocab_size":512,"n_positions":128,"n_ctx":128,"activation_function":"gelu_new"}"""));
        byte[] header = """{"wte.weight":{"dtype":"F32","shape":[2,4],"data_offsets":[0,32]}}"""u8.ToArray();
        folder.Write("model.safetensors", [.. BitConverter.GetBytes((long)header.Length), .. header, .. new byte[32]]);
        CommandRun run = (await CommandRun.Of("info", folder.File(""))).Succeeded();
        Assert.Matches(@"Runs here +no\s+Because +", run.Output);
        Assert.Contains(
            "the engine cannot run this model ('bloom')",
            string.Join(' ', run.Output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)), StringComparison.Ordinal);
        Assert.DoesNotContain("Memory of the engine", run.Output, StringComparison.Ordinal);
        JsonElement info = JsonSerializer.Deserialize<JsonElement>(
            (await CommandRun.Of("info", folder.File(""), "--format", "json")).Succeeded().Output);
        Assert.False(info.GetProperty("runs").GetBoolean());
        Assert.Contains("the engine cannot run this model ('bloom')", info.GetProperty("refusal").GetString(), StringComparison.Ordinal);
        Assert.Contains("does not exist", info.GetProperty("tokenizer_fault").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_encoder_is_said_to_give_vectors_and_no_text()
    {
        using TemporaryFolder folder = new();
        EncoderModel model = new(EncoderSpec.All["bert"]);
        string path = model.WriteFolder(folder);
        EncoderModel.WriteTokenizer(model.Spec, path);
        JsonElement info = JsonSerializer.Deserialize<JsonElement>(
            (await CommandRun.Of("info", path, "--format", "json")).Succeeded().Output);
        Assert.True(info.GetProperty("runs").GetBoolean());
        Assert.False(info.GetProperty("has_head").GetBoolean());
        Assert.Equal("[CLS] (2), [SEP] (3)", info.GetProperty("around_text").GetString());
        Assert.Contains("it writes no text", (await CommandRun.Of("info", path)).Succeeded().Output, StringComparison.Ordinal);
        CommandRun run = await CommandRun.Of("run", path, "-p", "x");
        Assert.Equal(ExitCode.Failed, run.Code);
        Assert.Contains("writes no text", run.Error, StringComparison.Ordinal);
    }
}
