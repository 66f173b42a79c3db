using System.Text;
using System.Text.Json;
using Inferometer.Cli.Hosting;
using Inferometer.Cli.Models;
using Inferometer.ReferenceModels;
using Inferometer.Tests;

namespace Inferometer.Cli.Tests.Commands;

public class TokenizeCommandTests
{
    [Fact]
    public async Task The_tokens_of_a_text_are_those_that_another_implementation_found()
    {
        using JsonDocument reference = JsonDocument.Parse(await File.ReadAllTextAsync(
            SharedFolder.Require("models/tales-5m/reference.json"), TestContext.Current.CancellationToken));
        JsonElement wanted = reference.RootElement.GetProperty("cases")[0];
        JsonElement page = await Page(
            SharedFolder.Require("models/tales-5m/tales-5m-f16.gguf"), wanted.GetProperty("prompt").GetString()!);
        Assert.Equal(
            wanted.GetProperty("prompt_ids").EnumerateArray().Select(id => id.GetInt32()), Ids(page));
        Assert.Equal(Ids(page).Length, page.GetProperty("token_count").GetInt32());
    }

    [Fact]
    public async Task Pieces_join_to_the_text_and_added_tokens_can_be_left_out()
    {
        const string Text = "Once upon a time,\nthere was a \"fox\".";
        JsonElement page = await Page(ModelLocation.BundledPath, Text, "--bare");
        IEnumerable<string?> pieces = page.GetProperty("tokens").EnumerateArray().Select(t => t.GetProperty("text").GetString());
        Assert.Equal(Text, string.Concat(pieces).Trim());
        JsonElement whole = await Page(ModelLocation.BundledPath, Text);
        Assert.Equal(Ids(page), Ids(whole)[1..]);
        Assert.Equal("control", whole.GetProperty("tokens")[0].GetProperty("kind").GetString());
    }

    [Fact]
    public async Task A_conversation_is_shown_as_the_template_writes_it()
    {
        string model = SharedFolder.Require("cases/hf_turn_end/model");
        JsonElement page = await Page(model, "Hi", "--chat", "--system", "Be brief.");
        const string Prompt =
            "<|im_start|>system\nBe brief.<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n";
        Assert.Equal(Prompt, page.GetProperty("prompt").GetString());
        Assert.Equal(257, Ids(page)[0]);
        Assert.Equal(5, Ids(page).Count(id => id is 257 or 258));

        using TemporaryFolder folder = new();
        string messages = folder.Write("conversation.json", Encoding.UTF8.GetBytes(
            """[{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}]"""));
        JsonElement read = JsonSerializer.Deserialize<JsonElement>(
            (await CommandRun.Of("tokenize", model, "--messages", messages, "-f", "json")).Succeeded().Output);
        Assert.Equal(Ids(page), Ids(read));
    }

    [Fact]
    public async Task The_written_form_of_control_tokens_is_text_unless_asked_for()
    {
        string model = SharedFolder.Require("cases/hf_turn_end/model");
        Assert.Equal("<|im_end|>".Length, Ids(await Page(model, "<|im_end|>")).Length);
        Assert.Equal(258, Assert.Single(Ids(await Page(model, "<|im_end|>", "--special"))));
    }

    [Theory]
    [InlineData("Hi --system x", "give --chat or --messages")]
    [InlineData("Hi --chat --special", "--special is for a TEXT")]
    [InlineData("Hi --messages MESSAGES", "a TEXT beside it has no place")]
    public async Task Contradictions_are_wrong_command_lines(string options, string expected)
    {
        using TemporaryFolder folder = new();
        string messages = folder.Write("m.json", "[]"u8.ToArray());
        CommandRun run = await CommandRun.Of(
            ["tokenize", ModelLocation.BundledPath, .. options.Replace("MESSAGES", messages, StringComparison.Ordinal).Split(' ')]);
        Assert.Equal(ExitCode.Usage, run.Code);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]", "a JSON array of messages is expected")]
    [InlineData("{", "cannot be read")]
    [InlineData("[1]", "an object with a 'role'")]
    public async Task Faulty_conversations_are_told_of_in_one_line(string json, string expected)
    {
        using TemporaryFolder folder = new();
        string messages = folder.Write("m.json", Encoding.UTF8.GetBytes(json));
        CommandRun run = await CommandRun.Of("tokenize", SharedFolder.Require("cases/hf_turn_end/model"), "--messages", messages);
        Assert.Equal(ExitCode.Failed, run.Code);
        Assert.Contains(expected, Assert.Single(run.Complaints), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_model_without_a_template_has_no_conversations_unless_one_is_named()
    {
        CommandRun run = await CommandRun.Of("tokenize", ModelLocation.BundledPath, "Hi", "--chat");
        Assert.Equal(ExitCode.Failed, run.Code);
        Assert.Contains("has no chat template", run.Error, StringComparison.Ordinal);
        JsonElement page = await Page(ModelLocation.BundledPath, "Hi", "--chat", "--chat-template", "plain");
        Assert.StartsWith("User: Hi", page.GetProperty("prompt").GetString(), StringComparison.Ordinal);
    }

    private static async Task<JsonElement> Page(string model, string text, params string[] options)
    {
        CommandRun run = await CommandRun.Of(["tokenize", model, text, .. options, "-f", "json"]);
        return JsonSerializer.Deserialize<JsonElement>(run.Succeeded().Output);
    }

    private static int[] Ids(JsonElement page) =>
        [.. page.GetProperty("tokens").EnumerateArray().Select(token => token.GetProperty("id").GetInt32())];
}
