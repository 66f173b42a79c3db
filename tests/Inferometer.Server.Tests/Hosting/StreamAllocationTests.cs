namespace Inferometer.Server.Tests.Hosting;

/// <summary>
/// What a streamed token costs in memory that must be collected again: writers and buffers are used again for each. What the whole process
/// allocates is counted, so that nothing else may run.
/// </summary>
[CollectionDefinition(nameof(StreamAllocationTests), DisableParallelization = true)]
[Collection(nameof(StreamAllocationTests))]
public sealed class StreamAllocationTests(EngineFixture fixture) : IClassFixture<EngineFixture>
{
    private const int Few = 100;
    private const int Many = 900;

    // The client of the test and buffers that grow are in it; 20 were measured.
    private const double BytesPerToken = 100;

    [Fact]
    public async Task A_streamed_token_allocates_little()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        await AllocatedAsync(server, Many);
        double least = double.MaxValue;

        // Whatever else happens adds to it, a queue that grows while the client's thread has no processor among it: the least counts, and
        // on a busy machine it takes a while to be seen.
        for (int run = 0; run < 20 && least > BytesPerToken; run++)
        {
            long few = await AllocatedAsync(server, Few);
            long many = await AllocatedAsync(server, Many);
            least = Math.Min(least, (many - few) / (double)(Many - Few));
        }

        Assert.True(least <= BytesPerToken, FormattableString.Invariant($"{least:0} bytes per token"));
    }

    private static async Task<long> AllocatedAsync(TestServer server, int tokens)
    {
        using HttpRequestMessage request = new(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = TestServer.Json(FormattableString.Invariant(
                $$"""{"messages":[{"role":"user","content":"Hi"}],"max_tokens":{{tokens}},"ignore_eos":true,"temperature":0,"stream":true}""")),
        };
        long before = GC.GetTotalAllocatedBytes(precise: true);
        using HttpResponseMessage response = await server.Client.SendAsync(
            request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        await response.Content.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken);
        return GC.GetTotalAllocatedBytes(precise: true) - before;
    }
}
