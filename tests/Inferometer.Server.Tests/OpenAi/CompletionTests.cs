using System.Net;
using System.Text.Json;
using Inferometer.Inference.Engine;
using Inferometer.Inference.Sampling;
using Inferometer.ModelFiles.Templates;

namespace Inferometer.Server.Tests.OpenAi;

[Collection(EngineTests.Name)]
public sealed class CompletionTests(EngineFixture fixture)
{
    private const string Chat = "/v1/chat/completions";
    private const string Text = "/v1/completions";
    private const string Question = """
        "messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"What came then?"}]
        """;

    [Fact]
    public async Task A_chat_completion_is_what_the_engine_gives_for_the_rendered_conversation()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        Answer answer = (await server.PostAsync(Chat, $$"""{"model":"tales",{{Question}},"temperature":0,"max_tokens":9}""")).Succeeded();
        string prompt = fixture.Model.Template.Render([new ChatTurn("system", "Be brief."), new ChatTurn("user", "What came then?")]);
        GenerationResult direct = await GenerateAsync(prompt, 9, parseSpecial: true);
        JsonElement choice = answer.Json.GetProperty("choices")[0];
        Assert.Equal(direct.Text, choice.GetProperty("message").GetProperty("content").GetString());
        Assert.Equal("assistant", choice.GetProperty("message").GetProperty("role").GetString());
        Assert.Equal("length", choice.GetProperty("finish_reason").GetString());
        Assert.Equal("chat.completion", answer.Json.GetProperty("object").GetString());
        Assert.StartsWith("chatcmpl-", answer.Json.GetProperty("id").GetString(), StringComparison.Ordinal);
        JsonElement usage = answer.Json.GetProperty("usage");
        Assert.Equal(direct.Usage.PromptTokens, usage.GetProperty("prompt_tokens").GetInt32());
        Assert.Equal(9, usage.GetProperty("completion_tokens").GetInt32());
        Assert.Equal(direct.Usage.PromptTokens + 9, usage.GetProperty("total_tokens").GetInt32());
    }

    [Fact]
    public async Task A_stream_gives_the_same_text_the_role_first_and_usage_in_a_last_piece_without_choices()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        string body = $$"""{{{Question}},"temperature":0,"max_tokens":9}""";
        string whole = (await server.PostAsync(Chat, body)).Json.GetProperty("choices")[0].GetProperty("message").GetProperty("content")
            .GetString()!;
        List<string> events = await server.EventsAsync(Chat, body[..^1] + ""","stream":true,"stream_options":{"include_usage":true}}""");
        Assert.Equal("[DONE]", events[^1]);
        JsonElement[] pieces = [.. events.SkipLast(1).Select(e => JsonElement.Parse(e))];
        Assert.Single(pieces.Select(p => p.GetProperty("id").GetString()).Distinct());
        Assert.All(pieces, p => Assert.Equal("chat.completion.chunk", p.GetProperty("object").GetString()));
        JsonElement usage = pieces[^1];
        Assert.Equal(0, usage.GetProperty("choices").GetArrayLength());
        Assert.Equal(9, usage.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        JsonElement[] choices = [.. pieces.SkipLast(1).Select(p => p.GetProperty("choices")[0])];
        Assert.Equal("assistant", choices[0].GetProperty("delta").GetProperty("role").GetString());
        Assert.Equal(whole, string.Concat(choices.SkipLast(1).Select(c => c.GetProperty("delta").GetProperty("content").GetString())));
        Assert.All(choices.SkipLast(1), c => Assert.Equal(JsonValueKind.Null, c.GetProperty("finish_reason").ValueKind));
        Assert.Equal("length", choices[^1].GetProperty("finish_reason").GetString());
        Assert.All(pieces.SkipLast(1), p => Assert.Equal(JsonValueKind.Null, p.GetProperty("usage").ValueKind));
    }

    [Fact]
    public async Task Without_include_usage_a_stream_tells_none()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        List<string> events = await server.EventsAsync(Text, """{"prompt":"Once","max_tokens":3,"stream":true}""");
        Assert.All(events.SkipLast(1), e => Assert.False(JsonElement.Parse(e).TryGetProperty("usage", out _)));
    }

    [Fact]
    public async Task A_stop_string_ends_the_text_before_it()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        const string Body = """{"prompt":"It was a dark and stormy","temperature":0,"max_tokens":12""";
        string free = TextOf(await server.PostAsync(Text, Body + "}"));
        string stop = free.Split(' ', StringSplitOptions.RemoveEmptyEntries)[2];
        Answer stopped = await server.PostAsync(Text, $$"""{{Body}},"stop":["never said",{{JsonSerializer.Serialize(stop)}}]}""");
        Assert.Equal(free[..free.IndexOf(stop, StringComparison.Ordinal)], TextOf(stopped));
        Assert.Equal("stop", stopped.Json.GetProperty("choices")[0].GetProperty("finish_reason").GetString());
    }

    [Fact]
    public async Task Several_answers_differ_and_repeat_with_the_seed()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        const string Body = """{"prompt":["Once upon","The king"],"n":2,"seed":7,"max_tokens":12}""";
        Answer first = (await server.PostAsync(Text, Body)).Succeeded();
        Answer again = (await server.PostAsync(Text, Body)).Succeeded();
        string[] texts = [.. first.Json.GetProperty("choices").EnumerateArray().Select(c => c.GetProperty("text").GetString()!)];
        Assert.Equal(4, texts.Distinct().Count());
        Assert.Equal(texts, again.Json.GetProperty("choices").EnumerateArray().Select(c => c.GetProperty("text").GetString()!));
        Assert.Equal([0, 1, 2, 3], first.Json.GetProperty("choices").EnumerateArray().Select(c => c.GetProperty("index").GetInt32()));
        Assert.Equal(48, first.Json.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        int prompts = fixture.Engine.Tokenizer.EncodePrompt("Once upon").Length + fixture.Engine.Tokenizer.EncodePrompt("The king").Length;
        Assert.Equal(prompts, first.Json.GetProperty("usage").GetProperty("prompt_tokens").GetInt32());
    }

    [Fact]
    public async Task Several_answers_of_a_stream_are_told_apart_by_their_index()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        const string Body = """{"prompt":"Once upon","n":3,"seed":7,"max_tokens":8""";
        Answer whole = (await server.PostAsync(Text, Body + "}")).Succeeded();
        List<string> events = await server.EventsAsync(Text, Body + ""","stream":true}""");
        ILookup<int, string> texts = events.SkipLast(1).Select(e => JsonElement.Parse(e).GetProperty("choices")[0])
            .ToLookup(c => c.GetProperty("index").GetInt32(), c => c.GetProperty("text").GetString()!);
        Assert.Equal(
            whole.Json.GetProperty("choices").EnumerateArray().Select(c => c.GetProperty("text").GetString()!),
            Enumerable.Range(0, 3).Select(i => string.Concat(texts[i])));
    }

    [Fact]
    public async Task A_repeated_prompt_is_told_as_cached()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        string prompt = string.Concat(Enumerable.Repeat("the sea and the old ship ", 20));
        string body = JsonSerializer.Serialize(new { prompt, max_tokens = 1 });
        await server.PostAsync(Text, body);
        JsonElement usage = (await server.PostAsync(Text, body)).Json.GetProperty("usage");
        int cached = usage.GetProperty("prompt_tokens_details").GetProperty("cached_tokens").GetInt32();
        Assert.InRange(cached, 16, usage.GetProperty("prompt_tokens").GetInt32() - 1);
    }

    [Fact]
    public async Task Log_probabilities_are_those_of_the_engine()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        Answer answer = (await server.PostAsync(
            Chat, $$"""{{{Question}},"temperature":0,"max_tokens":4,"logprobs":true,"top_logprobs":2}""")).Succeeded();
        string prompt = fixture.Model.Template.Render([new ChatTurn("system", "Be brief."), new ChatTurn("user", "What came then?")]);
        GenerationResult direct = await GenerateAsync(prompt, 4, parseSpecial: true, top: 2);
        JsonElement[] tokens = [.. answer.Json.GetProperty("choices")[0].GetProperty("logprobs").GetProperty("content").EnumerateArray()];
        Assert.Equal(
            direct.LogProbabilities.Select(l => l.Chosen.LogProbability), tokens.Select(t => t.GetProperty("logprob").GetSingle()),
            (a, b) => Math.Abs(a - b) < 1e-3);
        Assert.All(tokens, t => Assert.Equal(2, t.GetProperty("top_logprobs").GetArrayLength()));
        Assert.Equal(
            direct.Text, string.Concat(tokens.Select(t => t.GetProperty("token").GetString())));

        // Every token of a stream is there too, also those whose text was held back.
        List<string> events = await server.EventsAsync(
            Chat, $$"""{{{Question}},"temperature":0,"max_tokens":4,"logprobs":true,"top_logprobs":2,"stream":true}""");
        Assert.Equal(4, events.SkipLast(1).Select(e => JsonElement.Parse(e).GetProperty("choices")[0].GetProperty("logprobs"))
            .Where(l => l.ValueKind == JsonValueKind.Object).Sum(l => l.GetProperty("content").GetArrayLength()));
    }

    [Fact]
    public async Task A_json_object_is_one_when_asked_for()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        Answer answer = (await server.PostAsync(
            Chat, $$"""{{{Question}},"seed":4,"response_format":{"type":"json_object"},"max_tokens":30}""")).Succeeded();
        JsonElement choice = answer.Json.GetProperty("choices")[0];
        Assert.Equal(JsonValueKind.Object, JsonElement.Parse(choice.GetProperty("message").GetProperty("content").GetString()!).ValueKind);
        Assert.Equal("stop", choice.GetProperty("finish_reason").GetString());
    }

    [Fact]
    public async Task Settings_reach_the_engine()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        const string Body = """{"prompt":"It was a dark and stormy","max_tokens":12,"seed":3""";
        string hot = TextOf(await server.PostAsync(Text, Body + ""","temperature":1.5}"""));
        string greedy = TextOf(await server.PostAsync(Text, Body + ""","temperature":0}"""));
        Assert.NotEqual(hot, greedy);
        Assert.Equal(greedy, TextOf(await server.PostAsync(Text, Body + ""","temperature":1.5,"top_k":1}""")));
        Assert.Equal(greedy, TextOf(await server.PostAsync(Text, Body + ""","temperature":1.5,"min_p":1}""")));
        Assert.Equal(greedy, TextOf(await server.PostAsync(Text, Body + ""","temperature":1.5,"top_p":0.0001}""")));
        int first = fixture.Engine.Tokenizer.EncodePrompt("It was a dark and stormy" + greedy)[fixture.Engine.Tokenizer
            .EncodePrompt("It was a dark and stormy").Length];
        Assert.NotEqual(greedy, TextOf(await server.PostAsync(Text, Body + $",\"temperature\":0,\"logit_bias\":{{\"{first}\":-100}}}}")));
        string penalised = TextOf(await server.PostAsync(Text, Body + ""","temperature":0,"max_tokens":60,"frequency_penalty":2}"""));
        Assert.NotEqual(TextOf(await server.PostAsync(Text, Body + ""","temperature":0,"max_tokens":60}""")), penalised);
    }

    [Fact]
    public async Task Tokens_are_a_prompt_too()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        int[] tokens = fixture.Engine.Tokenizer.EncodePrompt("Once upon a time");
        string byText = TextOf(await server.PostAsync(Text, """{"prompt":"Once upon a time","temperature":0,"max_tokens":5}"""));
        string byTokens = TextOf(await server.PostAsync(
            Text, $$"""{"prompt":{{JsonSerializer.Serialize(tokens)}},"temperature":0,"max_tokens":5}"""));
        Assert.Equal(byText, byTokens);
    }

    [Theory]
    [InlineData("old-tales")]
    [InlineData("tales:latest")]
    public async Task The_model_goes_by_its_other_names(string name)
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        (await server.PostAsync(Text, $$"""{"model":"{{name}}","prompt":"Once","max_tokens":1}""")).Succeeded();
        Answer unknown = await server.PostAsync(Text, """{"model":"gpt-9","prompt":"Once","max_tokens":1}""");
        Assert.Equal(HttpStatusCode.NotFound, unknown.Status);
        Assert.Equal("model_not_found", unknown.Error.GetProperty("code").GetString());
    }

    private static string TextOf(Answer answer) =>
        answer.Succeeded().Json.GetProperty("choices")[0].GetProperty("text").GetString()!;

    private Task<GenerationResult> GenerateAsync(string prompt, int tokens, bool parseSpecial, int? top = null) =>
        fixture.Engine.GenerateAsync(
            new GenerationRequest
            {
                Prompt = prompt,
                ParseSpecialTokens = parseSpecial,
                MaxNewTokens = tokens,
                Sampling = SamplingOptions.Greedy with
                {
                    StopStrings = fixture.Model.Template.StopStrings,
                    StopTokens = fixture.Model.Template.EndTokens,
                    TopLogProbabilities = top,
                },
            },
            TestContext.Current.CancellationToken);
}
