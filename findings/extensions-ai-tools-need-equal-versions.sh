#!/usr/bin/env bash
# Microsoft.Extensions.AI 9.10.2 beside Microsoft.Extensions.AI.Abstractions 10.3.0, as central package versions or another package bring
# them together: its lower bound of the abstractions is met, restore and build say nothing, chats without tools work. The first call of
# a tool ends in a MissingMethodException, as a property of ChatOptions changed its type between the two.
#
# Expected: the answer after the tool was called, or a refusal at restore.
# Seen:     "Method not found: ... ChatOptions.get_ContinuationToken()" when, and only when, a tool is called.
#
# What follows for us: both packages are pinned to one release, and a test calls a tool through FunctionInvokingChatClient.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > tools.cs <<'CS'
#:package Microsoft.Extensions.AI@9.10.2
#:package Microsoft.Extensions.AI.Abstractions@10.3.0
using Microsoft.Extensions.AI;

foreach (bool tools in (bool[])[false, true])
{
    using IChatClient client = new FunctionInvokingChatClient(new Echo());
    ChatOptions options = new() { Tools = tools ? [AIFunctionFactory.Create(() => "sun", "weather")] : null };
    string said;
    try
    {
        said = (await client.GetResponseAsync("Hi", options)).Text;
    }
    catch (MissingMethodException error)
    {
        said = error.Message;
    }

    Console.WriteLine($"tools {tools}: {said}");
}

/// <summary>Calls the first tool once, then says hello.</summary>
sealed class Echo : IChatClient
{
    private int _asked;

    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        AIContent content = options?.Tools is { Count: > 0 } && _asked++ == 0
            ? new FunctionCallContent("1", "weather") : new TextContent("Hello");
        return Task.FromResult(new ChatResponse(new ChatMessage(ChatRole.Assistant, [content])));
    }

    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        throw new NotSupportedException(); // an answer in pieces is not asked for here

    public object? GetService(Type serviceType, object? serviceKey = null) => null;

    public void Dispose()
    {
    }
}
CS
seen=$(dotnet run tools.cs | grep "^tools")
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'SEEN'
tools False: Hello
tools True: Method not found: 'System.Object Microsoft.Extensions.AI.ChatOptions.get_ContinuationToken()'.
SEEN
