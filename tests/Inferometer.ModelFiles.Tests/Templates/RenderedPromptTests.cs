using System.Text.Json;
using Inferometer.Core;
using Inferometer.ModelFiles.Templates;
using Inferometer.ModelFiles.Tokenization;
using Inferometer.Tests;

namespace Inferometer.ModelFiles.Tests.Templates;

/// <summary>What a message says is text to the model, whatever it looks like; what the template writes is not.</summary>
public sealed class RenderedPromptTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

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

    [Fact]
    public void A_prompt_that_goes_on_with_its_last_turn_ends_within_it()
    {
        Tokenizer tokenizer = Tales;
        string mark = tokenizer.SpecialTokens["eos_token"];
        string said = $"a {mark} b\uFDD0 ";
        ChatPrompt prompt = new()
        {
            Turns = [new ChatTurn(ChatTurn.User, said), new ChatTurn(ChatTurn.Assistant, said)],
            AddGenerationPrompt = false,
            ContinuesLastTurn = true,
        };
        RenderedPrompt rendered = Template(tokenizer).Render(prompt, tokenizer, Stop);
        Assert.EndsWith("assistant " + said, rendered.Text, StringComparison.Ordinal);
        Assert.Single(rendered.Encode(tokenizer), tokenizer.EosIds[0]); // of the first turn: what users write is text
    }

    [Fact]
    public void A_turn_that_is_not_written_as_it_is_cannot_be_gone_on_with()
    {
        Tokenizer tokenizer = Tales;
        var template = ChatTemplate.Parse("{% for m in messages %}{{ m.content[:2] }}{% endfor %}", "t", tokenizer);
        ChatPrompt prompt = new()
        {
            Turns = [new ChatTurn(ChatTurn.Assistant, "long")],
            AddGenerationPrompt = false,
            ContinuesLastTurn = true,
        };
        Assert.Throws<InferometerException>(() => template.Render(prompt, tokenizer, Stop));
        ChatPrompt asks = prompt with { AddGenerationPrompt = true };
        Assert.Throws<InferometerException>(() => Template(tokenizer).Render(asks, tokenizer, Stop));
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
                RenderedPrompt rendered = template.Render(prompt, tokenizer, Stop);
                int[] ids = rendered.Encode(tokenizer);
                Assert.Equal(template.Render(prompt, Stop), rendered.Text);
                int harmless = template.Render(prompt with { Turns = [new("user", "x"), new("assistant", "x")] }, tokenizer, Stop)
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
            RenderedPrompt rendered = template.Render(prompt, tokenizer, Stop);
            Assert.Equal(tokenizer.EncodePrompt(template.Render(prompt, Stop), parseSpecial: true), rendered.Encode(tokenizer));
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
        int[] ids = Template(tokenizer).Render(prompt, tokenizer, Stop).Encode(tokenizer);
        Assert.True(ids.Count(tokenizer.IsControl) <= 3); // a begin token in front, and those around the one turn
        Assert.Equal(4, tokenizer.Decode(ids, includeControl: false).Split(mark).Length - 1);
    }

    [Fact]
    public void A_text_may_hold_the_character_that_guards()
    {
        Tokenizer tokenizer = Tales;
        string mark = Marks(tokenizer)[0];
        RenderedPrompt rendered = Template(tokenizer).Render(
            new ChatPrompt { Turns = [new ChatTurn(ChatTurn.User, $"\uFDD0{mark}\uFDD1")] }, tokenizer, Stop);
        Assert.Contains($"\uFDD0{mark}\uFDD1", rendered.Text, StringComparison.Ordinal);
        Assert.Contains($"\uFDD0{mark}\uFDD1", tokenizer.Decode(rendered.Encode(tokenizer)), StringComparison.Ordinal);
    }
}
