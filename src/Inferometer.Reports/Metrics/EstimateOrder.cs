using Inferometer.Core;
using Inferometer.Simulation.Planning;
using Inferometer.Simulation.Results;

namespace Inferometer.Reports.Metrics;

/// <summary>An order of estimates: by a metric, the better first unless told otherwise. What has no value comes last.</summary>
/// <param name="Metric">The metric.</param>
/// <param name="IsDescending">Larger values first.</param>
public sealed record EstimateOrder(Metric<SimulationResult> Metric, bool IsDescending)
{
    /// <summary>What can be written, as a placeholder in help.</summary>
    public const string Help = "METRIC[:asc|desc]";

    /// <summary>Reads <c>ttft_ms</c>, <c>cost</c> or <c>devices:desc</c>.</summary>
    /// <param name="text">The text.</param>
    /// <param name="origin">Where it came from, for the error.</param>
    /// <exception cref="InferometerException">No such metric, or another word behind the colon.</exception>
    public static EstimateOrder Parse(string text, string origin)
    {
        ArgumentNullException.ThrowIfNull(text);
        string[] parts = text.Split(':');
        Metric<SimulationResult> metric = MetricNames.Find(parts[0], text, origin);
        return parts switch
        {
            [_] => new(metric, metric.Better == Direction.HigherIsBetter),
            [_, "asc"] => new(metric, false),
            [_, "desc"] => new(metric, true),
            _ => throw new InferometerException($"{origin}: '{text}' is not allowed; it must be a metric, METRIC:asc or METRIC:desc."),
        };
    }

    /// <summary>The estimates in this order; equal ones stay in theirs.</summary>
    public IReadOnlyList<Estimate> Sort(IReadOnlyList<Estimate> estimates)
    {
        ArgumentNullException.ThrowIfNull(estimates);
        return
        [
            .. estimates.OrderBy(e => ValueOf(e) is null).ThenBy(e => ValueOf(e) is { } value ? IsDescending ? -value : value : 0),
        ];
    }

    private double? ValueOf(Estimate estimate) => estimate.Result is { } result ? Metric.Of(result) : null;
}
