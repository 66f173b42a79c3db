using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Operators;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Fitting;

/// <summary>Fits coefficients of operators and steps to measured rates of prompts and generation, or to single steps.</summary>
internal sealed class RateStage
{
    private readonly TimedCase[] _cases;
    private readonly double[] _measured;
    private readonly double[] _weights;
    private readonly FitLayout _layout;

    public RateStage(IReadOnlyList<TimedCase> cases, FitLayout layout, double noise)
    {
        _cases = [.. cases];
        _layout = layout;
        _measured = [.. _cases.Select(c => Math.Log(c.Seconds))];
        Dictionary<string, int> sizes = _cases.GroupBy(c => c.Subject.Device, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);
        _weights = [.. _cases.Select(c => c.Weight * Math.Min(1, Math.Sqrt(30.0 / sizes[c.Subject.Device])) / noise)];
    }

    public double[] Fit(int iterations, CancellationToken cancellationToken) => LeastSquares.Fit(
        new double[_layout.Parameters.Count],
        [.. _layout.Parameters.Select(p => p.Spread)],
        iterations,
        Residuals,
        cancellationToken);

    /// <summary>Seconds a plan gives for the step of a run.</summary>
    public static double Predict(ICostPlan plan, RateRun run) => run.IsOfDevice
        ? OfDevice(plan, run)
        : run.IsPrompt
        ? plan.Step([new PrefillChunk(run.DepthTokens, run.Tokens, run.Sequences)], []).LatencySeconds
        : plan.Decode(new WorkloadPoint(run.Sequences, Math.Max(1, run.DepthTokens), run.Tokens + 1)).LatencySeconds;

    private static double OfDevice(ICostPlan plan, RateRun run)
    {
        List<OperatorRow> rows = [];
        plan.Step(
            run.IsPrompt ? [new PrefillChunk(run.DepthTokens, run.Tokens, run.Sequences)] : [],
            run.IsPrompt ? [] : [new DecodeGroup(run.DepthTokens + 1, run.Sequences)],
            rows);
        return rows.Where(r => r.Group != OperatorGroup.Framework).Sum(r => r.TotalSeconds);
    }

    private double[] Residuals(double[] at, int column, double[]? before)
    {
        double[] r = new double[_cases.Length];
        Dictionary<EstimateRequest, CalibratedPlan> plans = new(ReferenceEqualityComparer.Instance);
        for (int i = 0; i < r.Length; i++)
        {
            TimedCase item = _cases[i];
            if (column >= 0 && !_layout.Parameters[column].Scope.Matches(item.Subject))
            {
                r[i] = before![i];
                continue;
            }

            if (!plans.TryGetValue(item.Request, out CalibratedPlan? plan))
            {
                plans[item.Request] = plan = FitCase.Plan(item.Request, item.Subject, _layout.CoefficientsOf(item.Subject, at));
            }

            r[i] = (Math.Log(item.Predict(plan)) - _measured[i]) * _weights[i];
        }

        return r;
    }
}

/// <summary>Something timed, made ready for a fit.</summary>
internal abstract class TimedCase(EstimateRequest request)
{
    public EstimateRequest Request => request;

    public CalibrationSubject Subject { get; } = CalibrationSubject.Of(request);

    /// <summary>What was measured.</summary>
    public abstract double Seconds { get; }

    /// <summary>What it counts.</summary>
    public virtual double Weight => 1;

    /// <summary>What a plan gives for it, seconds.</summary>
    public abstract double Predict(ICostPlan plan);
}

/// <summary>A rate made ready for a fit.</summary>
internal sealed class RateCase(RateRun run) : TimedCase(run.Request)
{
    public RateRun Run => run;

    public override double Seconds => run.StepSeconds;

    /// <summary>Framework, network, device and format: what residual factors are of.</summary>
    public string Group => FitCase.GroupOf(Subject);

    public override double Predict(ICostPlan plan) => RateStage.Predict(plan, run);
}

/// <summary>A step made ready for a fit.</summary>
internal sealed class StepCase(MeasuredStep step) : TimedCase(step.Request)
{
    private readonly PrefillChunk[] _prefill = [.. step.Step.Prefill];
    private readonly DecodeGroup[] _decode = [.. step.Step.Decode];

    public MeasuredStep Step => step;

    public override double Seconds => step.Seconds;

    public override double Weight => step.Weight;

    public override double Predict(ICostPlan plan) => plan.Step(_prefill, _decode).LatencySeconds;
}
