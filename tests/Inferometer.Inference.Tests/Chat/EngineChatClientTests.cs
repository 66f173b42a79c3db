using System.Text.Json;
using Inferometer.Core;
using Inferometer.Inference.Chat;
using Inferometer.Inference.Engine;
using Inferometer.Inference.Tests.Engine;
using Inferometer.ModelFiles.Templates;
using Microsoft.Extensions.AI;

namespace Inferometer.Inference.Tests.Chat;

public sealed class EngineChatClientTests
{
    private static readonly ChatMessage[] Conversation =
    [
        new(ChatRole.System, "Answer as Alice would."),
        new(ChatRole.User, "What did you see?"),
        new(ChatRole.Assistant, "A rabbit."),
        new(ChatRole.User, "And then?"),
    ];

    private static EngineChatClient Client() => new(EngineRunner.Start(EngineRunner.Tales), ownsEngine: true);

    [Fact]
    public async Task A_response_is_what_the_engine_gives_for_the_rendered_conversation()
    {
        using EngineChatClient client = Client();
        ChatOptions options = new() { Temperature = 0, MaxOutputTokens = 12 };
        ChatResponse response = await client.GetResponseAsync(Conversation, options, TestContext.Current.CancellationToken);
        var engine = Assert.IsType<InferenceEngine>(client.GetService(typeof(InferenceEngine)));
        string prompt = ChatTemplate.For(engine.Tokenizer).Render([.. Conversation.Select(m => new ChatTurn(m.Role.Value, m.Text))]);
        GenerationResult direct = await engine.RunAsync(EngineRunner.Greedy(prompt, 12) with
        {
            ParseSpecialTokens = true,
            Sampling = Inference.Sampling.SamplingOptions.Greedy with { StopStrings = ChatTemplate.For(engine.Tokenizer).StopStrings },
        });
        Assert.Equal(direct.Text, response.Text);
        Assert.Equal(direct.Usage.PromptTokens, response.Usage?.InputTokenCount);
        Assert.Equal(direct.Usage.OutputTokens, response.Usage?.OutputTokenCount);
        Assert.Equal(direct.Usage.PromptTokens + direct.Usage.OutputTokens, response.Usage?.TotalTokenCount);
        Assert.NotNull(response.ResponseId);
        Assert.Equal(engine.Architecture.Name, response.ModelId);
        Assert.NotNull(response.FinishReason);
    }

    [Fact]
    public async Task Streaming_gives_the_same_text_under_one_id_with_usage_last()
    {
        using EngineChatClient client = Client();
        ChatOptions options = new() { Temperature = 0, MaxOutputTokens = 12 };
        ChatResponse whole = await client.GetResponseAsync(Conversation, options, TestContext.Current.CancellationToken);
        List<ChatResponseUpdate> updates = [];
        await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync(
            Conversation, options, TestContext.Current.CancellationToken))
        {
            updates.Add(update);
        }

        Assert.Equal(whole.Text, string.Concat(updates.Select(u => u.Text)));
        Assert.Single(updates.Select(u => u.ResponseId).Distinct(StringComparer.Ordinal));
        Assert.All(updates, u => Assert.Equal(ChatRole.Assistant, u.Role));
        Assert.Contains(updates[^1].Contents, c => c is UsageContent);
        Assert.All(updates.SkipLast(1), u => Assert.DoesNotContain(u.Contents, c => c is UsageContent));
    }

    [Fact]
    public async Task Many_threads_may_use_one_client()
    {
        using EngineChatClient client = Client();
        ChatOptions options = new() { Temperature = 0, MaxOutputTokens = 6 };
        ChatResponse[] responses = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ =>
            Task.Run(() => client.GetResponseAsync(Conversation, options, TestContext.Current.CancellationToken))));
        Assert.Single(responses.Select(r => r.Text).Distinct(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_json_response_format_gives_a_json_object()
    {
        using EngineChatClient client = Client();
        ChatOptions options = new() { MaxOutputTokens = 20, Seed = 4, ResponseFormat = ChatResponseFormat.Json };
        ChatResponse response = await client.GetResponseAsync(Conversation, options, TestContext.Current.CancellationToken);
        using JsonDocument document = JsonDocument.Parse(response.Text);
        Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
    }

    [Fact]
    public void Services_are_found_by_type_without_a_key()
    {
        using EngineChatClient client = Client();
        var metadata = Assert.IsType<ChatClientMetadata>(client.GetService(typeof(ChatClientMetadata)));
        Assert.Equal("inferometer", metadata.ProviderName);
        Assert.Same(client, client.GetService(typeof(IChatClient)));
        Assert.Null(client.GetService(typeof(IChatClient), "key"));
        Assert.Null(client.GetService(typeof(string)));
    }

    [Fact]
    public async Task What_the_engine_cannot_do_is_refused()
    {
        using EngineChatClient client = Client();
        await Refused(
            client, Conversation, new ChatOptions { Tools = [AIFunctionFactory.Create(() => 1, "one")] },
            "the chat template (plain) does not write tools");
        await Refused(client, Conversation, new ChatOptions { ToolMode = ChatToolMode.RequireAny }, "no tools are given");
        await Refused(
            client, Conversation, new ChatOptions { Reasoning = new() { Effort = ReasoningEffort.None } },
            "no variable that turns reasoning on or off");
        await Refused(
            client, Conversation,
            new ChatOptions { ResponseFormat = ChatResponseFormat.ForJsonSchema(JsonElement.Parse("""{"unevaluatedItems":false}""")) }, "'unevaluatedItems' cannot be held to");
        await Refused(client, Conversation, new ChatOptions { ConversationId = "1" }, "conversations");
        await Refused(
            client, [new ChatMessage(ChatRole.User, [new UriContent("https://example.org/a.png", "image/png")])], null, "UriContent");
    }

    private static async Task Refused(EngineChatClient client, IEnumerable<ChatMessage> messages, ChatOptions? options, string word)
    {
        InferometerException error = await Assert.ThrowsAsync<InferometerException>(
            () => client.GetResponseAsync(messages, options, TestContext.Current.CancellationToken));
        Assert.Contains(word, error.Message, StringComparison.Ordinal);
    }
}
