using Inferometer.Core;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Fitting;

/// <summary>
/// Fits what one framework reaches on one device to steps measured there: a layer of the device, and a layer of each format on it, whose
/// kernels are of their own. Deterministic.
/// </summary>
public static class DeviceFitter
{
    private const double Noise = 0.06;

    private static readonly Coefficient[] OfDevice =
    [
        Coefficient.Matrix16, Coefficient.UnpackingOperations, Coefficient.AttentionMatrix, Coefficient.MatrixMemory,
        Coefficient.AttentionMemory, Coefficient.VectorArithmetic, Coefficient.Launch, Coefficient.AttentionExtra, Coefficient.Step,
        Coefficient.Sequence, Coefficient.PromptLayer,
    ];

    private static readonly Coefficient[] OfFormat = [Coefficient.Matrix16, Coefficient.MatrixMemory, Coefficient.UnpackingOperations];

    /// <summary>Fits.</summary>
    /// <param name="name">Name of the calibration.</param>
    /// <param name="below">Calibration it stands on.</param>
    /// <param name="steps">Measured steps of one framework on one device, at least one.</param>
    /// <param name="handOverSeconds">From the end of a step until who asked has its tokens, measured, seconds; null = not known.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="InferometerException">There is no step, or they are of several frameworks or devices.</exception>
    public static DeviceFit Fit(
        string name, CalibrationSet below, IReadOnlyList<MeasuredStep> steps, double? handOverSeconds = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(below);
        ArgumentNullException.ThrowIfNull(steps);
        StepCase[] cases = [.. steps.Select(step => new StepCase(step))];
        (string Framework, string Device)[] subjects = [.. cases.Select(c => (c.Subject.Framework.Name, c.Subject.Device)).Distinct()];
        if (subjects.Length != 1)
        {
            throw new InferometerException($"a device is fitted to steps of one framework on one device; these are of {subjects.Length}.");
        }

        (string framework, string device) = subjects[0];
        CalibrationLayer scope = new() { Framework = framework, Device = device, Runs = cases.Length };
        CalibrationLayer[] formats =
        [
            .. cases.GroupBy(c => c.Subject.Format, StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal)
                .Select(g => new CalibrationLayer { Framework = framework, Device = device, Format = g.Key, Runs = g.Count() }),
        ];
        FitLayout layout = new(
        [
            .. OfDevice.Select(c => new FitParameter([c], scope, 3 * CoefficientTable.Of(c).Spread)),
            .. formats.SelectMany(f => OfFormat.Select(c => new FitParameter([c], f, 0.5 * CoefficientTable.Of(c).Spread))),
        ], below.CoefficientsOf);
        double[] at = new RateStage(cases, layout, Noise).Fit(40, cancellationToken);
        CalibrationSet own = new() { Name = name, Layers = [.. layout.Layers(at).Select(HandingOver)] };
        CalibratedCostModel before = new(below), after = new(below.With(own));
        Dictionary<EstimateRequest, (ICostPlan Before, ICostPlan After)> plans = new(ReferenceEqualityComparer.Instance);
        return new DeviceFit(own, [.. cases.Select(item =>
        {
            if (!plans.TryGetValue(item.Request, out (ICostPlan Before, ICostPlan After) plan))
            {
                plans[item.Request] = plan = (before.Prepare(item.Request), after.Prepare(item.Request));
            }

            return new CalibratedStep(item.Step, item.Predict(plan.Before), item.Predict(plan.After));
        })]);

        CalibrationLayer HandingOver(CalibrationLayer layer) => handOverSeconds is { } seconds && layer.Format is null
            ? layer with
            {
                Factors =
                [
                    .. layer.Factors,
                    new CoefficientFactor(
                        Coefficient.FirstToken, seconds / below.CoefficientsOf(cases[0].Subject)[Coefficient.FirstToken]),
                ],
            }
            : layer;
    }
}

/// <summary>What a device was fitted to.</summary>
/// <param name="Calibration">The layers alone, without those below.</param>
/// <param name="Steps">The steps, before and after.</param>
public sealed record DeviceFit(CalibrationSet Calibration, EquatableList<CalibratedStep> Steps);

/// <summary>A measured step beside predictions of it.</summary>
/// <param name="Step">What was measured.</param>
/// <param name="BeforeSeconds">Predicted without the calibration.</param>
/// <param name="AfterSeconds">Predicted with it.</param>
public sealed record CalibratedStep(MeasuredStep Step, double BeforeSeconds, double AfterSeconds);
