using System.Globalization;
using Inferometer.Core;
using Inferometer.Simulation.Planning;
using Inferometer.Simulation.Results;

namespace Inferometer.Reports.Metrics;

/// <summary>A condition on a metric: <c>ttft_ms&lt;500</c>. What has no value does not meet it.</summary>
/// <param name="Metric">The metric.</param>
/// <param name="Comparison">One of &lt;, &lt;=, &gt;, &gt;=.</param>
/// <param name="Limit">What it is compared with.</param>
public sealed record EstimateFilter(Metric<SimulationResult> Metric, string Comparison, double Limit)
{
    /// <summary>What can be written, as a placeholder in help.</summary>
    public const string Help = "METRIC<X";

    private const NumberStyles Digits = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint;

    private static readonly string[] Comparisons = ["<=", ">=", "<", ">"];

    /// <summary>Reads <c>ttft_ms&lt;500</c> or <c>devices&lt;=8</c>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="origin">Where it came from, for the error.</param>
    /// <exception cref="InferometerException">It is no such condition.</exception>
    public static EstimateFilter Parse(string text, string origin)
    {
        ArgumentNullException.ThrowIfNull(text);
        string? comparison = Array.Find(Comparisons, c => text.Contains(c, StringComparison.Ordinal));
        string[] sides = comparison is null ? [] : text.Split(comparison, StringSplitOptions.TrimEntries);
        return sides.Length == 2
            && double.TryParse(sides[1], Digits, CultureInfo.InvariantCulture, out double limit)
            ? new(MetricNames.Find(sides[0], text, origin), comparison!, limit)
            : throw new InferometerException(
                $"{origin}: '{text}' is not allowed; it must be a metric, one of <, <=, >, >=, and a number, such as ttft_ms<500.");
    }

    /// <summary>Whether an estimate meets it.</summary>
    public bool Accepts(Estimate estimate)
    {
        ArgumentNullException.ThrowIfNull(estimate);
        return estimate.Result is { } result && Metric.Of(result) is { } value && Comparison switch
        {
            "<" => value < Limit,
            "<=" => value <= Limit,
            ">" => value > Limit,
            _ => value >= Limit,
        };
    }
}
