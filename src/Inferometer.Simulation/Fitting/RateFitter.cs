using System.Globalization;
using Inferometer.Core;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.Costs;

namespace Inferometer.Simulation.Fitting;

/// <summary>
/// Fits what a framework that is timed by itself (llama.cpp) reaches on classes of devices: layers of the framework, of the framework on a
/// class, on an architecture, and on a device. What a release before today's did otherwise has a layer of its own, which no deployment of
/// today has. Runs on top of a calibration of serving, whose base it keeps. Deterministic.
/// </summary>
public static class RateFitter
{
    private const double Noise = 0.1;
    private const int LeastRuns = 20;
    private const int LeastRunsOfDevice = 3;

    private static readonly Coefficient[] OfFramework =
    [
        Coefficient.Matrix16, Coefficient.Unpacking, Coefficient.ExpertMatrix, Coefficient.AttentionMatrix, Coefficient.MatrixMemory,
        Coefficient.UnpackingOperations, Coefficient.ExpertMemory, Coefficient.AttentionMemory, Coefficient.Launch,
        Coefficient.GraphLaunch, Coefficient.VectorProduct, Coefficient.MatrixUnpacking, Coefficient.AttentionExtra,
        Coefficient.ExpertExtra, Coefficient.Step, Coefficient.Sequence, Coefficient.PromptLayer,
    ];

    // Flash attention came between; what graphs changed is told by the framework's profile.
    private static readonly Coefficient[] OfRelease =
        [Coefficient.AttentionMatrix, Coefficient.AttentionMemory, Coefficient.AttentionExtra];

    private static readonly Coefficient[] OfDevice =
    [
        Coefficient.Matrix16, Coefficient.Unpacking, Coefficient.MatrixMemory, Coefficient.UnpackingOperations, Coefficient.Launch,
        Coefficient.AttentionMatrix,
    ];

    /// <summary>Fits on top of a calibration.</summary>
    /// <param name="serving">The calibration below; its layers for any framework hold here too.</param>
    /// <param name="framework">Framework of the runs.</param>
    /// <param name="runs">Measured rates of that framework; at least 20.</param>
    /// <param name="validate">Hold runs back and learn the bands.</param>
    /// <param name="progress">Told what is being done; null = nobody.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>The layers and bands alone, without those below.</returns>
    /// <exception cref="InferometerException">There are too few runs.</exception>
    public static FitResult Fit(
        CalibrationSet serving, string framework, IReadOnlyList<RateRun> runs, bool validate = true, IProgress<string>? progress = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(serving);
        ArgumentNullException.ThrowIfNull(runs);
        RateCase[] cases = [.. runs.Select(r => new RateCase(r))];
        if (cases.Length < LeastRuns)
        {
            throw new InferometerException(string.Create(
                CultureInfo.InvariantCulture, $"fit: {cases.Length} rates of {framework} are too few; at least {LeastRuns} are needed."));
        }

        progress?.Report(string.Create(CultureInfo.InvariantCulture, $"{framework}: all {cases.Length} rates"));
        CalibrationSet fitted = Layers(serving, framework, cases, cancellationToken);
        List<FitError> errors = [.. RateErrors.Of(null, Predict(serving.With(fitted), cases, ""))];
        Dictionary<HoldOut, RatePrediction[]> held = [];
        foreach ((HoldOut way, Func<RateCase, string> key) in validate ? Ways() : [])
        {
            List<RatePrediction> predicted = [];
            IGrouping<string, RateCase>[] parts =
                [.. cases.GroupBy(key, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal)];

            // Without the only one there would be nothing to fit.
            foreach (IGrouping<string, RateCase> part in parts.Length > 1 ? parts : [])
            {
                progress?.Report($"{framework}: {RateErrors.Words(way)}: {part.Key}");
                RateCase[] rest = [.. cases.Except(part)];
                predicted.AddRange(Predict(serving.With(Layers(serving, framework, rest, cancellationToken)), [.. part], part.Key));
            }

            if (predicted.Count == 0)
            {
                continue;
            }

            held[way] = [.. predicted];
            errors.AddRange(RateErrors.Of(way, held[way]));
        }

        // What is held out of one class of devices says too little of others, and of other networks: there the bands of services hold.
        CalibrationBand[] bands = held.ContainsKey(HoldOut.DeviceClass) ? [.. RateErrors.Bands(framework, held)] : [];
        return new FitResult
        {
            Calibration = fitted with { Bands = [.. bands] },
            Runs = cases.Length,
            Errors = [.. errors],
            Coverage = [],
        };
    }

