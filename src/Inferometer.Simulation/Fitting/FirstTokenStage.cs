using System.Runtime.InteropServices;
using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.ClosedLoop;
using Inferometer.Simulation.Costs;

namespace Inferometer.Simulation.Fitting;

/// <summary>Fits the coefficients of serving to measured times to first token; steps and queues are those of the stages before.</summary>
internal sealed class FirstTokenStage
{
    private readonly FitCase[] _cases;
    private readonly Parts[] _parts;
    private readonly double[] _measured;
    private readonly double[] _weights;
    private readonly FitLayout _layout;

    /// <param name="cases">Cases; those without a measured time to first token are left out.</param>
    /// <param name="parts">What their times are made of, by case.</param>
    /// <param name="layout">Unknowns.</param>
    /// <param name="noise">As of <see cref="TokenTimeStage"/>.</param>
    public FirstTokenStage(IReadOnlyList<FitCase> cases, IReadOnlyDictionary<FitCase, Parts> parts, FitLayout layout, double noise)
    {
        _cases = [.. cases.Where(Reads)];
        _parts = [.. _cases.Select(c => parts[c])];
        _layout = layout;
        _measured = [.. _cases.Select(c => Math.Log(c.Run.TimeToFirstTokenSeconds!.Value))];
        _weights = [.. FitWeights.Of(_cases).Select(w => w / noise)];
    }

    /// <summary>Whether a case has a time that this stage is fitted to.</summary>
    public static bool Reads(FitCase item) => item.Run.TimeToFirstTokenSeconds is > 0 && !item.IsSeparate;

    public double[] Fit(int iterations, CancellationToken cancellationToken) => LeastSquares.Fit(
        new double[_layout.Parameters.Count],
        [.. _layout.Parameters.Select(p => p.Spread)],
        iterations,
        Residuals,
        cancellationToken);

    /// <summary>Prices the steps of cases and replays their queues, at settled coefficients.</summary>
    public static Dictionary<FitCase, Parts> PartsOf(IReadOnlyList<FitCase> cases, Func<FitCase, Coefficients> coefficients)
    {
        Dictionary<FitCase, Parts> parts = [];
        foreach (IGrouping<int, FitCase> deployment in cases.Where(c => !c.IsSeparate).GroupBy(c => c.Deployment))
        {
            CalibratedPlan plan = FitCase.Plan(deployment.First(), coefficients(deployment.First()));
            foreach (FitCase item in deployment)
            {
                ClosedLoopSteps steps = ClosedLoopModel.Steps(plan, item.Run.Load, item.Room);
                double replayed = ClosedLoopModel.Replay(plan, item.Run.Load, steps);
                double stall = steps.StallSeconds(item.Run.Load, ServingWeights.Of(plan).Stall);
                parts[item] = new Parts(
                    steps.Decode, steps.Prompt, steps.LeastPrompt, Math.Max(0, replayed - steps.Prompt), steps.Sequences,
                    (item.Run.Load.MeanOutputTokens - 1) * (steps.Decode + stall), item.Run.Load.Users);
            }
        }

        return parts;
    }

    private double[] Residuals(double[] at, int column, double[]? before)
    {
        double[] r = new double[_cases.Length];
        Dictionary<CalibrationSubject, ServingWeights> known = [];
        for (int i = 0; i < r.Length; i++)
        {
            CalibrationSubject subject = _cases[i].Subject;
            if (column >= 0 && !_layout.Parameters[column].Scope.Matches(subject))
            {
                r[i] = before![i];
                continue;
            }

            if (!known.TryGetValue(subject, out ServingWeights w))
            {
                known[subject] = w = ServingWeights.Of(_layout.CoefficientsOf(subject, at));
            }

            Parts p = _parts[i];
            double prompt = Math.Max(w.Prompt * p.Prompt, p.LeastPrompt);
            double predicted = w.Fixed + (w.Steps * p.Step) + prompt + (w.Queue * p.Queue) + (w.PerUser * p.Sequences);
            predicted += w.TurnSeconds(predicted + p.Answer, p.Users);
            r[i] = (Math.Log(predicted) - _measured[i]) * _weights[i];
        }

        return r;
    }
}

/// <summary>What a time to first token is made of, before coefficients weigh it. Seconds.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct Parts(
    double Step, double Prompt, double LeastPrompt, double Queue, int Sequences, double Answer, int Users);
