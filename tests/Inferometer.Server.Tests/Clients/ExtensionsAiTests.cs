using System.ClientModel;
using System.ClientModel.Primitives;
using Inferometer.Server.Generation;
using Inferometer.Server.Hosting;
using Microsoft.Extensions.AI;
using OpenAI;

namespace Inferometer.Server.Tests.Clients;

/// <summary>The server as OpenAI's .NET client, and Microsoft.Extensions.AI over it, read it.</summary>
[Collection(EngineTests.Name)]
public sealed class ExtensionsAiTests(EngineFixture fixture)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_answer_and_its_stream_are_read_alike()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        using IChatClient client = Client(server).GetChatClient(EngineFixture.ModelName).AsIChatClient();
        ChatOptions options = new() { Temperature = 0, MaxOutputTokens = 8, Seed = 3 };
        ChatResponse whole = await client.GetResponseAsync("What came then?", options, Cancelled);
        Assert.Equal(ChatFinishReason.Length, whole.FinishReason);
        Assert.Equal(8, whole.Usage?.OutputTokenCount);
        List<ChatResponseUpdate> pieces = [];
        await foreach (ChatResponseUpdate piece in client.GetStreamingResponseAsync("What came then?", options, Cancelled))
        {
            pieces.Add(piece);
        }

        ChatResponse streamed = pieces.ToChatResponse();
        Assert.Equal(whole.Text, streamed.Text);
        Assert.Equal(ChatFinishReason.Length, streamed.FinishReason);
        Assert.Equal(8, streamed.Usage?.OutputTokenCount); // the client asks for the usage of streams
        Assert.Equal(whole.Usage?.InputTokenCount, streamed.Usage?.InputTokenCount);
    }

    [Fact]
    public async Task Errors_are_told_with_their_message()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        using IChatClient client = Client(server).GetChatClient("another").AsIChatClient();
        ClientResultException error = await Assert.ThrowsAsync<ClientResultException>(
            () => client.GetResponseAsync("Hi", cancellationToken: Cancelled));
        Assert.Equal(404, error.Status);
        Assert.Contains("'another' is not served", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_that_breaks_off_is_not_taken_for_a_whole_one()
    {
        ServerOptions options = new() { Limits = new ServerLimits { RequestTimeout = TimeSpan.FromMilliseconds(60) } };
        await using TestServer server = await TestServer.StartAsync(fixture.Model, options);
        using IChatClient client = Client(server).GetChatClient(EngineFixture.ModelName).AsIChatClient();
        await Assert.ThrowsAnyAsync<Exception>(async () =>
        {
            await foreach (ChatResponseUpdate _ in client.GetStreamingResponseAsync(
                "Talk for long.", new ChatOptions { MaxOutputTokens = 1000, Temperature = 0 }, Cancelled))
            {
            }
        });
    }

    [Fact]
    public async Task Embeddings_are_read()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        using IEmbeddingGenerator<string, Embedding<float>> client =
            Client(server).GetEmbeddingClient(EngineFixture.ModelName).AsIEmbeddingGenerator();
        Embedding<float> vector = Assert.Single(await client.GenerateAsync(["a ship"], cancellationToken: Cancelled));
        float[] direct = await fixture.Engine.EmbedAsync("a ship", cancellationToken: Cancelled);
        Assert.Equal(direct, vector.Vector.ToArray(), (a, b) => Math.Abs(a - b) < 1e-4);
    }

    [Fact]
    public async Task Responses_are_read_whole_and_in_pieces()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
#pragma warning disable OPENAI001 // the library marks its client of the responses API as a preview
        using IChatClient client = Client(server).GetResponsesClient().AsIChatClient(EngineFixture.ModelName);
#pragma warning restore OPENAI001
        ChatOptions options = new() { Temperature = 0, MaxOutputTokens = 6 };
        ChatResponse whole = await client.GetResponseAsync("What came then?", options, Cancelled);
        Assert.NotEmpty(whole.Text);
        Assert.Equal(6, whole.Usage?.OutputTokenCount);
        ChatResponse streamed = await client.GetStreamingResponseAsync("What came then?", options, Cancelled)
            .ToChatResponseAsync(Cancelled);
        Assert.Equal(whole.Text, streamed.Text); // of a stream that ends as incomplete the library (10.11.0) reads no usage
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Functions_are_called_and_their_results_given_back(bool isStreamed)
    {
        await using TestServer server = await TestServer.StartAsync(ToolModel.Of(fixture));
        List<int> called = [];
        AIFunction weather = AIFunctionFactory.Create(
            (int days) =>
            {
                called.Add(days);
                return $"rain for {days} days";
            },
            "get_weather", "The weather");
        using IChatClient client = Client(server).GetChatClient(EngineFixture.ModelName).AsIChatClient().AsBuilder()
            .UseFunctionInvocation().Build();
        ChatOptions options = new()
        {
            Tools = [weather],
            ToolMode = ChatToolMode.RequireSpecific("get_weather"),
            AllowMultipleToolCalls = false,
            MaxOutputTokens = 100,
            Seed = 5,
        };
        ChatResponse response = isStreamed
            ? await client.GetStreamingResponseAsync("Weather?", options, Cancelled).ToChatResponseAsync(Cancelled)
            : await client.GetResponseAsync("Weather?", options, Cancelled);
        Assert.NotEmpty(called);
        Assert.Contains(
            response.Messages.SelectMany(m => m.Contents).OfType<FunctionResultContent>(),
            result => result.Result?.ToString()?.StartsWith("rain for", StringComparison.Ordinal) is true);
    }

    [Fact]
    public async Task An_answer_is_read_as_an_object_of_a_type()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        using IChatClient client = Client(server).GetChatClient(EngineFixture.ModelName).AsIChatClient();
        ChatOptions options = new() { MaxOutputTokens = 120, Seed = 6 };
        ChatResponse<Animal> response = await client.GetResponseAsync<Animal>("Whom did you meet?", options, cancellationToken: Cancelled);
        Assert.True(response.TryGetResult(out Animal? animal), response.Text);
        Assert.True(Enum.IsDefined(animal.Kind));
    }

    private enum AnimalKind
    {
        Cat,
        Crow,
    }

    private sealed record Animal(AnimalKind Kind, int Legs);

    private static OpenAIClient Client(TestServer server) => new(
        new ApiKeyCredential("none-is-needed"),
        new OpenAIClientOptions { Endpoint = new Uri(server.Server.Address, "v1"), RetryPolicy = new ClientRetryPolicy(0) });
}
