using System.Globalization;
using Inferometer.Core;
using Inferometer.Simulation.Results;
using Inferometer.Simulation.Serving;

namespace Inferometer.Reports.Metrics;

/// <summary>What results are chosen and ordered by, in the words that people write: keys of metrics, and words for the main ones.</summary>
public static class MetricChoice
{
    /// <summary>How an order is written, as a placeholder in help.</summary>
    public const string OrderHelp = "METRIC[:asc|desc]";

    /// <summary>How a condition is written, as a placeholder in help.</summary>
    public const string FilterHelp = "METRIC<X";

    /// <summary>Of estimates.</summary>
    public static MetricChoice<SimulationResult> OfEstimates { get; } = new(
        EstimateMetrics.All,
        [
            new("throughput", "most tokens per second", EstimateMetrics.Throughput),
            new("ttft", "shortest time to first token", EstimateMetrics.TimeToFirstToken),
            new("tpot", "shortest time per output token", EstimateMetrics.TimePerOutputToken),
            new("e2e", "shortest end-to-end latency", EstimateMetrics.EndToEnd),
            new("cost", "cheapest token", EstimateMetrics.Cost),
            new("energy", "least energy per token", EstimateMetrics.Energy),
        ],
        "ttft_ms<500");

    /// <summary>Of services; latencies are medians.</summary>
    public static MetricChoice<ServiceResult> OfServices { get; } = new(
        ServiceMetrics.All,
        [
            new("throughput", "most tokens generated per second", Service("sustained_output_throughput")),
            new("ttft", "shortest median time to first token", Service("median_ttft_ms")),
            new("tpot", "shortest median time per output token", Service("median_tpot_ms")),
            new("e2e", "shortest median end-to-end latency", Service("median_e2el_ms")),
            new("cost", "cheapest token", Service("usd_per_million_output_tokens")),
            new("energy", "least energy per token", Service("joules_per_output_token")),
        ],
        "p90_ttft_ms<500");

    /// <summary>The words for the main metrics, which both have.</summary>
    public static IReadOnlyList<string> Words { get; } = [.. OfEstimates.Objectives.Select(o => o.Name)];

    private static Metric<ServiceResult> Service(string key) =>
        ServiceMetrics.All.Single(m => string.Equals(m.Key, key, StringComparison.Ordinal));
}

/// <summary>The same of one kind of result.</summary>
/// <typeparam name="TResult">The result that metrics are read from.</typeparam>
/// <param name="metrics">All metrics.</param>
/// <param name="objectives">The main ones, the usual one first.</param>
/// <param name="example">A condition, for errors.</param>
public sealed class MetricChoice<TResult>(
    IReadOnlyList<Metric<TResult>> metrics, IReadOnlyList<Objective<TResult>> objectives, string example)
    where TResult : class
{
    private const NumberStyles Digits = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint;

    private static readonly string[] s_comparisons = ["<=", ">=", "<", ">"];

    /// <summary>The main ones, the usual one first.</summary>
    public IReadOnlyList<Objective<TResult>> Objectives => objectives;

    /// <summary>Finds an objective by its word.</summary>
    /// <exception cref="InferometerException">There is none.</exception>
    public Objective<TResult> Best(string name) => objectives.FirstOrDefault(o => Same(o.Name, name))
        ?? throw new InferometerException(
            $"--best: '{name}' is not allowed; it must be {string.Join(", ", objectives.Select(o => o.Name))}.");

    /// <summary>Reads an order: <c>ttft_ms</c>, <c>cost</c> or <c>devices:desc</c>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="origin">Where it came from, for the error.</param>
    /// <exception cref="InferometerException">No such metric, or another word behind the colon.</exception>
    public MetricOrder<TResult> Order(string text, string origin)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] parts = text.Split(':');
        Metric<TResult> metric = Find(parts[0], text, origin);
        return parts switch
        {
            [_] => new(metric, metric.Better == Direction.HigherIsBetter),
            [_, "asc"] => new(metric, false),
            [_, "desc"] => new(metric, true),
            _ => throw new InferometerException($"{origin}: '{text}' is not allowed; it must be a metric, METRIC:asc or METRIC:desc."),
        };
    }

    /// <summary>Reads a condition: <c>ttft_ms&lt;500</c> or <c>devices&lt;=8</c>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="origin">Where it came from, for the error.</param>
    /// <exception cref="InferometerException">It is no such condition.</exception>
    public MetricFilter<TResult> Filter(string text, string origin)
    {
        ArgumentNullException.ThrowIfNull(text);
        string? comparison = Array.Find(s_comparisons, c => text.Contains(c, StringComparison.Ordinal));
        string[] sides = comparison is null ? [] : text.Split(comparison, StringSplitOptions.TrimEntries);
        return sides.Length == 2
            && double.TryParse(sides[1], Digits, CultureInfo.InvariantCulture, out double limit)
            ? new(Find(sides[0], text, origin), comparison!, limit)
            : throw new InferometerException(
                $"{origin}: '{text}' is not allowed; it must be a metric, one of <, <=, >, >=, and a number, such as {example}.");
    }

    private Metric<TResult> Find(string name, string text, string origin)
    {
        Metric<TResult>? metric = metrics.FirstOrDefault(m => Same(m.Key, name))
            ?? objectives.FirstOrDefault(o => Same(o.Name, name))?.Metric;
        string[] known = [.. objectives.Select(o => o.Name), .. metrics.Select(m => m.Key)];
        return metric ?? throw new InferometerException(
            $"{origin}: '{text}' is not allowed; it must begin with a metric.{NameSuggestion.For(name, known)} "
            + $"Metrics: {NameSuggestion.List(name, known)} (docs/metrics.md).");
    }

    private static bool Same(string known, string name) => string.Equals(known, name, StringComparison.OrdinalIgnoreCase);
}