    private static IEnumerable<(HoldOut Way, Func<RateCase, string> Key)> Ways() =>
    [
        (HoldOut.RandomFifth, c => Folds.Of(c.Run.Id)),
        (HoldOut.Device, c => c.Subject.Device),
        (HoldOut.DeviceClass, c => DeviceClasses.Words(c.Subject.DeviceClass)),
    ];

    private static CalibrationSet Layers(
        CalibrationSet serving, string framework, IReadOnlyList<RateCase> cases, CancellationToken cancellationToken)
    {
        CalibrationLayer all = new() { Framework = framework, Runs = cases.Count };
        CalibrationLayer[] classes =
        [
            .. cases.GroupBy(c => c.Subject.DeviceClass).OrderBy(g => g.Key)
                .Select(g => new CalibrationLayer { Framework = framework, DeviceClass = g.Key, Runs = g.Count() }),
        ];
        CalibrationLayer[] architectures =
        [
            .. cases.GroupBy(c => c.Subject.Architecture, StringComparer.Ordinal).Where(g => g.Count() >= LeastRunsOfDevice)
                .OrderBy(g => g.Key, StringComparer.Ordinal)
                .Select(g => new CalibrationLayer { Framework = framework, Architecture = g.Key, Runs = g.Count() }),
        ];
        CalibrationLayer[] devices =
        [
            .. cases.GroupBy(c => c.Subject.Device, StringComparer.Ordinal).Where(g => g.Count() >= LeastRunsOfDevice)
                .OrderBy(g => g.Key, StringComparer.Ordinal)
                .Select(g => new CalibrationLayer { Framework = framework, Device = g.Key, Runs = g.Count() }),
        ];
        CalibrationLayer[] releases =
        [
            .. cases.Where(c => c.Subject.Release is not null).GroupBy(c => c.Subject.Release!, StringComparer.Ordinal)
                .OrderBy(g => g.Key, StringComparer.Ordinal)
                .Select(g => new CalibrationLayer { Framework = framework, Release = g.Key, Runs = g.Count() }),
        ];

        // Rates of whole prompts and answers say little of what goes by the widths of a step; single steps do.
        Coefficient[] ofFramework = cases.All(c => c.Run.IsOfDevice) ? [.. OfFramework, Coefficient.VectorMemory] : OfFramework;
        FitParameter[] unknowns =
        [
            .. ofFramework.Select(c => new FitParameter([c], all, 2 * CoefficientTable.Of(c).Spread)),
            .. classes.SelectMany(scope => ofFramework.Select(c => new FitParameter([c], scope, 0.7 * CoefficientTable.Of(c).Spread))),
            .. releases.SelectMany(scope => OfRelease.Select(c => new FitParameter([c], scope, 2 * CoefficientTable.Of(c).Spread))),
            .. architectures.Concat(devices)
                .SelectMany(scope => OfDevice.Select(c => new FitParameter([c], scope, 0.5 * CoefficientTable.Of(c).Spread))),
        ];

        FitLayout layout = new(unknowns, serving.CoefficientsOf);
        double[] at = new RateStage(cases, layout, Noise).Fit(15, cancellationToken);
        return new CalibrationSet { Name = framework, Base = serving.Base, Layers = [.. layout.Layers(at)] };
    }

    private static RatePrediction[] Predict(CalibrationSet set, RateCase[] cases, string part)
    {
        CalibratedCostModel model = new(set);
        List<RatePrediction> predictions = [];
        IEqualityComparer<object> same = ReferenceEqualityComparer.Instance;
        foreach (IGrouping<object, RateCase> deployment in cases.GroupBy<RateCase, object>(c => c.Run.Request, same))
        {
            ICostPlan plan = model.Prepare(deployment.First().Run.Request);
            predictions.AddRange(deployment.Select(c => new RatePrediction(c, part, RateStage.Predict(plan, c.Run))));
        }

        return [.. predictions];
    }
}

/// <summary>A rate predicted by a fit.</summary>
internal sealed record RatePrediction(RateCase Case, string Part, double StepSeconds);
