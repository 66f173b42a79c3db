#!/usr/bin/env bash
# Microsoft.Extensions.AI 10.11.0, UseOpenTelemetry: gen_ai.client.operation.time_per_output_chunk and .duration, by name and convention
# measures of the model, count the time that the program spends between asking for two chunks. The five chunks below are all
# there before the first is read; a program that spends 100 ms on each (speaks it, draws it, sends it on to a slow browser) is told that the
# model takes 100 ms a chunk and half a second in all. The figure that a dashboard shows for a server's pace is the reader's.
#
# Expected: next to nothing for chunks that are there, whoever reads them and how.
# Seen:     100 ms a chunk and 500 ms in all.
#
# What follows for us: the load client stamps each chunk in the loop that reads the connection and does nothing else; figures of a
# program's own metrics are no measure of a server.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > reader.cs <<'CS'
#:package Microsoft.Extensions.AI@10.11.0
#:property PublishAot=false
using System.Diagnostics.Metrics;
using System.Threading.Channels;
using Microsoft.Extensions.AI;

Dictionary<string, List<double>> metered = [];
using MeterListener listener = new();
listener.InstrumentPublished = (instrument, all) =>
{
    if (instrument.Name.StartsWith("gen_ai.client"))
    {
        all.EnableMeasurementEvents(instrument);
    }
};
listener.SetMeasurementEventCallback<double>((instrument, value, _, _) =>
{
    if (!metered.TryGetValue(instrument.Name, out List<double>? all))
    {
        metered[instrument.Name] = all = [];
    }

    all.Add(value);
});
listener.Start();

using IChatClient client = new Burst().AsBuilder().UseOpenTelemetry().Build();
await foreach (ChatResponseUpdate _ in client.GetStreamingResponseAsync("Hi"))
{
    // The first run compiles.
}

foreach (int wait in (int[])[0, 100])
{
    metered.Clear();
    await foreach (ChatResponseUpdate _ in client.GetStreamingResponseAsync("Hi"))
    {
        Thread.Sleep(wait);
    }

    double[] chunks = [.. metered["gen_ai.client.operation.time_per_output_chunk"].Order()];
    double all = metered["gen_ai.client.operation.duration"][0], one = chunks[chunks.Length / 2];
    Console.WriteLine(
        $"reader takes {wait} ms: {chunks.Length} chunks, median {Tenths(one)} tenths of a second, half a second or more in all: {all >= 0.5}");
}

static double Tenths(double seconds) => Math.Floor(seconds * 10);

/// <summary>A model whose five chunks are all there at once, whether or not someone reads.</summary>
sealed class Burst : IChatClient
{
    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        Channel<ChatResponseUpdate> arrived = Channel.CreateUnbounded<ChatResponseUpdate>();
        foreach (string text in (string[])["a", "b", "c", "d", "e"])
        {
            arrived.Writer.TryWrite(new(ChatRole.Assistant, text));
        }

        arrived.Writer.Complete();
        return arrived.Reader.ReadAllAsync(cancellationToken);
    }

    public Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options, CancellationToken cancellationToken) =>
        throw new NotSupportedException();

    public object? GetService(Type type, object? key) => null;

    public void Dispose()
    {
    }
}
CS
seen=$(DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 dotnet run reader.cs)
printf '%s\n' "$seen"
diff <(printf '%s\n' "$seen") - <<'SEEN'
reader takes 0 ms: 4 chunks, median 0 tenths of a second, half a second or more in all: False
reader takes 100 ms: 4 chunks, median 1 tenths of a second, half a second or more in all: True
SEEN
