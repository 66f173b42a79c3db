#!/usr/bin/env bash
# OpenAI 2.15.0 (NuGet), CompleteChatStreamingAsync, on a server that fails after its first tokens. vLLM, SGLang, llama.cpp's server and
# others then send an event {"error": ...}; the client takes it for a chunk without choices and the enumeration ends as that of a whole
# answer, whether [DONE] follows or not and whether the event is named "error" or not. Nothing is thrown, and the message is nowhere to be
# read. Only the missing FinishReason tells half an answer from a whole one, or a connection that breaks below HTTP's own end.
#
# Expected: an exception with the server's message, as when the same object is the body of an answer with status 500.
# Seen:     "a" and an end, for all three forms of the error; an HttpIOException where the chunked body lacks its last chunk.
#
# What follows for us: after an error in the middle of a stream the server closes the connection without HTTP's end (docs/serve.md).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > errors.cs <<'CS'
#:package OpenAI@2.15.0
#:property PublishAot=false
using System.ClientModel;
using System.Net;
using System.Net.Sockets;
using System.Text;
using OpenAI.Chat;

const string Begin = "data: {\"id\":\"x\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,";
string role = Begin + "\"delta\":{\"role\":\"assistant\",\"content\":\"\"},\"finish_reason\":null}]}\n\n";
string text = Begin + "\"delta\":{\"content\":\"a\"},\"finish_reason\":null}]}\n\n";
string stop = Begin + "\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
string error = "data: {\"error\":{\"message\":\"the engine failed\",\"type\":\"server_error\",\"param\":null,\"code\":500}}\n\n";
string done = "data: [DONE]\n\n";
(string Name, string Body, bool Ends)[] streams =
[
    ("whole", role + text + stop + done, true),
    ("error, then [DONE]", role + text + error + done, true),
    ("error, no [DONE]", role + text + error, true),
    ("event named error", role + text + "event: error\n" + error, true),
    ("error, then no end of HTTP", role + text + error, false),
];
foreach ((string name, string body, bool ends) in streams)
{
    using TcpListener listener = new(IPAddress.Loopback, 0);
    listener.Start();
    Task serving = AnswerAsync(listener, body, ends);
    Uri endpoint = new($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}/v1");
    ChatClient client = new("m", new ApiKeyCredential("none"), new() { Endpoint = endpoint });
    string seen = "";
    try
    {
        await foreach (StreamingChatCompletionUpdate update in client.CompleteChatStreamingAsync([new UserChatMessage("Hi")]))
        {
            seen += string.Concat(update.ContentUpdate.Select(part => part.Text)) + (update.FinishReason is { } why ? $" ({why})" : "");
        }
    }
    catch (Exception thrown)
    {
        seen += ", " + thrown.GetType().Name;
    }

    await serving;
    Console.WriteLine($"{name}: {seen}");
}

static async Task AnswerAsync(TcpListener listener, string body, bool ends)
{
    using TcpClient connection = await listener.AcceptTcpClientAsync();
    NetworkStream stream = connection.GetStream();
    byte[] read = new byte[65536];
    string request = "";
    while (!request.EndsWith('}'))
    {
        request += Encoding.UTF8.GetString(read, 0, await stream.ReadAsync(read));
    }

    string answer = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n"
        + $"{body.Length:x}\r\n{body}\r\n" + (ends ? "0\r\n\r\n" : "");
    await stream.WriteAsync(Encoding.UTF8.GetBytes(answer));
}
CS
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
seen=$(dotnet run errors.cs)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'SEEN'
whole: a (Stop)
error, then [DONE]: a
error, no [DONE]: a
event named error: a
error, then no end of HTTP: a, HttpIOException
SEEN
