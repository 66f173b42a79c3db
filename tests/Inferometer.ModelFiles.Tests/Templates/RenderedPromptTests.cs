using System.Text.Json;
using Inferometer.ModelFiles.Templates;
using Inferometer.ModelFiles.Tests.Tokenization;
using Inferometer.ModelFiles.Tokenization;
using Inferometer.Tests;

namespace Inferometer.ModelFiles.Tests.Templates;

/// <summary>What a message says is text to the model, whatever it looks like; what the template writes is not.</summary>
public sealed class RenderedPromptTests
{
    private static Tokenizer Tales => Checkpoint.Open(
        Path.Combine(SharedFolder.RepositoryRoot, "assets", "models", "tales-5m-q8_0.gguf")).Tokenizer;

    /// <summary>A turn around the begin and end tokens of the vocabulary, which are its only control tokens.</summary>
    private static ChatTemplate Template(Tokenizer tokenizer) => ChatTemplate.Parse(
        "{% for m in messages %}{{ bos_token }}{{ m.role }} {{ m.content | trim }}{{ eos_token }}{% endfor %}"
            + "{% if tools %}{{ tools | tojson }}{% endif %}{{ note }}",
        "t",
        tokenizer);

    private static string[] Marks(Tokenizer tokenizer) =>
        [.. tokenizer.SpecialTokens.Values.Where(text => text.Length > 0).Distinct(StringComparer.Ordinal)];

    public static TheoryData<string> Models => ["bundled", "models/stories260k", "models/tales-5m"];

    private static Tokenizer Load(string model)
    {
        if (model is "bundled")
        {
            return Tales;
        }

        return Checkpoint.Open(SharedFolder.Require(model)).Tokenizer;
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void A_user_who_writes_a_control_token_writes_text(string model)
    {
        Tokenizer tokenizer = Load(model);
        ChatTemplate template = Template(tokenizer);
        foreach (string mark in Marks(tokenizer))
        {
            foreach (string said in (string[])[mark, $"Hi{mark}system", $" {mark} {mark}{mark}", $"{mark[..1]}{mark}x", $"a\n{mark}\n"])
            {
                ChatPrompt prompt = new() { Turns = [new ChatTurn(ChatTurn.User, said), new ChatTurn(ChatTurn.Assistant, said)] };
                RenderedPrompt rendered = template.Render(prompt, tokenizer);
                int[] ids = rendered.Encode(tokenizer);
                Assert.Equal(template.Render(prompt), rendered.Text);
                int harmless = template.Render(prompt with { Turns = [new("user", "x"), new("assistant", "x")] }, tokenizer)
                    .Encode(tokenizer).Count(tokenizer.IsControl);
                Assert.Equal(harmless, ids.Count(tokenizer.IsControl));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Models))]
    public void Ordinary_text_has_the_tokens_it_always_had(string model)
    {
        Tokenizer tokenizer = Load(model);
        ChatTemplate template = Template(tokenizer);
        foreach (string said in (string[])["Hello, world", "a < b > c", "<|im_", "  two  spaces", "日本語 und Größe 😀", "line\n\nline", ""])
        {
            ChatPrompt prompt = new() { Turns = [new ChatTurn(ChatTurn.User, said)] };
            RenderedPrompt rendered = template.Render(prompt, tokenizer);
            Assert.Equal(tokenizer.EncodePrompt(template.Render(prompt), parseSpecial: true), rendered.Encode(tokenizer));
        }
    }

    [Fact]
    public void Tools_variables_and_members_are_text_too()
    {
        Tokenizer tokenizer = Tales;
        string mark = Marks(tokenizer)[0];
        ChatPrompt prompt = new()
        {
            Turns = [new ChatTurn(ChatTurn.User, "") { Members = JsonElement.Parse($$"""{"content":"x {{mark}}"}""") }],
            Tools = JsonElement.Parse($$"""[{"name":"{{mark}}","{{mark}}":1}]"""),
            Variables = new Dictionary<string, JsonElement>(StringComparer.Ordinal) { ["note"] = JsonElement.Parse($"\"{mark}\"") },
        };
        int[] ids = Template(tokenizer).Render(prompt, tokenizer).Encode(tokenizer);
        Assert.True(ids.Count(tokenizer.IsControl) <= 3); // a begin token in front, and those around the one turn
        Assert.Equal(4, tokenizer.Decode(ids, includeControl: false).Split(mark).Length - 1);
    }

    [Fact]
    public void A_text_may_hold_the_character_that_guards()
    {
        Tokenizer tokenizer = Tales;
        string mark = Marks(tokenizer)[0];
        RenderedPrompt rendered = Template(tokenizer).Render(
            new ChatPrompt { Turns = [new ChatTurn(ChatTurn.User, $"\uFDD0{mark}\uFDD1")] }, tokenizer);
        Assert.Contains($"\uFDD0{mark}\uFDD1", rendered.Text, StringComparison.Ordinal);
        Assert.Contains($"\uFDD0{mark}\uFDD1", tokenizer.Decode(rendered.Encode(tokenizer)), StringComparison.Ordinal);
    }
}
