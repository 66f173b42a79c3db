using System.Globalization;
using Inferometer.Core;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.ClosedLoop;
using Inferometer.Simulation.Costs;

namespace Inferometer.Simulation.Fitting;

/// <summary>
/// A user's own calibration from a handful of runs: the group factors of the fit, found for each deployment's group with the shipped
/// coefficients held, so that a few runs move only what they speak of. Deterministic.
/// </summary>
public static class UserCalibration
{
    // Beyond this the numbers are of another unit or another machine, not of a slow service.
    private const double MostRatio = 20;

    /// <summary>Standard deviation of the logarithm of a measured time per token that is no fault of the model.</summary>
    internal const double TokenNoise = 0.06;

    /// <summary>The same of a time to first token.</summary>
    internal const double FirstTokenNoise = 0.15;

    /// <summary>Fits.</summary>
    /// <param name="name">Name of the calibration.</param>
    /// <param name="below">Calibration it stands on.</param>
    /// <param name="runs">Measured runs, at least one; those of one model, format, device and framework are fitted together.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Layers alone, without those below.</returns>
    /// <exception cref="InferometerException">There is no run, or one that cannot have been measured; the message names it.</exception>
    public static UserCalibrationResult Fit(
        string name, CalibrationSet below, IReadOnlyList<ServingRun> runs, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(below);
        ArgumentNullException.ThrowIfNull(runs);
        if (runs.Count == 0)
        {
            throw new InferometerException("calibrate: there is no run to calibrate to.");
        }

        FitCase[] cases = FitCase.Of(runs);
        ClosedLoopEstimate[] before = Estimates(below, cases);
        for (int i = 0; i < cases.Length; i++)
        {
            Refuse(cases[i].Run, before[i]);
        }

        List<CalibrationLayer> layers = [];
        foreach (IGrouping<string, FitCase> group in cases.GroupBy(c => c.Group, StringComparer.Ordinal))
        {
            layers.Add(CalibrationFit.Group([.. group], below, TokenNoise, FirstTokenNoise, cancellationToken));
        }

        CalibrationSet own = new() { Name = name, Layers = [.. layers] };
        return new UserCalibrationResult(own, [.. runs.Zip(before, Estimates(below.With(own), cases))
            .Select(x => new CalibratedRun(x.First, x.Second, x.Third))]);
    }

    private static ClosedLoopEstimate[] Estimates(CalibrationSet set, FitCase[] cases)
    {
        CalibratedCostModel model = new(set);
        return [.. cases.Select(c => ClosedLoopModel.Estimate(model.Prepare(c.Run.Request), c.Run.Load))];
    }

    private static void Refuse(ServingRun run, ClosedLoopEstimate predicted)
    {
        Check("time per output token", run.TimePerOutputTokenSeconds, predicted.TimePerOutputTokenSeconds);
        Check("time to first token", run.TimeToFirstTokenSeconds, predicted.TimeToFirstTokenSeconds);

        void Check(string what, double? measured, double expected)
        {
            if (measured is { } m && (m > MostRatio * expected || m < expected / MostRatio))
            {
                throw new InferometerException(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{run.Id}: a {what} of {m * 1000:0.###} ms where {expected * 1000:0.###} ms is predicted cannot be of this "
                        + $"deployment; is it in milliseconds, and of this model and machine?"));
            }
        }
    }
}

/// <summary>A user's calibration and what it changed.</summary>
/// <param name="Calibration">The layers.</param>
/// <param name="Runs">The runs, before and after.</param>
public sealed record UserCalibrationResult(CalibrationSet Calibration, EquatableList<CalibratedRun> Runs);

/// <summary>One run, predicted without and with a user's calibration.</summary>
/// <param name="Run">The run.</param>
/// <param name="Before">Without.</param>
/// <param name="After">With.</param>
public sealed record CalibratedRun(ServingRun Run, ClosedLoopEstimate Before, ClosedLoopEstimate After);
