using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Fitting;

/// <summary>Fits coefficients of operators and steps to measured rates of prompts and generation.</summary>
internal sealed class RateStage
{
    private readonly RateCase[] _cases;
    private readonly double[] _measured;
    private readonly double[] _weights;
    private readonly FitLayout _layout;

    public RateStage(IReadOnlyList<RateCase> cases, FitLayout layout, double noise)
    {
        _cases = [.. cases];
        _layout = layout;
        _measured = [.. _cases.Select(c => Math.Log(c.Run.StepSeconds))];
        Dictionary<string, int> sizes = _cases.GroupBy(c => c.Subject.Device, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);
        _weights = [.. _cases.Select(c => Math.Min(1, Math.Sqrt(30.0 / sizes[c.Subject.Device])) / noise)];
    }

    public double[] Fit(int iterations, CancellationToken cancellationToken) => LeastSquares.Fit(
        new double[_layout.Parameters.Count],
        [.. _layout.Parameters.Select(p => p.Spread)],
        iterations,
        Residuals,
        cancellationToken);

    /// <summary>Seconds a plan gives for the step of a run.</summary>
    public static double Predict(ICostPlan plan, RateRun run) => run.IsPrompt
        ? plan.Step([new PrefillChunk(run.DepthTokens, run.Tokens, run.Sequences)], []).LatencySeconds
        : plan.Decode(new WorkloadPoint(run.Sequences, Math.Max(1, run.DepthTokens), run.Tokens + 1)).LatencySeconds;

    private double[] Residuals(double[] at, int column, double[]? before)
    {
        double[] r = new double[_cases.Length];
        Dictionary<EstimateRequest, CalibratedPlan> plans = new(ReferenceEqualityComparer.Instance);
        for (int i = 0; i < r.Length; i++)
        {
            RateCase item = _cases[i];
            if (column >= 0 && !_layout.Parameters[column].Scope.Matches(item.Subject))
            {
                r[i] = before![i];
                continue;
            }

            if (!plans.TryGetValue(item.Run.Request, out CalibratedPlan? plan))
            {
                plans[item.Run.Request] = plan = FitCase.Plan(item.Run.Request, item.Subject, _layout.CoefficientsOf(item.Subject, at));
            }

            r[i] = (Math.Log(Predict(plan, item.Run)) - _measured[i]) * _weights[i];
        }

        return r;
    }
}

/// <summary>A rate made ready for a fit.</summary>
internal sealed class RateCase(RateRun run)
{
    public RateRun Run => run;

    public CalibrationSubject Subject { get; } = CalibrationSubject.Of(run.Request);

    /// <summary>Framework, network, device and format: what residual factors are of.</summary>
    public string Group => FitCase.GroupOf(Subject);
}
