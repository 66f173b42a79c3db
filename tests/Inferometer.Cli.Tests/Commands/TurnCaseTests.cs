using System.Text;
using System.Text.Json;
using Inferometer.Cli.Hosting;
using Inferometer.Core.Gguf;
using Inferometer.ReferenceModels;
using Inferometer.Tests;

namespace Inferometer.Cli.Tests.Commands;

/// <summary>The small models of <c>../shared/cases</c> that went wrong where an answer ends or a text begins, read in place.</summary>
public sealed class TurnCaseTests
{
    [Theory]
    [InlineData("gguf_turn_end/im_end_control.gguf", "-p Hi -n 24 --temp 0")]
    [InlineData("gguf_turn_end/im_end_userdefined.gguf", "-p Hi -n 24 --temp 0")]
    [InlineData("gguf_turn_end/im_end_normal.gguf", "-p Hi -n 24 --temp 0")]
    [InlineData("hf_turn_end/model", "-p Hi -n 24 --temp 0")]
    [InlineData("stop_special/model", "-p a -n 20 --temp 0 --stop <|im_end|>")]
    [InlineData("add_eos/add_eos_true.gguf", "-p Hi -n 6 --temp 0")]
    [InlineData("add_eos/add_eos_false.gguf", "-p Hi -n 6 --temp 0")]
    [InlineData("padded_rows/model", "-p a -n 8 --temp 0")]
    public async Task The_answer_is_what_it_should_be(string model, string options) =>
        Assert.Equal("OK", (await Run(model, options)).Succeeded().Output.Trim());

    [Theory]
    [InlineData("generation_config_comma/model", "generation_config.json: is not valid JSON (line 5)")]
    [InlineData("generation_config_topk/model", "generation_config.json: top_k is -1, which counts as 0")]
    public async Task A_faulty_recommendation_is_one_note_and_an_answer(string model, string expected)
    {
        CommandRun run = await Run(model, "-p a -n 8");
        string note = Assert.Single(run.Complaints);
        Assert.StartsWith("note: ", note, StringComparison.Ordinal);
        Assert.Contains(expected, note, StringComparison.Ordinal);
        Assert.Equal((ExitCode.Success, "OK"), (run.Code, run.Output.Trim()));
    }

    [Fact]
    public async Task A_faulty_recommendation_stops_no_conversion()
    {
        using TemporaryFolder folder = new();
        CommandRun run = await CommandRun.Of(
            "convert", SharedFolder.Require("cases/generation_config_comma/model"), "-o", folder.File("new.gguf"), "--type", "f16");
        Assert.Equal(ExitCode.Success, run.Code);
        Assert.Contains("note: ", Assert.Single(run.Complaints), StringComparison.Ordinal);
        CommandRun converted = await CommandRun.Of("run", folder.File("new.gguf"), "-p", "a", "-n", "8", "--temp", "0");
        Assert.Equal("OK", converted.Succeeded().Output.Trim());
    }

    [Theory]
    [InlineData("add_bos_false.gguf")]
    [InlineData("add_bos_true.gguf")]
    public async Task A_begin_token_comes_once_whoever_writes_it(string file)
    {
        CommandRun run = (await Run("bos_in_template/" + file, "-p Hi --format json -n 1")).Succeeded();
        Assert.Equal(25, JsonSerializer.Deserialize<JsonElement>(run.Output).GetProperty("prompt_tokens").GetInt32());
    }

    [Theory]
    [InlineData("tied.gguf")]
    [InlineData("align64.gguf")]
    [InlineData("fewer_keys.gguf")]
    [InlineData("no_pre.gguf")]
    public async Task Variants_of_the_format_are_loaded(string file) =>
        (await Run("gguf_variants/" + file, "-p a -n 2 --temp 0")).Succeeded();

    [Fact]
    public async Task A_begin_token_that_is_not_added_does_not_begin_the_windows_of_perplexity()
    {
        const string Key = "tokenizer.ggml.add_bos_token";
        byte[] model = await File.ReadAllBytesAsync(
            SharedFolder.Require("models/tales-5m/tales-5m-f16.gguf"), TestContext.Current.CancellationToken);
        int value = model.AsSpan().IndexOf(Encoding.UTF8.GetBytes(Key)) + Key.Length;
        Assert.Equal((uint)GgufValueKind.Bool, BitConverter.ToUInt32(model, value));
        model[value + sizeof(uint)] = 0;
        using TemporaryFolder folder = new();
        CommandRun run = (await CommandRun.Of(
            "perplexity", folder.Write("model.gguf", model), SharedFolder.Require("cases/perplexity_begin/text.txt"), "--ctx", "16",
            "--method", "llama.cpp", "--format", "json")).Succeeded();

        // As llama.cpp gives it for the same file, to the digits it prints; kernels of other widths differ in the fifth.
        Assert.Equal(42.6442, JsonSerializer.Deserialize<JsonElement>(run.Output).GetProperty("perplexity").GetDouble(), 0.01);
    }

    [Fact]
    public async Task Info_says_what_ends_a_turn_and_who_begins_a_text()
    {
        JsonElement info = await Info("bos_in_template/add_bos_false.gguf");
        Assert.Equal("<|begin_of_text|>", info.GetProperty("begin_token").GetString());
        Assert.False(info.GetProperty("adds_begin_token").GetBoolean());
        Assert.Equal(
            [(260, "<|eot_id|>"), (257, "<|end_of_text|>")],
            info.GetProperty("end_tokens").EnumerateArray()
                .Select(end => (end.GetProperty("id").GetInt32(), end.GetProperty("token").GetString())));
        Assert.True((await Info("bos_in_template/add_bos_true.gguf")).GetProperty("adds_begin_token").GetBoolean());
        Assert.True((await Info("add_eos/add_eos_true.gguf")).GetProperty("adds_end_token").GetBoolean());
        JsonElement notes = (await Info("generation_config_comma/model")).GetProperty("notes");
        Assert.Contains("is not valid JSON", Assert.Single(notes.EnumerateArray()).GetString(), StringComparison.Ordinal);
        CommandRun page = await CommandRun.Of("info", SharedFolder.Require("cases/bos_in_template/add_bos_false.gguf"));
        Assert.Matches("Begin token +<\\|begin_of_text\\|> \\(256\\), written by the chat template alone", page.Succeeded().Output);
    }

    private static Task<CommandRun> Run(string model, string options) =>
        CommandRun.Of(["run", SharedFolder.Require("cases/" + model), .. options.Split(' ')]);

    private static async Task<JsonElement> Info(string model) => JsonSerializer.Deserialize<JsonElement>(
        (await CommandRun.Of("info", SharedFolder.Require("cases/" + model), "--format", "json")).Succeeded().Output);
}
