using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using Inferometer.Inference.Engine;
using Inferometer.Inference.Sampling;
using Inferometer.Measurement.Models;
using Inferometer.ModelFiles;
using Inferometer.ModelFiles.Templates;
using Inferometer.Server.Generation;
using Inferometer.Server.Hosting;
using Microsoft.Extensions.Logging;

namespace Inferometer.Benchmarks.Load;

/// <summary>
/// What HTTP costs: the same requests to one engine, read from it directly and over loopback, in turn, so that a drift of the machine meets
/// both. The client's own work is part of it, since it has the same processors. Verb <c>serve-overhead</c>, with a model's file.
/// </summary>
internal static class ServeOverheadReport
{
    private const int Streams = 8;
    private const int PromptTokens = 32;
    private const int Rounds = 9;
    private const int Firsts = 60;

    private static readonly TimeSpan s_round = TimeSpan.FromSeconds(4);

    /// <param name="path">The model's file.</param>
    /// <param name="onlyFirst">Leaves the tokens per second out.</param>
    public static async Task RunAsync(string path, bool onlyFirst = false)
    {
        using Checkpoint checkpoint = Checkpoint.Open(path);
        StoredModel files = StoredModel.Read(checkpoint);
        using InferenceEngine engine = InferenceEngine.Load(
            checkpoint, new InferenceOptions { MaxBatchSize = Streams, MaxSequenceTokens = 512, Threads = Environment.ProcessorCount });
        ServedModel model = new()
        {
            Engine = engine,
            Name = "measured",
            Files = files,
            Template = ChatTemplate.For(engine.Tokenizer),
        };
        await using InferenceServer server = await InferenceServer.StartAsync(
            model, new ServerOptions { Port = 0, LogLevel = LogLevel.Error });
        using HttpClient client = new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = server.Address };

        // So many tokens that a round takes some seconds.
        int tokens = 64;
        double rate = Streams * tokens / await TimeAsync(i => ReadEngineAsync(engine, i, tokens));
        tokens = (int)Math.Clamp(rate * s_round.TotalSeconds / Streams, 32, 400);
        await TimeAsync(i => ReadHttpAsync(client, i, tokens));
        List<double> bare = [], served = [], firstBare = [], firstServed = [];
        for (int round = 0; round < (onlyFirst ? 1 : Rounds); round++)
        {
            bare.Add(Streams * tokens / await TimeAsync(i => ReadEngineAsync(engine, i, tokens)));
            served.Add(Streams * tokens / await TimeAsync(i => ReadHttpAsync(client, i, tokens)));
        }

        double seen = await SumAsync(client);
        for (int i = 0; i < Firsts; i++)
        {
            firstBare.Add(1000 * await ReadEngineAsync(engine, i, tokens: 2));
            firstServed.Add(1000 * await ReadHttpAsync(client, i, tokens: 2));
        }

        seen = 1000 * (await SumAsync(client) - seen) / Firsts;

        // Each round beside its neighbour: what both share falls out.
        double lost = Median(bare.Zip(served, (b, s) => 1 - (s / b)));
        double added = Median(firstServed.Zip(firstBare, (s, b) => s - b));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Path.GetFileName(path)}, {Environment.ProcessorCount} processors, "
                + $"{Streams} streams of {tokens} tokens after {PromptTokens}"));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"tokens/s: engine {Median(bare):0.0}, over HTTP {Median(served):0.0}; lost {100 * lost:0.0} % (median of {Rounds} pairs)"));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"first token of one stream, ms: engine {Median(firstBare):0.000}, over HTTP {Median(firstServed):0.000}; added {added:0.000} "
                + $"(median of {Firsts} pairs)"));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"means, ms: engine {firstBare.Average():0.000}, from request read to token in hand {seen:0.000}, "
                + $"over HTTP {firstServed.Average():0.000}"));
    }

    /// <summary>Seconds to the first token of all requests, from when they were read to when the server had the token.</summary>
    private static async Task<double> SumAsync(HttpClient client)
    {
        string page = await client.GetStringAsync("/metrics");
        string line = page.Split('\n').First(l => l.StartsWith("vllm:time_to_first_token_seconds_sum", StringComparison.Ordinal));
        return double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture);
    }

    private static async Task<double> TimeAsync(Func<int, Task<double>> read)
    {
        long start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Streams).Select(i => Task.Run(() => read(i))));
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <returns>Seconds to the first token.</returns>
    private static async Task<double> ReadEngineAsync(InferenceEngine engine, int stream, int tokens)
    {
        long start = Stopwatch.GetTimestamp();
        double first = 0;
        GenerationRequest request = new()
        {
            PromptTokens = Prompt(stream),
            MaxNewTokens = tokens,
            UsePrefixCache = false,
            Sampling = SamplingOptions.Greedy with { IgnoreEndOfGeneration = true },
        };
        await foreach (GenerationUpdate update in engine.StreamAsync(request))
        {
            first = first == 0 && update.TokenId is not null ? Stopwatch.GetElapsedTime(start).TotalSeconds : first;
        }

        return first;
    }

    /// <returns>Seconds to the first event.</returns>
    private static async Task<double> ReadHttpAsync(HttpClient client, int stream, int tokens)
    {
        long start = Stopwatch.GetTimestamp();
        string prompt = string.Join(',', Prompt(stream));
        string body = string.Create(
            CultureInfo.InvariantCulture,
            $$"""{"prompt":[{{prompt}}],"max_tokens":{{tokens}},"temperature":0,"ignore_eos":true,"cache_prompt":false,"stream":true}""");
        using HttpRequestMessage request = new(HttpMethod.Post, "/v1/completions")
        {
            Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json")),
        };
        using HttpResponseMessage response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        response.EnsureSuccessStatusCode();
        await using Stream events = await response.Content.ReadAsStreamAsync();
        byte[] buffer = new byte[1 << 14];
        double first = 0;
        while (await events.ReadAsync(buffer) > 0)
        {
            first = first == 0 ? Stopwatch.GetElapsedTime(start).TotalSeconds : first;
        }

        return first;
    }

    // Any tokens do; each stream has its own, so that no prompt is another's beginning.
    private static int[] Prompt(int stream) =>
        [.. Enumerable.Range(0, PromptTokens).Select(i => 300 + ((((stream + 1) * 131) + (i * 17)) % 2000))];

    private static double Median(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return sorted[sorted.Length / 2];
    }
}
