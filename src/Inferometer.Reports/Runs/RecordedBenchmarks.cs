using System.Globalization;
using Inferometer.Compression.Evaluation;
using Inferometer.History.Records;
using Inferometer.Measurement.Ablation;
using Inferometer.Measurement.Benchmarks;
using Inferometer.Measurement.Evaluation;
using Inferometer.Reports.Metrics;
using Inferometer.Simulation.Results;

namespace Inferometer.Reports.Runs;

/// <summary>What the history keeps of estimates and of what runs a model without a service.</summary>
public static class RecordedBenchmarks
{
    private const string TokensPerSecond = "tokens/s";

    private static readonly string[] EstimateHeadlines = ["ttft_ms", "tpot_ms", "throughput_tokens_per_s"];

    /// <summary>Of an estimate.</summary>
    /// <param name="result">The estimate.</param>
    public static RecordedFigures Of(SimulationResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return new RecordedFigures(
            [
                .. EstimateMetrics.All.Where(m => !m.IsSearched).Select(m => RecordedFigures.Of(m, result)).OfType<RunMetric>()
                    .Select(m => m with { IsHeadline = EstimateHeadlines.Contains(m.Key, StringComparer.Ordinal) }),
            ],
            []);
    }

    /// <summary>Of tests as llama-bench times them: each a rate, with its repetitions. Their keys are the tests' names.</summary>
    /// <param name="results">The tests.</param>
    public static RecordedFigures Of(IReadOnlyList<BenchResult> results)
    {
        ArgumentNullException.ThrowIfNull(results);
        bool several = results.Select(r => r.Limits?.Threads).Distinct().Count() > 1;
        return Rates(results.Select(r => (
            several ? KeyOf(r.Samples.Test.Name, r.Limits?.Threads) : r.Samples.Test.Name,
            (IReadOnlyList<double>)r.Samples.Rates)));
    }

    /// <summary>What a test is called beside the same one with another number of threads.</summary>
    /// <param name="test">The test's name.</param>
    /// <param name="threads">The threads.</param>
    public static string KeyOf(string test, int? threads) => string.Create(CultureInfo.InvariantCulture, $"{test} t{threads}");

    /// <summary>Of optimisations off and on: the time of the workload with each configuration, with its rounds.</summary>
    /// <param name="result">What came of it.</param>
    public static RecordedFigures Of(AblationResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        List<RunMetric> metrics = [];
        List<RunSeries> series = [];
        foreach (MeasuredConfiguration configuration in result.Measurement.Configurations)
        {
            string key = $"seconds {configuration.Configuration.Name}";
            series.Add(new RunSeries(key, "s", configuration.RoundSeconds));
            metrics.Add(new RunMetric
            {
                Key = key,
                Name = configuration.Configuration.Name,
                Unit = "s",
                Better = Better.Lower,
                Value = configuration.Seconds,
                Statistic = Statistic.Median,
                Series = key,
            });
        }

        return new RecordedFigures(metrics, series);
    }

    /// <summary>Of a perplexity.</summary>
    /// <param name="result">What was measured.</param>
    /// <param name="seconds">How long that took.</param>
    public static RecordedFigures Of(PerplexityResult result, double seconds)
    {
        ArgumentNullException.ThrowIfNull(result);
        return new RecordedFigures(
            [
                Lower("perplexity", "Perplexity", "", result.Perplexity) with { StandardError = result.StandardError, IsHeadline = true },
                Lower("mean_nll_nats", "Mean NLL", "nats/token", result.MeanNegativeLogLikelihood)
                    with { StandardError = result.StandardError / result.Perplexity },
                Lower("scored_tokens", "Scored", "tokens", result.ScoredTokens) with { Better = Better.Neither },
                Lower("seconds", "Time", "s", seconds),
            ],
            []);
    }

    /// <summary>Of compressed caches beside the exact one. Keys are the figure and the cache's name.</summary>
    /// <param name="comparison">What was measured.</param>
    public static RecordedFigures Of(CacheComparison comparison)
    {
        ArgumentNullException.ThrowIfNull(comparison);
        List<RunMetric> metrics = [Lower("perplexity f16", "Perplexity, f16", "", comparison.Caches[0].Quality.ExactPerplexity)];
        foreach (ComparedCache cache in comparison.Caches)
        {
            CacheQuality q = cache.Quality;
            metrics.AddRange(
            [
                Lower($"perplexity {q.Name}", $"Perplexity, {q.Name}", "", q.Perplexity) with { IsHeadline = true },
                Lower($"kl_divergence_nats {q.Name}", $"KL, {q.Name}", "nats", q.KlDivergence),
                Lower($"top_one_agreement {q.Name}", $"Top-1, {q.Name}", "", q.TopOneAgreement) with { Better = Better.Higher },
                Lower($"bytes_per_token {q.Name}", $"Bytes per token, {q.Name}", "bytes", q.BytesPerToken),
            ]);
        }

        IEnumerable<(string Name, IReadOnlyList<IReadOnlyList<double>> Rounds)> caches =
            comparison.Caches.Select(c => (c.Quality.Name, c.DecodeRounds)).Prepend(("f16", comparison.ExactDecodeRounds));
        RecordedFigures speeds = Rates(
            from cache in caches
            from context in comparison.Contexts.Zip(cache.Rounds)
            select (string.Create(CultureInfo.InvariantCulture, $"decode {cache.Name} @{context.First}"), context.Second));
        return new RecordedFigures([.. metrics, .. speeds.Metrics.Select(m => m with { IsHeadline = false })], speeds.Series);
    }

    private static RecordedFigures Rates(IEnumerable<(string Name, IReadOnlyList<double> Values)> rates)
    {
        List<RunMetric> metrics = [];
        List<RunSeries> series = [];
        foreach ((string name, IReadOnlyList<double> values) in rates)
        {
            series.Add(new RunSeries(name, TokensPerSecond, values));
            metrics.Add(new RunMetric
            {
                Key = name,
                Name = name,
                Unit = TokensPerSecond,
                Better = Better.Higher,
                Value = values.Average(),
                Statistic = Statistic.Mean,
                Series = name,
                IsHeadline = true,
            });
        }

        return new RecordedFigures(metrics, series);
    }

    private static RunMetric Lower(string key, string name, string unit, double value) =>
        new() { Key = key, Name = name, Unit = unit, Better = Better.Lower, Value = value };
}
