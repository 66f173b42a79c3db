using System.Runtime.InteropServices;

namespace Inferometer.Simulation.Calibration;

/// <summary>
/// Where measurements lay beside predictions that had not seen them: quantiles of measured over predicted. Half of them lay between
/// <paramref name="Low50"/> and <paramref name="High50"/>, nine tenths between <paramref name="Low90"/> and <paramref name="High90"/>.
/// </summary>
/// <param name="Familiarity">Cases it is of.</param>
/// <param name="Metric">Metric it is of.</param>
/// <param name="Runs">Held-out runs behind it; 0 = a belief, nothing was measured.</param>
/// <param name="Low90">Quantile 5 %, at most 1.</param>
/// <param name="Low50">Quantile 25 %, at most 1.</param>
/// <param name="High50">Quantile 75 %, at least 1.</param>
/// <param name="High90">Quantile 95 %, at least 1.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct CalibrationBand(
    Familiarity Familiarity, CalibratedMetric Metric, int Runs, double Low90, double Low50, double High50, double High90)
{
    /// <summary>Framework it is of; null = those without a band of their own.</summary>
    public string? Framework { get; init; }
}
