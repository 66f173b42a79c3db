using System.Globalization;
using Inferometer.Core;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.ClosedLoop;
using Inferometer.Simulation.Costs;

namespace Inferometer.Simulation.Fitting;

/// <summary>Fits a calibration to measured closed loops and finds out by cross-validation how far to trust it. Deterministic.</summary>
public static class CalibrationFitter
{
    private const int LeastRuns = 20;

    private static readonly HoldOut[] Ways =
        [HoldOut.RandomFifth, HoldOut.WholeGroups, HoldOut.Model, HoldOut.Device, HoldOut.Framework];

    /// <summary>Fits and cross-validates.</summary>
    /// <param name="runs">Measured runs; at least 20.</param>
    /// <param name="validate">Hold runs back in all ways and learn the bands; false = a fit without bands, in a few seconds.</param>
    /// <param name="progress">Told what is being done; null = nobody.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="InferometerException">There are too few runs.</exception>
    public static FitResult Fit(
        IReadOnlyList<ServingRun> runs, bool validate = true, IProgress<string>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(runs);
        if (runs.Count < LeastRuns)
        {
            throw new InferometerException(
                string.Create(CultureInfo.InvariantCulture, $"fit: {runs.Count} runs are too few; at least {LeastRuns} are needed."));
        }

        FitCase[] cases = [.. FitCase.Of(runs).Where(c => !c.IsStarved)];
        progress?.Report(string.Create(CultureInfo.InvariantCulture, $"all {cases.Length} runs"));
        Fitted all = CalibrationFit.Fit(cases, null, cancellationToken);
        CrossPrediction[] seen = Predict(all.Set, cases, cases);
        List<FitError> errors = [.. FitErrors.Of(null, seen)];
        Dictionary<HoldOut, CrossPrediction[]> held = [];
        foreach (HoldOut way in validate ? Ways : [])
        {
            List<CrossPrediction> predicted = [];
            foreach (IGrouping<string, FitCase> part in Parts(way, cases))
            {
                progress?.Report($"{FitErrors.Words(way)}: {part.Key}");
                FitCase[] rest = [.. cases.Except(part)];
                if (rest.Length >= LeastRuns)
                {
                    Fitted without = CalibrationFit.Fit(rest, all.Start, cancellationToken);
                    predicted.AddRange(Predict(without.Set, [.. part], rest, part.Key));
                }
            }

            held[way] = [.. predicted];
            errors.AddRange(FitErrors.Of(way, held[way]));
        }

        return new FitResult
        {
            Calibration = all.Set with { Bands = [.. LearnedBands.Of(held)] },
            Runs = cases.Length,
            Errors = [.. errors],
            Coverage = [.. LearnedBands.Coverage(held)],
        };
    }

    private static CrossPrediction[] Predict(CalibrationSet set, FitCase[] cases, FitCase[] fitted, string part = "")
    {
        CalibratedCostModel model = new(set);
        List<CrossPrediction> predictions = [];
        foreach (IGrouping<int, FitCase> deployment in cases.GroupBy(c => c.Deployment))
        {
            ICostPlan plan = model.Prepare(deployment.First().Run.Request);
            predictions.AddRange(deployment.Select(c => new CrossPrediction(c, part, c.Run.PromptRequest is { } prompts
                ? ClosedLoopModel.EstimateSeparate(model.Prepare(prompts), c.Run.PromptUsers, plan, c.Run.Load)
                : ClosedLoopModel.Estimate(plan, c.Run.Load))));
        }

        return [.. predictions];
    }

    private static IEnumerable<IGrouping<string, FitCase>> Parts(HoldOut way, FitCase[] cases) => way switch
    {
        HoldOut.RandomFifth => Fold(cases, c => c.Run.Id),
        HoldOut.WholeGroups => Fold(cases, c => c.Group),
        HoldOut.Model => Named(cases, c => c.Run.Request.Architecture.Name),
        HoldOut.Device => Named(cases, c => c.Subject.Device),
        _ => Named(cases, c => c.Subject.Framework.Name),
    };

    private static IEnumerable<IGrouping<string, FitCase>> Fold(FitCase[] cases, Func<FitCase, string> key) =>
        Named(cases, c => Folds.Of(key(c)));

    private static IEnumerable<IGrouping<string, FitCase>> Named(FitCase[] cases, Func<FitCase, string> key) =>
        cases.GroupBy(key, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal);
}

/// <summary>A case predicted by a fit.</summary>
internal sealed record CrossPrediction(FitCase Case, string Part, ClosedLoopEstimate Estimate)
{
    /// <summary>Measured and predicted seconds; null where it was not measured.</summary>
    public (double Measured, double Predicted)? Of(CalibratedMetric metric)
    {
        ServingRun run = Case.Run;

        // Of separate workers times to first token are not fitted; their transfers are of each deployment's own.
        double? ttft = Case.IsSeparate ? null : run.TimeToFirstTokenSeconds, tpot = run.TimePerOutputTokenSeconds;
        return metric switch
        {
            CalibratedMetric.TimePerOutputToken => tpot is > 0 ? (tpot.Value, Estimate.TimePerOutputTokenSeconds) : null,
            CalibratedMetric.TimeToFirstToken => ttft is > 0 ? (ttft.Value, Estimate.TimeToFirstTokenSeconds) : null,
            _ => ttft is > 0 && tpot is > 0
                ? (ttft.Value + ((run.Load.MeanOutputTokens - 1) * tpot.Value), Estimate.EndToEndSeconds) : null,
        };
    }
}
