using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Costs;

/// <summary>
/// Operators at the shares of the datasheet that measured runs reached, with what a serving framework's step takes beside them, by
/// framework,
/// device, model and format. Says what each figure rests on and how far measurements lie from such predictions. Formulas and accuracy in
/// docs/fidelity.md. Its plans price a step in microseconds and allocate nothing unless rows are asked for.
/// </summary>
public sealed class CalibratedCostModel : ICostModel
{
    private readonly CalibrationSet? _calibration;

    /// <summary>Uses a calibration.</summary>
    /// <param name="calibration">The calibration; null = the one that ships with the program.</param>
    public CalibratedCostModel(CalibrationSet? calibration = null) => _calibration = calibration;

    /// <inheritdoc/>
    public string Name => "calibrated";

    /// <summary>The calibration it uses.</summary>
    public CalibrationSet Calibration => _calibration ?? CalibrationSet.BuiltIn;

    /// <inheritdoc/>
    public ICostPlan Prepare(EstimateRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        CalibrationMatch match = Calibration.Match(request);
        if (request.System.Devices.Count == 0 || match.Familiarity <= Familiarity.Related)
        {
            return new CalibratedPlan(Name, request, match);
        }

        // Unequal devices run at their own rates, and what is said of the whole rests on the one that least is known of.
        CalibrationMatch[] stages =
        [
            .. request.System.Devices.Select(device =>
                Calibration.Match(request with { System = request.System with { Device = device, Devices = [] } })),
        ];
        CalibrationMatch least = stages.OrderByDescending(stage => stage.Familiarity).ThenBy(stage => stage.Runs).First();
        return new CalibratedPlan(Name, request, least, stages);
    }
}
