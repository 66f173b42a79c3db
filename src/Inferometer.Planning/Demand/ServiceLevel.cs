using System.Globalization;
using Inferometer.Core;
using Inferometer.Serving;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.Costs;

namespace Inferometer.Planning.Demand;

/// <summary>
/// A service level whose every limit has its percentile, and how sure it must be kept: predictions are off by what measurements of such
/// cases showed, and a plan can be asked to hold where they are off to its disadvantage. Immutable.
/// </summary>
public sealed record ServiceLevel
{
    /// <summary>Confidences that can be asked: what is known of errors are the quantiles of <see cref="CalibrationBand"/>.</summary>
    public static IReadOnlyList<int> Confidences { get; } = [50, 75, 95];

    /// <summary>The limits, each with its percentile.</summary>
    public required EquatableList<SloLimit> Limits { get; init; }

    /// <summary>
    /// Percent of the services that should keep the level though predictions err: 50 = as predicted, 75 and 95 = by the upper quarter and
    /// twentieth of the errors that were seen.
    /// </summary>
    public int Confidence { get; init; } = 50;

    /// <summary>Takes a level.</summary>
    /// <param name="slo">Its limits.</param>
    /// <param name="percentile">Percentile of limits that name none, above 0 up to 100.</param>
    /// <param name="confidence">One of <see cref="Confidences"/>.</param>
    /// <exception cref="InferometerException">A percentile or the confidence is not allowed.</exception>
    public static ServiceLevel Of(Slo slo, double percentile, int confidence = 50)
    {
        ArgumentNullException.ThrowIfNull(slo);
        if (percentile is not (> 0 and <= 100))
        {
            throw new InferometerException(string.Create(
                CultureInfo.InvariantCulture, $"percentile: {percentile} is not allowed; it must be above 0 up to 100."));
        }

        return Confidences.Contains(confidence)
            ? new ServiceLevel
            {
                Limits = [.. slo.Limits.Select(limit => limit with { Percentile = limit.Percentile ?? percentile })],
                Confidence = confidence,
            }
            : throw new InferometerException($"confidence: {confidence} is not allowed; it must be 50, 75 or 95.");
    }

    /// <summary>The predicted time that a limit allows: the limit itself, or less where the plan must hold though predictions
    /// err.</summary>
    /// <param name="limit">One of the limits.</param>
    /// <param name="basis">What is known of the errors; null = nothing, and the limit is taken as it is.</param>
    public double AllowedSeconds(SloLimit limit, EstimateBasis? basis)
    {
        ArgumentNullException.ThrowIfNull(limit);
        if (basis is null || Confidence == 50)
        {
            return limit.Seconds;
        }

        CalibrationBand band = BandOf(limit.Metric, basis);
        return limit.Seconds / (Confidence == 75 ? band.High50 : band.High90);
    }

    /// <summary>The errors of a metric.</summary>
    public static CalibrationBand BandOf(LatencyMetric metric, EstimateBasis basis)
    {
        ArgumentNullException.ThrowIfNull(basis);
        return metric switch
        {
            LatencyMetric.TimeToFirstToken => basis.TimeToFirstToken,
            LatencyMetric.EndToEnd => basis.EndToEnd,
            _ => basis.TimePerOutputToken,
        };
    }

    /// <summary>The level with every limit multiplied.</summary>
    public ServiceLevel Scale(LatencyMetric metric, double factor) => this with
    {
        Limits = [.. Limits.Select(l => l.Metric == metric ? l with { Seconds = l.Seconds * factor } : l)],
    };

    /// <summary>A limit as people write it: <c>p90 TTFT &lt; 500 ms</c>.</summary>
    public static string Words(SloLimit limit)
    {
        ArgumentNullException.ThrowIfNull(limit);
        return string.Create(
            CultureInfo.InvariantCulture,
            $"p{limit.Percentile} {SloLimit.NameOf(limit.Metric).ToUpperInvariant()} < {limit.Seconds * 1000:0.###} ms");
    }

    /// <summary>All limits in words.</summary>
    public override string ToString() => string.Join(", ", Limits.Select(Words));
}
