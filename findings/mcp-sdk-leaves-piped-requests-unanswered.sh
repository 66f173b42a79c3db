#!/usr/bin/env bash
# ModelContextProtocol.Core 2.4.0 and 1.0.0, StreamServerTransport: when the input ends, what was asked before goes unanswered. A program that
# writes its requests and closes its end, as `printf ... | server` does, never hears from a tool that takes a fifth of a second; the server
# ends without an error. With the input left open for a moment the answer comes.
#
# Expected: requests that were read are answered, and then the server ends.
# Seen:     no answer, no error.
#
# What follows for us: `inferometer mcp` holds the end of its input back until every request before it is answered.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
for version in 2.4.0 1.0.0; do
cat > piped.cs <<CS
#:package ModelContextProtocol.Core@$version
CS
cat >> piped.cs <<'CS'
#:property PublishAot=false
using System.IO.Pipelines;
using System.Text;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;

string[] asked =
[
    """{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-06-18","capabilities":{},"clientInfo":{"name":"pipe","version":"1"}}}""",
    """{"jsonrpc":"2.0","method":"notifications/initialized"}""",
    """{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"slow","arguments":{}}}""",
];
foreach (bool closes in (bool[])[true, false])
{
    Pipe input = new();
    MemoryStream output = new();
    McpServerOptions options = new()
    {
        ServerInfo = new Implementation { Name = "piped", Version = "1" },
        ToolCollection =
        [
            McpServerTool.Create(
                async (CancellationToken token) =>
                {
                    await Task.Delay(200, token);
                    return "done";
                },
                new McpServerToolCreateOptions { Name = "slow" }),
        ],
    };
    await using StreamServerTransport transport = new(input.Reader.AsStream(), output, "piped");
    await using McpServer server = McpServer.Create(transport, options);
    Task running = server.RunAsync();
    await input.Writer.WriteAsync(Encoding.UTF8.GetBytes(string.Join('\n', asked) + "\n"));
    if (!closes)
    {
        await Task.Delay(1500);
    }

    await input.Writer.CompleteAsync();
    await running.WaitAsync(TimeSpan.FromSeconds(20));
    await Task.Delay(500);
    string said = Encoding.UTF8.GetString(output.ToArray());
    Console.WriteLine($"input closed {(closes ? "at once" : "later")}: the tool's answer came: {said.Contains("done")}");
}
CS
echo "$version"
dotnet run piped.cs
done > seen
cat seen
diff seen - <<'SEEN'
2.4.0
input closed at once: the tool's answer came: False
input closed later: the tool's answer came: True
1.0.0
input closed at once: the tool's answer came: False
input closed later: the tool's answer came: True
SEEN
