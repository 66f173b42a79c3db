using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.ClosedLoop;
using Inferometer.Simulation.Costs;

namespace Inferometer.Simulation.Fitting;

/// <summary>Fits coefficients of operators and steps to measured times per output token.</summary>
internal sealed class TokenTimeStage
{
    private readonly FitCase[] _cases;
    private readonly int[][] _deployments;
    private readonly double[] _measured;
    private readonly double[] _weights;
    private readonly FitLayout _layout;

    /// <param name="cases">Cases with a measured time per token.</param>
    /// <param name="layout">Unknowns.</param>
    /// <param name="noise">Standard deviation of the logarithm of measured over predicted that is no fault of the model.</param>
    public TokenTimeStage(IEnumerable<FitCase> cases, FitLayout layout, double noise)
    {
        _cases = [.. cases.Where(c => c.Run.TimePerOutputTokenSeconds is > 0)];
        _layout = layout;
        _measured = [.. _cases.Select(c => Math.Log(c.Run.TimePerOutputTokenSeconds!.Value))];
        _weights = [.. FitWeights.Of(_cases).Select(w => w / noise)];
        _deployments =
            [.. Enumerable.Range(0, _cases.Length).GroupBy(i => _cases[i].Deployment).OrderBy(g => g.Key).Select(g => g.ToArray())];
    }

    public double[] Fit(double[]? start, int iterations, CancellationToken cancellationToken) => LeastSquares.Fit(
        start ?? new double[_layout.Parameters.Count],
        [.. _layout.Parameters.Select(p => p.Spread)],
        iterations,
        Residuals,
        cancellationToken);

    private static double Predict(CalibratedPlan plan, FitCase item, Coefficients c)
    {
        ClosedLoopLoad load = item.Run.Load;
        if (item.IsSeparate)
        {
            return ClosedLoopModel.TokenSeconds(plan, Math.Max(1, (int)Math.Ceiling(item.DecodingUsers)), load);
        }

        ClosedLoopSteps steps = ClosedLoopModel.Steps(plan, load, item.Room);
        return steps.Decode + steps.StallSeconds(load, c[Coefficient.Stall]);
    }

    private double[] Residuals(double[] at, int column, double[]? before)
    {
        double[] r = new double[_cases.Length];
        foreach (int[] deployment in _deployments)
        {
            FitCase first = _cases[deployment[0]];
            if (column >= 0 && !_layout.Parameters[column].Scope.Matches(first.Subject))
            {
                foreach (int i in deployment)
                {
                    r[i] = before![i];
                }

                continue;
            }

            Coefficients c = _layout.CoefficientsOf(first.Subject, at);
            CalibratedPlan plan = FitCase.Plan(first, c);
            foreach (int i in deployment)
            {
                r[i] = (Math.Log(Predict(plan, _cases[i], c)) - _measured[i]) * _weights[i];
            }
        }

        return r;
    }
}
