using System.Diagnostics;
using System.Globalization;
using Inferometer.Measurement.Load;
using Inferometer.ReferenceModels;
using Inferometer.Serving;
using Inferometer.Serving.Arrivals;

namespace Inferometer.Benchmarks.Load;

/// <summary>
/// How far the load generator's times are from the truth: a scripted server on loopback notes when it wrote each piece of text, and each
/// time that the generator noted is set beside it. Verb <c>load-truth</c>, with the requests a second.
/// </summary>
internal static class LoadTruthReport
{
    private const int Seconds = 10;
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(30);
    private static readonly TimeSpan Gap = TimeSpan.FromMilliseconds(10);

    public static void Run(double rate)
    {
        using ScriptedServer server = new(asked => new([First, .. Enumerable.Repeat(Gap, asked.MaxTokens - 1)]));
        using OpenAiTarget target = new(new OpenAiTargetOptions { Address = server.Address });
        target.PrepareAsync(CancellationToken.None).GetAwaiter().GetResult();

        // A second of the same before, so that connections stand and code is compiled.
        Measure(target, server, rate, (int)rate, print: false);
        Measure(target, server, rate, (int)(rate * Seconds), print: true);
    }

    private static void Measure(OpenAiTarget target, ScriptedServer server, double rate, int requests, bool print)
    {
        server.Answers.Clear();
        long before = Stopwatch.GetTimestamp();
        LoadResult result = new LoadGenerator(target, new LoadOptions())
            .RunAsync(ArrivalTrace.Poisson(requests, rate, 20, 4, seed: 1).ToSource()).GetAwaiter().GetResult();
        if (!print)
        {
            return;
        }

        // The load's clock begins after "before" by less than the least difference between both.
        Dictionary<long, double[]> truth = server.Answers.ToDictionary(
            a => (long)a.Asked.Number, a => a.Ticks.Select(t => Stopwatch.GetElapsedTime(before, t).TotalSeconds).ToArray());
        double[][] said = [.. result.Timelines.Select(t => t.Deliveries.Select(d => d.Seconds).ToArray())];
        double[][] wrote = [.. truth.OrderBy(t => t.Value[0]).Select(t => t.Value)];
        double[] firsts = [.. said.Select(s => s[0]).Order()], lasts = [.. said.Select(s => s[^1]).Order()];
        double[] errors =
        [
            .. firsts.Zip(wrote.Select(w => w[0]).Order(), (a, b) => a - b),
            .. lasts.Zip(wrote.Select(w => w[^1]).Order(), (a, b) => a - b),
        ];
        double origin = errors.Min();
        MetricSummary summary = MetricSummary.Of([.. errors.Select(e => (e - origin) * 1000)])!;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{rate:0} requests/s, {result.Timelines.Count} requests, {result.Errors.Sum(e => e.Count)} failed"));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"noted after written, ms: p50 {summary.P50:0.000}, p90 {summary.P90:0.000}, p99 {summary.P99:0.000}, "
                + $"most {summary.Max:0.000}"));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"sent after due, ms:      p50 {result.Lateness.P50 * 1000:0.000}, p90 {result.Lateness.P90 * 1000:0.000}, p99 "
                + $"{result.Lateness.P99 * 1000:0.000}, most {result.Lateness.Max * 1000:0.000}"));
    }
}
