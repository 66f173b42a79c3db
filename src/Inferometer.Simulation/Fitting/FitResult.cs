using Inferometer.Core;
using Inferometer.Simulation.Calibration;

namespace Inferometer.Simulation.Fitting;

/// <summary>A fitted calibration with what is known of its errors.</summary>
public sealed record FitResult
{
    /// <summary>The calibration, bands included.</summary>
    public required CalibrationSet Calibration { get; init; }

    /// <summary>Runs it was fitted to.</summary>
    public required int Runs { get; init; }

    /// <summary>Errors, in-sample first, then by way of holding out.</summary>
    public required EquatableList<FitError> Errors { get; init; }

    /// <summary>
    /// Share of held-out runs inside the 90 % band, where the band was learned from the other half of the groups.
    /// </summary>
    public required EquatableList<BandCoverage> Coverage { get; init; }
}

/// <summary>How often a band held.</summary>
/// <param name="Familiarity">Cases.</param>
/// <param name="Metric">Metric.</param>
/// <param name="Runs">Runs.</param>
/// <param name="Within50">Share inside the 50 % band.</param>
/// <param name="Within90">Share inside the 90 % band.</param>
public sealed record BandCoverage(Familiarity Familiarity, CalibratedMetric Metric, int Runs, double Within50, double Within90);
