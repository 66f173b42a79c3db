#!/usr/bin/env bash
# Microsoft.Extensions.AI.OpenAI 10.11.0 on a stream whose chunks carry the usage so far, as vLLM sends it with continuous_usage_stats:
# each chunk's usage becomes a UsageContent, and ToChatResponse, and with it the metric gen_ai.client.token.usage of UseOpenTelemetry, adds
# them all up. The prompt is counted once a chunk, an answer of n tokens as about n * n / 2: of 100 in and 200 out become some
# 20,000 in and 20,000 out. Budgets, bills and tokens per second drawn from these are wrong by factors, and no single chunk shows it.
#
# Expected: 100 in, 4 out for the stream below, as its last chunk says.
# Seen:     600 in, 14 out.
#
# What follows for us: the engine's IChatClient gives one UsageContent, in the last update; the server sends running usage only when asked,
# and the load client takes the last usage of a stream.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > usage.cs <<'CS'
#:package Microsoft.Extensions.AI.OpenAI@10.11.0
#:package Microsoft.Extensions.AI@10.11.0
#:property PublishAot=false
using System.ClientModel;
using System.ClientModel.Primitives;
using System.Diagnostics.Metrics;
using System.Net;
using System.Text;
using Microsoft.Extensions.AI;
using OpenAI;

Dictionary<string, long> metered = [];
using MeterListener listener = new();
listener.InstrumentPublished = (instrument, all) =>
{
    if (instrument.Name == "gen_ai.client.token.usage")
    {
        all.EnableMeasurementEvents(instrument);
    }
};
listener.SetMeasurementEventCallback<int>((_, value, tags, _) => Count(value, tags));
listener.SetMeasurementEventCallback<long>((_, value, tags, _) => Count(value, tags));
listener.Start();

OpenAIClientOptions options = new()
{
    Endpoint = new("http://nowhere.invalid/v1"),
    Transport = new HttpClientPipelineTransport(new(new Stream())),
};
using IChatClient client = new OpenAIClient(new ApiKeyCredential("none"), options).GetChatClient("m").AsIChatClient()
    .AsBuilder().UseOpenTelemetry().Build();
UsageDetails usage = (await client.GetStreamingResponseAsync("Hi").ToChatResponseAsync()).Usage!;
Console.WriteLine($"response: {usage.InputTokenCount} in, {usage.OutputTokenCount} out");
Console.WriteLine($"metric: {metered["input"]} in, {metered["output"]} out");

void Count(long value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
{
    foreach ((string key, object? tag) in tags)
    {
        if (key == "gen_ai.token.type")
        {
            metered[(string)tag!] = metered.GetValueOrDefault((string)tag!) + value;
        }
    }
}

/// <summary>Answers with the role, four tokens and an end, each chunk with the usage so far.</summary>
sealed class Stream : HttpMessageHandler
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        string[] choices = [Choice("""{"role":"assistant","content":""}"""), .. Enumerable.Repeat(Choice("""{"content":"a"}"""), 4), ""];
        StringBuilder body = new();
        for (int i = 0; i < choices.Length; i++)
        {
            int made = Math.Min(i, 4);
            body.Append($$$"""
                data: {"id":"x","object":"chat.completion.chunk","created":1,"model":"m","choices":[{{{choices[i]}}}],
                """).Append($$$"""
                "usage":{"prompt_tokens":100,"completion_tokens":{{{made}}},"total_tokens":{{{100 + made}}}}}
                """).Append("\n\n");
        }

        return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK)
        {
            Content = new StringContent(body.Append("data: [DONE]\n\n").ToString(), Encoding.UTF8, "text/event-stream"),
        });

        static string Choice(string delta) => $$"""{"index":0,"delta":{{delta}},"finish_reason":null}""";
    }
}
CS
seen=$(DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 dotnet run usage.cs)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'SEEN'
response: 600 in, 14 out
metric: 600 in, 14 out
SEEN
