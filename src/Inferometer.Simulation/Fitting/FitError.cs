using Inferometer.Simulation.Calibration;

namespace Inferometer.Simulation.Fitting;

/// <summary>How far predictions lay from measurements that their fit had not seen. Shares, not per cent.</summary>
/// <param name="HoldOut">How runs were held back; null = they were fitted too.</param>
/// <param name="Part">What was held back, such as a device; null = all parts together.</param>
/// <param name="Metric">The metric.</param>
/// <param name="Runs">Runs.</param>
/// <param name="MeanError">Mean of |predicted / measured - 1|.</param>
/// <param name="MedianError">Median of the same.</param>
/// <param name="HighError">Its quantile 90 %.</param>
/// <param name="Bias">Mean of predicted / measured - 1.</param>
public sealed record FitError(
    HoldOut? HoldOut, string? Part, CalibratedMetric Metric, int Runs, double MeanError, double MedianError, double HighError, double Bias);
