using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Runtime;
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
/// both. The client's own work is part of it, since it has the same processors. Nothing is measured before the runtime has stopped
/// compiling, or half a minute has gone: compiling takes a processor from the engine for tens of milliseconds at a time, and mostly while
/// HTTP answers, whose code is the larger. Verb <c>serve-overhead</c>, with a model's file.
/// </summary>
internal static class ServeOverheadReport
{
    private const int Streams = 8;
    private const int PromptTokens = 32;
    private const int Runs = 3;
    private const int Rounds = 6;
    private const int Firsts = 60;
    private const int FewMethods = 3; // timers and the like go on compiling now and then

    private static readonly TimeSpan s_round = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_longestWarmUp = TimeSpan.FromSeconds(30);

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
        double rate = await WarmUpAsync(engine, client);
        int tokens = (int)Math.Clamp(rate * s_round.TotalSeconds / Streams, 32, 400);
        Console.WriteLine(FormattableString.Invariant(
            $"{Path.GetFileName(path)}, {Environment.ProcessorCount} processors"));
        Console.WriteLine(FormattableString.Invariant($"{Streams} streams of {tokens} tokens after {PromptTokens}"));
        long compiled = JitInfo.GetCompiledMethodCount();
        List<double> lost = [], added = [];
        for (int run = 1; run <= Runs; run++)
        {
            lost.AddRange(onlyFirst ? [] : await MeasureRateAsync(run, engine, client, tokens));
            added.AddRange(await MeasureFirstAsync(run, engine, client));
        }

        compiled = JitInfo.GetCompiledMethodCount() - compiled;
        if (!onlyFirst)
        {
            Console.WriteLine($"all runs: tokens/s lost, %: {Spread(lost, "0.0")}");
        }

        Console.WriteLine($"all runs: first token later by, ms: {Spread(added, "0.000")}");
        Console.WriteLine(FormattableString.Invariant($"{compiled} methods were compiled meanwhile"));
        await MeasureStagesAsync(engine, server.Address);
    }

    /// <summary>Asks both ways until the runtime compiles nothing more.</summary>
    /// <returns>Tokens per second of the engine alone.</returns>
    private static async Task<double> WarmUpAsync(InferenceEngine engine, HttpClient client)
    {
        const int Tokens = 24;
        double rate = 0;
        long start = Stopwatch.GetTimestamp();
        for (int still = 0; still < 2 && Stopwatch.GetElapsedTime(start) < s_longestWarmUp;)
        {
            long before = JitInfo.GetCompiledMethodCount();
            rate = Streams * Tokens / await TimeAsync(i => ReadEngineAsync(engine, i, Tokens));
            await TimeAsync(i => ReadHttpAsync(client, i, Tokens));
            await ReadEngineAsync(engine, 0, tokens: 2);
            await ReadHttpAsync(client, 0, tokens: 2);
            still = JitInfo.GetCompiledMethodCount() - before <= FewMethods ? still + 1 : 0;
        }

        return rate;
    }

    /// <summary>Tokens per second of all streams.</summary>
    /// <returns>What each round over HTTP lost against its neighbour, %: what both share falls out.</returns>
    private static async Task<List<double>> MeasureRateAsync(int run, InferenceEngine engine, HttpClient client, int tokens)
    {
        List<double> bare = [], served = [];
        for (int i = 0; i < 2 * Rounds; i++)
        {
            if (IsServed(i))
            {
                served.Add(Streams * tokens / await TimeAsync(stream => ReadHttpAsync(client, stream, tokens)));
            }
            else
            {
                bare.Add(Streams * tokens / await TimeAsync(stream => ReadEngineAsync(engine, stream, tokens)));
            }
        }

        List<double> lost = [.. bare.Zip(served, (b, s) => 100 * (1 - (s / b)))];
        Console.WriteLine(FormattableString.Invariant(
            $"run {run}: tokens/s: engine {Median(bare):0.0}, over HTTP {Median(served):0.0}; lost, %: {Spread(lost, "0.0")}"));
        return lost;
    }

    /// <summary>Time to the first token of one stream.</summary>
    /// <returns>By what each request over HTTP was later than its neighbour, ms.</returns>
    private static async Task<List<double>> MeasureFirstAsync(int run, InferenceEngine engine, HttpClient client)
    {
        List<double> bare = [], served = [];
        for (int i = 0; i < 2 * Firsts; i++)
        {
            if (IsServed(i))
            {
                served.Add(1000 * await ReadHttpAsync(client, i / 2, tokens: 2));
            }
            else
            {
                bare.Add(1000 * await ReadEngineAsync(engine, i / 2, tokens: 2));
            }
        }

        List<double> added = [.. served.Zip(bare, (s, b) => s - b)];
        string spread = Spread(added, "0.000");
        Console.WriteLine(FormattableString.Invariant(
            $"run {run}: first token, ms: engine {Median(bare):0.000}, over HTTP {Median(served):0.000}; later by: {spread}"));
        return added;
    }

    private static async Task MeasureStagesAsync(InferenceEngine engine, Uri address)
    {
        using ServeStages stages = new(engine);
        using SocketsHttpHandler handler = new() { UseProxy = false, ConnectCallback = stages.ConnectAsync };
        using HttpClient client = new(handler) { BaseAddress = address };
        await ReadHttpAsync(client, 0, tokens: 2); // has its connection
        for (int i = 0; i < 2 * Firsts; i++)
        {
            stages.Begin();
            if (IsServed(i))
            {
                await ReadHttpAsync(client, i / 2, tokens: 2, stages.EndServed);
            }
            else
            {
                await ReadEngineAsync(engine, i / 2, tokens: 2, stages.EndBare);
            }
        }

        stages.Print();
    }

    // Bare, served, served, bare: neither always follows the other.
    private static bool IsServed(int turn) => turn % 4 is 1 or 2;

    private static async Task<double> TimeAsync(Func<int, Task<double>> read)
    {
        long start = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Streams).Select(i => Task.Run(() => read(i))));
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    /// <returns>Seconds to the first token.</returns>
    private static async Task<double> ReadEngineAsync(InferenceEngine engine, int stream, int tokens, Action? firstCame = null)
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
            if (first == 0 && update.TokenId is not null)
            {
                first = Stopwatch.GetElapsedTime(start).TotalSeconds;
                firstCame?.Invoke();
            }
        }

        return first;
    }

    /// <returns>Seconds to the first event.</returns>
    private static async Task<double> ReadHttpAsync(HttpClient client, int stream, int tokens, Action? firstCame = null)
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
            if (first == 0)
            {
                first = Stopwatch.GetElapsedTime(start).TotalSeconds;
                firstCame?.Invoke();
            }
        }

        return first;
    }

    // Any tokens do; each stream has its own, so that no prompt is another's beginning.
    private static int[] Prompt(int stream) =>
        [.. Enumerable.Range(0, PromptTokens).Select(i => 300 + ((((stream + 1) * 131) + (i * 17)) % 2000))];

    private static double Median(List<double> values) => Quantile(values, 0.5);

    private static double Quantile(List<double> values, double share)
    {
        double[] sorted = [.. values.Order()];
        return sorted[(int)(share * (sorted.Length - 1))];
    }

    private static string Spread(List<double> values, string format)
    {
        string At(double share) => Quantile(values, share).ToString(format, CultureInfo.InvariantCulture);
        return FormattableString.Invariant($"median {At(0.5)}, half of them {At(0.25)} to {At(0.75)} ({values.Count} pairs)");
    }
}
