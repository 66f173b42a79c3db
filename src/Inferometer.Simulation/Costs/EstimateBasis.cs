using Inferometer.Simulation.Calibration;

namespace Inferometer.Simulation.Costs;

/// <summary>What a plan's figures rest on, and how far measurements of such cases lay from predictions that had not seen them.</summary>
public sealed record EstimateBasis
{
    /// <summary>
    /// A sentence without its full stop, such as <c>fitted on 148 runs of this model and format on this device with vllm</c>.
    /// </summary>
    public required string RestsOn { get; init; }

    /// <summary>Framework whose coefficients were taken.</summary>
    public required string Framework { get; init; }

    /// <summary>How well the case is known.</summary>
    public required Familiarity Familiarity { get; init; }

    /// <summary>Fitted runs it rests on.</summary>
    public required int Runs { get; init; }

    /// <summary>Error of times per output token.</summary>
    public required CalibrationBand TimePerOutputToken { get; init; }

    /// <summary>Error of times to first token.</summary>
    public required CalibrationBand TimeToFirstToken { get; init; }

    /// <summary>Error of times of whole requests.</summary>
    public required CalibrationBand EndToEnd { get; init; }

    /// <summary>Where half of the measurements are expected around a predicted time.</summary>
    /// <param name="band">Band of the metric.</param>
    /// <param name="seconds">The time.</param>
    public static Interval Half(in CalibrationBand band, double seconds) => new(band.Low50 * seconds, band.High50 * seconds);

    /// <summary>Where nine tenths of the measurements are expected around a predicted time.</summary>
    /// <param name="band">Band of the metric.</param>
    /// <param name="seconds">The time.</param>
    public static Interval NineTenths(in CalibrationBand band, double seconds) => new(band.Low90 * seconds, band.High90 * seconds);

    internal static EstimateBasis Of(CalibrationMatch match) => new()
    {
        RestsOn = match.RestsOn,
        Framework = match.Subject.Framework.Name,
        Familiarity = match.Familiarity,
        Runs = match.Runs,
        TimePerOutputToken = match.Band(CalibratedMetric.TimePerOutputToken),
        TimeToFirstToken = match.Band(CalibratedMetric.TimeToFirstToken),
        EndToEnd = match.Band(CalibratedMetric.EndToEnd),
    };
}
