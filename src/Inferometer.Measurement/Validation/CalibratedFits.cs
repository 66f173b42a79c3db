using Inferometer.Measurement.Fitting;
using Inferometer.Measurement.Published;
using Inferometer.Measurement.Replay;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.Fitting;
using Inferometer.Simulation.Planning;

namespace Inferometer.Measurement.Validation;

/// <summary>The calibrated cost model, fitted anew to the rows it may see.</summary>
/// <param name="catalogs">Models and machines.</param>
/// <param name="configFolder">Folder of configurations of models that the catalog lacks; null = none.</param>
/// <param name="simulated">Predicts by the serving simulation instead of the formulas of a closed loop.</param>
public sealed class CalibratedFits(Catalogs catalogs, string? configFolder, bool simulated = false) : IFittedPredictors
{
    private const string Calibrated = "calibrated";

    /// <inheritdoc/>
    public string Name => simulated ? $"{Calibrated}, simulated" : Calibrated;

    /// <inheritdoc/>
    public IFittedPredictor FitTo(IReadOnlyList<ServingMeasurement> rows) =>
        new Fit(catalogs, configFolder, simulated, CalibrationFitter.Fit(RunsOf(rows), validate: false).Calibration);

    private IReadOnlyList<ServingRun> RunsOf(IReadOnlyList<ServingMeasurement> rows) =>
        RunsOf(new(catalogs, configFolder, Calibrated), rows);

    private static IReadOnlyList<ServingRun> RunsOf(ReplaySetup setup, IReadOnlyList<ServingMeasurement> rows) =>
        MeasuredRuns.Of(new PublishedTable { Path = "rows", Layout = "rows", Serving = rows }, setup);

    private static ReplaySetup SetupOf(Catalogs catalogs, string? configFolder, CalibrationSet set) =>
        new(catalogs with { Calibration = set with { Bands = CalibrationSet.BuiltIn.Bands } }, configFolder, Calibrated);

    private static IServingPredictor PredictorOf(ReplaySetup setup, bool simulated) =>
        simulated ? new SimulatedLoopPredictor(setup) : new ClosedLoopPredictor(setup);

    private sealed class Fit(Catalogs catalogs, string? configFolder, bool simulated, CalibrationSet set) : IFittedPredictor
    {
        private readonly ReplaySetup _setup = SetupOf(catalogs, configFolder, set);
        private IServingPredictor? _predictor;

        public string Name => Calibrated;

        public ServingPrediction Predict(ServingMeasurement row) => (_predictor ??= PredictorOf(_setup, simulated)).Predict(row);

        public IReadOnlyList<ServingMeasurement> MostTelling(IReadOnlyList<ServingMeasurement> rows, int count)
        {
            Dictionary<string, ServingMeasurement> byId = rows.ToDictionary(r => r.Id, StringComparer.Ordinal);
            IReadOnlyList<ServingRun> runs = RunsOf(_setup, rows);
            return [.. CalibrationDesign.Choose(set, runs, [], count).Select(i => byId[runs[i].Id])];
        }

        public IServingPredictor CorrectedBy(IReadOnlyList<ServingMeasurement> rows)
        {
            CalibrationSet own = UserCalibration.Fit("own", set, RunsOf(_setup, rows), ofFormulas: !simulated).Calibration;
            return PredictorOf(SetupOf(catalogs, configFolder, set.With(own)), simulated);
        }
    }
}
