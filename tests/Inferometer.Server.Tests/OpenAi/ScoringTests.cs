using System.Globalization;
using System.Text.Json;
using Inferometer.ModelFiles.Tokenization;

namespace Inferometer.Server.Tests.OpenAi;

/// <summary>What evaluation harnesses read of the tokens of a text completion.</summary>
[Collection(EngineTests.Name)]
public sealed class ScoringTests(EngineFixture fixture)
{
    private const string Text = "/v1/completions";

    [Theory]
    [InlineData("Once upon a time")]
    [InlineData("a na\u00efve ship, \u65e5\u672c and \ud83d\ude42 then")]
    [InlineData("two\n\n lines and <|x|>")]
    public async Task Offsets_point_into_the_text(string prompt)
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        foreach (bool echo in (bool[])[true, false])
        {
            JsonElement choice = await ChoiceAsync(
                server,
                $$"""{"prompt":{{JsonSerializer.Serialize(prompt)}},"echo":{{JsonSerializer.Serialize(echo)}},"logprobs":1,"max_tokens":4}""");
            string[] text = Characters(choice.GetProperty("text").GetString()!);
            JsonElement logs = choice.GetProperty("logprobs");
            string[] tokens = [.. logs.GetProperty("tokens").EnumerateArray().Select(t => t.GetString()!)];
            int[] offsets = [.. logs.GetProperty("text_offset").EnumerateArray().Select(o => o.GetInt32())];
            Assert.Equal(0, offsets[0]);
            int compared = 0;
            for (int i = 0; i < tokens.Length; i++)
            {
                int end = i + 1 < offsets.Length ? offsets[i + 1] : text.Length;
                Assert.InRange(end, offsets[i], text.Length);
                string part = string.Concat(text[offsets[i]..end]);
                bool isText = part.Length > 0 && !tokens[i].StartsWith("bytes:", StringComparison.Ordinal) && part[0] != '\ufffd';
                Assert.True(
                    !isText || string.Equals(part.Trim(' '), tokens[i].Trim(' '), StringComparison.Ordinal), $"{part} for {tokens[i]}");
                compared += isText ? 1 : 0;
            }

            Assert.True(compared > 2, $"{compared} compared");
        }
    }

    [Fact]
    public async Task A_prompt_of_one_token_is_told_of_too()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        int token = fixture.Engine.Tokenizer.EncodePrompt("Once")[^1];
        string id = token.ToString(CultureInfo.InvariantCulture);
        foreach (int generated in (int[])[0, 1])
        {
            JsonElement choice = await ChoiceAsync(
                server, $$"""{"prompt":[{{id}}],"echo":true,"logprobs":1,"prompt_logprobs":1,"max_tokens":{{generated}}}""");
            JsonElement[] values = [.. choice.GetProperty("logprobs").GetProperty("token_logprobs").EnumerateArray()];
            Assert.Equal(1 + generated, values.Length);
            Assert.Equal(JsonValueKind.Null, values[0].ValueKind);
            Assert.Equal(JsonValueKind.Null, Assert.Single(choice.GetProperty("prompt_logprobs").EnumerateArray()).ValueKind);
        }
    }

    [Fact]
    public async Task Tokens_of_one_text_keep_their_own_values()
    {
        // Bytes of characters: by themselves all of them would be the same replacement character.
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        Tokenizer tokenizer = fixture.Engine.Tokenizer;
        int[] prompt = tokenizer.EncodePrompt("\u65e5\u672c");
        JsonElement choice = await ChoiceAsync(
            server,
            $$"""{"prompt":{{JsonSerializer.Serialize(prompt)}},"echo":true,"logprobs":5,"prompt_logprobs":5,"max_tokens":0}""");
        JsonElement logs = choice.GetProperty("logprobs");
        JsonElement[] tops = [.. logs.GetProperty("top_logprobs").EnumerateArray()];
        JsonElement[] ofPrompt = [.. choice.GetProperty("prompt_logprobs").EnumerateArray()];
        string[] tokens = [.. logs.GetProperty("tokens").EnumerateArray().Select(t => t.GetString()!)];
        Assert.Contains(tokens, t => t.StartsWith("bytes:\\xe6", StringComparison.Ordinal));
        for (int i = 1; i < prompt.Length; i++)
        {
            string id = prompt[i].ToString(CultureInfo.InvariantCulture);
            Assert.Equal(ofPrompt[i].GetProperty(id).GetProperty("logprob").GetSingle(), tops[i].GetProperty(tokens[i]).GetSingle());
            Assert.Equal(ofPrompt[i].EnumerateObject().Count(), tops[i].EnumerateObject().Count());
        }
    }

    [Fact]
    public async Task A_conversation_is_scored_without_an_answer_and_counted_with_all_that_shapes_it()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        const string Shape = """
            "messages":[{"role":"user","content":"a"},{"role":"assistant","content":"b"}],
            "add_generation_prompt":false,"continue_final_message":true,"chat_template_kwargs":{"x":1}
            """;
        Answer answer = (await server.PostAsync(
            "/v1/chat/completions", $$"""{{{Shape}},"max_tokens":0,"prompt_logprobs":0}""")).Succeeded();
        JsonElement usage = answer.Json.GetProperty("usage");
        int count = usage.GetProperty("prompt_tokens").GetInt32();
        Assert.Equal(0, usage.GetProperty("completion_tokens").GetInt32());
        Assert.Equal(count, answer.Json.GetProperty("prompt_logprobs").GetArrayLength());
        JsonElement tokens = (await server.PostAsync("/tokenize", $$"""{{{Shape}}}""")).Succeeded().Json;
        Assert.Equal(count, tokens.GetProperty("count").GetInt32());
    }

    private static async Task<JsonElement> ChoiceAsync(TestServer server, string body) =>
        (await server.PostAsync(Text, body)).Succeeded().Json.GetProperty("choices")[0];

    private static string[] Characters(string text) => [.. text.EnumerateRunes().Select(r => r.ToString())];
}
