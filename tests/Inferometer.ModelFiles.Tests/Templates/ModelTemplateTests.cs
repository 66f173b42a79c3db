using System.Text.Json;
using Inferometer.Core;
using Inferometer.ModelFiles.Templates;
using Inferometer.ModelFiles.Tests.Tokenization;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.ModelFiles.Tests.Templates;

/// <summary>
/// The templates that come with a model: which is taken, what it is given, and how often the token that begins a text comes out.
/// </summary>
public sealed class ModelTemplateTests
{
    private static readonly ChatTurn[] Hi = [new(ChatTurn.User, "Hi")];

    private static Tokenizer Load(string template, Action<GgufMetadataBytes>? more = null)
    {
        GgufMetadataBytes file = GgufTokenizerTests.ByteLevel("llama-bpe").Add("tokenizer.chat_template", template);
        more?.Invoke(file);
        return GgufTokenizer.Load(file.Read());
    }

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;

    [Theory]
    [InlineData("{{ bos_token }}{{ messages[0].content }}", true)]
    [InlineData("{{ bos_token }}{{ messages[0].content }}", false)]
    [InlineData("{{ messages[0].content }}", true)]
    public void The_token_that_begins_a_text_comes_out_once(string template, bool tokenizerAddsIt)
    {
        Tokenizer tokenizer = Load(template, file => file.Add("tokenizer.ggml.add_bos_token", tokenizerAddsIt));
        int[] ids = tokenizer.Encode(ChatTemplate.For(tokenizer).Render(Hi), addSpecial: true, parseSpecial: true);
        Assert.Equal([tokenizer.BosId!.Value, 'H', 'i'], ids);
    }

    [Fact]
    public void Neither_writes_it_and_it_does_not_come_out()
    {
        Tokenizer tokenizer = Load("{{ messages[0].content }}", file => file.Add("tokenizer.ggml.add_bos_token", false));
        Assert.Equal(['H', 'i'], tokenizer.Encode(ChatTemplate.For(tokenizer).Render(Hi), addSpecial: true, parseSpecial: true));
    }

    [Fact]
    public void Text_that_spells_the_token_stays_text_unless_special_tokens_are_parsed()
    {
        Tokenizer tokenizer = Load("x");
        string bos = tokenizer.TokenText(tokenizer.BosId!.Value);
        Assert.True(tokenizer.Encode(bos, addSpecial: true, parseSpecial: false).Length > 2);
        Assert.Equal([tokenizer.BosId.Value], tokenizer.Encode(bos, addSpecial: true, parseSpecial: true));
        Assert.Equal([tokenizer.BosId.Value, tokenizer.BosId.Value], tokenizer.Encode(bos + bos, addSpecial: true, parseSpecial: true));
    }

    [Fact]
    public void A_template_for_tools_is_used_when_tools_are_given()
    {
        Tokenizer tokenizer =
            Load("plain", file =>
                file.Add("tokenizer.chat_template.tool_use", "{{ tools|length }} tools").Add(
                    "tokenizer.chat_template.rag", "{{ documents[0].title }}"));
        Assert.Equal(["default", "tool_use", "rag"], tokenizer.ChatTemplates.Keys);
        ChatTemplate template = ChatTemplate.For(tokenizer);
        Assert.Equal("plain", template.Render(Hi));
        Assert.Equal(
            "1 tools", template.Render(new ChatPrompt { Turns = Hi, Tools = Json("[{}]") }, TestContext.Current.CancellationToken));
        Assert.Equal("T", ChatTemplate.Get("rag", tokenizer).Render(new ChatPrompt { Turns = Hi, Documents = Json("""[{"title": "T"}]""") }, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void A_template_sees_messages_variables_and_the_date()
    {
        ChatTemplate template = ChatTemplate.Parse(
            "{{ messages[1].tool_calls[0].function.name }}{{ messages[1].content }}{{ messages[2].tool_call_id }} {{ enable_thinking }} "
                + "{{ strftime_now('%d %b %Y, %H:%M') }} {{ tools }} {{ documents is none }} {{ add_generation_prompt }}",
            "test");
        string text = template.Render(
            new ChatPrompt
            {
                Turns =
                [
                    new(ChatTurn.User, "Weather?"),
                    new(ChatTurn.Assistant, "") { Members = Json("""{"content": null, "tool_calls": [{"function": {"name": "f"}}]}""") },
                    ChatTurn.FromJson(Json("""{"role": "tool", "content": "5", "tool_call_id": "c1"}""")),
                ],
                Variables = new Dictionary<string, JsonElement> { ["enable_thinking"] = Json("false") },
                AddGenerationPrompt = false,
                Clock = new FixedClock("2024-07-26T09:05:00"),
            },
            TestContext.Current.CancellationToken);
        Assert.Equal("fNonec1 False 26 Jul 2024, 09:05 None True False", text);
    }

    [Fact]
    public void A_system_turn_that_a_template_refuses_stands_before_the_first_question()
    {
        ChatTemplate template = ChatTemplate.Parse(
            "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}{{ messages[0].content }}", "test");
        ChatTurn[] turns = [new(ChatTurn.System, "Be brief."), .. Hi];
        Assert.Equal("Be brief.\n\nHi", template.Render(turns));
        Assert.Contains("refuses the conversation: no system", Assert.Throws<InferometerException>(() => template.Render(
            new ChatPrompt { Turns = turns }, TestContext.Current.CancellationToken)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_without_a_template_is_written_plainly_and_that_is_said()
    {
        List<string> notes = [];
        Tokenizer tokenizer = GgufTokenizer.Load(GgufTokenizerTests.ByteLevel("llama-bpe").Read());
        Assert.Equal("User: Hi\nAssistant:", ChatTemplate.For(tokenizer, notes.Add).Render(Hi));
        Assert.Contains("no chat template", Assert.Single(notes), StringComparison.Ordinal);
    }

    [Fact]
    public void A_stored_template_that_is_none_is_refused_with_its_place()
    {
        string message = Assert.Throws<InferometerException>(() => ChatTemplate.For(Load("{% if %}"))).Message;
        Assert.Contains("test.gguf: chat template, line 1, column 7", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Half_a_surrogate_pair_in_json_is_refused_and_no_crash()
    {
        ChatPrompt prompt = new() { Turns = Hi, Tools = Json("""[{"name": "\ud800"}]""") };
        Assert.Throws<InferometerException>(
            () => ChatTemplate.Parse("{{ tools }}", "test").Render(prompt, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Messages_of_a_conversation_need_a_role()
    {
        Assert.Throws<InferometerException>(() => ChatTurn.FromJson(Json("[]")));
        Assert.Throws<InferometerException>(() => ChatTurn.FromJson(Json("""{"content": "x"}""")));
        Assert.Equal("x", ChatTurn.FromJson(Json("""{"role": "user", "content": "x"}""")).Content);
    }

    [Fact]
    public void A_template_can_be_a_file()
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName() + ".jinja");
        File.WriteAllText(path, "{{ bos_token }}{{ messages[0].content }}\n");
        try
        {
            Tokenizer tokenizer = Load("x");
            Assert.Equal(tokenizer.TokenText(tokenizer.BosId!.Value) + "Hi", ChatTemplate.Get(path, tokenizer).Render(Hi));
        }
        finally
        {
            File.Delete(path);
        }
    }
}
