using System.Globalization;
using Inferometer.Core;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.Costs;

namespace Inferometer.Simulation.Fitting;

/// <summary>
/// A user's own calibration from a handful of runs: the group factors of the fit, found for each deployment's group with the shipped
/// coefficients held, so that a few runs move only what they speak of. What is made to agree with the runs is the simulated service.
/// Deterministic.
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
    /// <param name="runs">Measured runs; those of one model, format, device and framework are fitted together.</param>
    /// <param name="rates">Measured rates of engines by themselves, fitted before the runs of the same group.</param>
    /// <param name="ofFormulas">
    /// What is made to agree with the runs: the formulas of closed loops (<see cref="ClosedLoop.ClosedLoopModel"/>) instead of a simulated
    /// service, for those who price many runs by these.
    /// </param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>Layers alone, without those below.</returns>
    /// <exception cref="InferometerException">There is neither run nor rate, or one that cannot have been measured; the message names it.
    /// </exception>
    public static UserCalibrationResult Fit(
        string name, CalibrationSet below, IReadOnlyList<ServingRun> runs, IReadOnlyList<RateRun>? rates = null,
        bool ofFormulas = false, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(below);
        ArgumentNullException.ThrowIfNull(runs);
        RateCase[] engine = [.. (rates ?? []).Select(rate => new RateCase(rate))];
        FitCase[] cases = FitCase.Of(runs);
        if (cases.Length + engine.Length == 0)
        {
            throw new InferometerException("calibrate: there is no run to calibrate to.");
        }

        ServedTimes[] before = Times(below, cases, ofFormulas, cancellationToken);
        double[] stepsBefore = Steps(below, engine);
        for (int i = 0; i < cases.Length; i++)
        {
            Refuse(cases[i].Run, before[i]);
        }

        for (int i = 0; i < engine.Length; i++)
        {
            RateRun rate = engine[i].Run;
            Check(rate.Id, rate.IsPrompt ? "prompt" : "step", rate.StepSeconds, stepsBefore[i]);
        }

        List<CalibrationLayer> layers = [];
        foreach (IGrouping<string, RateCase> group in engine.GroupBy(c => c.Group, StringComparer.Ordinal))
        {
            layers.Add(CalibrationFit.Group([.. group], below, TokenNoise, cancellationToken));
        }

        CalibrationSet with = below.With(new CalibrationSet { Name = name, Layers = [.. layers] });
        foreach (IGrouping<string, FitCase> group in cases.GroupBy(c => c.Group, StringComparer.Ordinal))
        {
            layers.Add(ofFormulas
                ? CalibrationFit.GroupOfFormulas([.. group], with, TokenNoise, FirstTokenNoise, cancellationToken)
                : CalibrationFit.Group([.. group], with, TokenNoise, FirstTokenNoise, cancellationToken));
        }

        CalibrationSet own = new() { Name = name, Layers = [.. layers] };
        CalibrationSet all = below.With(own);
        return new UserCalibrationResult(
            own,
            [
                .. runs.Zip(before, Times(all, cases, ofFormulas, cancellationToken))
                    .Select(x => new CalibratedRun(x.First, x.Second, x.Third)),
            ],
            [.. engine.Zip(stepsBefore, Steps(all, engine)).Select(x => new CalibratedRate(x.First.Run, x.Second, x.Third))]);
    }

    private static ServedTimes[] Times(
        CalibrationSet set, FitCase[] cases, bool ofFormulas, CancellationToken cancellationToken)
    {
        CalibratedCostModel model = new(set);
        return [.. cases.Select(c => ServedTimes.Of(c, model.Prepare(c.Run.Request), ofFormulas, cancellationToken))];
    }

    private static double[] Steps(CalibrationSet set, RateCase[] cases)
    {
        CalibratedCostModel model = new(set);
        return [.. cases.Select(c => RateStage.Predict(model.Prepare(c.Run.Request), c.Run))];
    }

    private static void Refuse(ServingRun run, in ServedTimes predicted)
    {
        Check(run.Id, "time per output token", run.TimePerOutputTokenSeconds, predicted.TimePerOutputTokenSeconds);
        Check(run.Id, "time to first token", run.TimeToFirstTokenSeconds, predicted.TimeToFirstTokenSeconds);
    }

    private static void Check(string id, string what, double? measured, double expected)
    {
        if (measured is { } m && (m > MostRatio * expected || m < expected / MostRatio))
        {
            throw new InferometerException(string.Create(
                CultureInfo.InvariantCulture,
                $"{id}: a {what} of {m * 1000:0.###} ms where {expected * 1000:0.###} ms is predicted cannot be of this "
                    + $"deployment; is its unit as the file says, and is it of this model and machine?"));
        }
    }
}

/// <summary>A user's calibration and what it changed.</summary>
/// <param name="Calibration">The layers.</param>
/// <param name="Runs">The runs, before and after.</param>
/// <param name="Rates">The rates, before and after.</param>
public sealed record UserCalibrationResult(
    CalibrationSet Calibration, EquatableList<CalibratedRun> Runs, EquatableList<CalibratedRate> Rates);

/// <summary>One run, predicted without and with a user's calibration, as a simulated service gives it.</summary>
/// <param name="Run">The run.</param>
/// <param name="Before">Without.</param>
/// <param name="After">With.</param>
public sealed record CalibratedRun(ServingRun Run, ServedTimes Before, ServedTimes After);

/// <summary>One rate of an engine by itself, predicted without and with a calibration.</summary>
/// <param name="Rate">The rate.</param>
/// <param name="BeforeSeconds">Its step without.</param>
/// <param name="AfterSeconds">Its step with.</param>
public sealed record CalibratedRate(RateRun Rate, double BeforeSeconds, double AfterSeconds);
