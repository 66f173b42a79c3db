using System.IO.Pipelines;
using System.Text.Json;
using Inferometer.Server.Mcp;
using ModelContextProtocol.Client;
using ModelContextProtocol.Protocol;

namespace Inferometer.Server.Tests.Simulator;

/// <summary>The simulator as tools, used by the protocol's own client over both of its transports.</summary>
[Collection(EngineTests.Name)]
public sealed class McpTests(EngineFixture fixture)
{
    private static readonly string[] s_tools = ["compare", "estimate", "features", "hardware", "models", "plan", "simulate", "validate"];

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Over_http_the_tools_are_listed_and_answer()
    {
        await using TestServer server = await TestServer.StartAsync(fixture.Model);
        HttpClientTransportOptions options = new() { Endpoint = new Uri(server.Client.BaseAddress!, "/mcp") };
        await using HttpClientTransport transport = new(options);
        await using McpClient client = await McpClient.CreateAsync(transport, cancellationToken: Cancelled);
        await UseAsync(client);
        string estimate = await TextAsync(client, "estimate", ("model", "llama-3.1-8b"), ("on", "h100"), ("tp", 2));
        string posted = (await server.PostAsync("/api/v1/estimate", """{"model":"llama-3.1-8b","on":"h100","tp":2}""")).Succeeded().Text;
        Assert.True(JsonElement.DeepEquals(
            JsonElement.Parse(posted).GetProperty("metrics"), JsonElement.Parse(estimate).GetProperty("metrics")));
        Assert.False(JsonElement.Parse(estimate).TryGetProperty("operators", out _));
    }

    [Fact]
    public async Task Over_streams_the_tools_are_listed_and_answer()
    {
        Pipe requests = new();
        Pipe answers = new();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancelled);
        Task serving = SimulatorMcpServer.RunAsync(requests.Reader.AsStream(), answers.Writer.AsStream(), catalogs: null, stop.Token);
        StreamClientTransport transport = new(requests.Writer.AsStream(), answers.Reader.AsStream());
        await using (McpClient client = await McpClient.CreateAsync(transport, cancellationToken: Cancelled))
        {
            Assert.Equal("inferometer", client.ServerInfo.Name);
            await UseAsync(client);
        }

        await stop.CancelAsync();
        await Task.WhenAny(serving, Task.Delay(TimeSpan.FromSeconds(10), Cancelled));
        Assert.True(serving.IsCompleted);
    }

    [Fact]
    public async Task An_input_without_requests_ends_it()
    {
        using MemoryStream input = new(), output = new();
        await SimulatorMcpServer.RunAsync(input, output, catalogs: null, Cancelled).WaitAsync(TimeSpan.FromSeconds(60), Cancelled);
        Assert.Empty(output.ToArray());
    }

    [Theory]
    [InlineData("\n")]
    [InlineData("")]
    public async Task Requests_before_the_end_of_the_input_are_answered(string end)
    {
        string[] requests =
        [
            """{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"t","version":"1"}}}""",
            """{"jsonrpc":"2.0","method":"notifications/initialized"}""",
            """{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"estimate","arguments":{"model":"llama-3.1-8b","on":"h100"}}}""",
            """{"jsonrpc":"2.0","id":"three","method":"tools/call","params":{"name":"no_such_tool","arguments":{}}}""",
        ];
        using MemoryStream input = new(System.Text.Encoding.UTF8.GetBytes(string.Join('\n', requests) + end));
        using MemoryStream output = new();
        await SimulatorMcpServer.RunAsync(input, output, catalogs: null, Cancelled).WaitAsync(TimeSpan.FromSeconds(60), Cancelled);
        string[] answers = System.Text.Encoding.UTF8.GetString(output.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(
            ["1", "2", "three"],
            answers.Select(a => JsonElement.Parse(a).GetProperty("id").ToString()).Order(StringComparer.Ordinal));
        Assert.Contains(answers, a => a.Contains("ttft_ms", StringComparison.Ordinal));
    }

    private static async Task UseAsync(McpClient client)
    {
        IList<McpClientTool> tools = await client.ListToolsAsync(cancellationToken: Cancelled);
        Assert.Equal(s_tools, tools.Select(t => t.Name).Order(StringComparer.Ordinal));
        JsonElement schema = tools.Single(t => t.Name is "estimate").JsonSchema;
        Assert.Equal("integer", schema.GetProperty("properties").GetProperty("tp").GetProperty("type").GetString());
        Assert.Contains("H100_SXM", await TextAsync(client, "hardware", ("search", "h100")), StringComparison.Ordinal);
        string run = await TextAsync(client, "simulate", ("model", "llama-3.1-8b"), ("on", "h100"), ("rate", 5), ("requests", 50));
        Assert.Equal(50, JsonElement.Parse(run).GetProperty("total_requests").GetInt32());
        string rows = await TextAsync(client, "compare", ("model", "llama-3.1-8b"), ("on", "h100,a100"));
        Assert.Equal(2, JsonElement.Parse(rows).GetArrayLength());
        CallToolResult refused = await CallAsync(client, "estimate", ("model", "llama-3.1-70b"), ("on", "h100"));
        Assert.True(refused.IsError);
        Assert.Contains("does not fit", TextOf(refused), StringComparison.Ordinal);
    }

    private static async Task<string> TextAsync(McpClient client, string tool, params (string Name, object? Value)[] arguments)
    {
        CallToolResult result = await CallAsync(client, tool, arguments);
        Assert.False(result.IsError ?? false, TextOf(result));
        return TextOf(result);
    }

    private static string TextOf(CallToolResult result) => Assert.IsType<TextContentBlock>(Assert.Single(result.Content)).Text;

    private static async Task<CallToolResult> CallAsync(McpClient client, string tool, params (string Name, object? Value)[] arguments) =>
        await client.CallToolAsync(tool, arguments.ToDictionary(a => a.Name, a => a.Value), cancellationToken: Cancelled);
}
