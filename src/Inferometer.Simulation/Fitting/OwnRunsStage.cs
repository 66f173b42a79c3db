using Inferometer.Simulation.ClosedLoop;
using Inferometer.Simulation.Costs;

namespace Inferometer.Simulation.Fitting;

/// <summary>
/// Fits one deployment to a handful of its own runs, both times at once: a run that says how fast prompts are read says it by its time to
/// first token. What is to agree with the runs is the simulated service (<see cref="ServedTimes"/>), which users of a calibration ask; its
/// slopes are those of the closed loop's formulas, which are smooth. So the formulas are fitted to what was measured divided by what the
/// simulation gave over them, and that is found anew, a few times; the round that agrees best is the answer.
/// </summary>
internal sealed class OwnRunsStage
{
    private const int Rounds = 4;
    private const int Iterations = 20;
    private const double MostPromptSteps = 0.4;

    // From where a doubling costs a small part of a step no slope leads to where it costs as much as one.
    private const double FarStart = 5;

    private static readonly ServedTimes s_one = new(1, 1) { MedianGapSeconds = 1 };

    private readonly FitCase[] _cases;
    private readonly FitLayout _layout;
    private readonly double _tokenNoise;
    private readonly double _firstTokenNoise;
    private readonly double[] _spread;
    private readonly ServedTimes[] _over; // simulated over formulas, of each case

    public OwnRunsStage(IReadOnlyList<FitCase> cases, FitLayout layout, double tokenNoise, double firstTokenNoise)
    {
        _cases = [.. cases];
        _layout = layout;
        (_tokenNoise, _firstTokenNoise) = (tokenNoise, firstTokenNoise);
        _spread = [.. layout.Parameters.Select(p => p.Spread)];
        _over = [.. cases.Select(_ => s_one)];
    }

    public double[] Fit(CancellationToken cancellationToken)
    {
        double[] near = new double[_spread.Length];
        double[] far = [.. _layout.Parameters.Select(p => p.MayBeFar ? FarStart : 0)];
        (double[] At, double Cost) best = (near, double.PositiveInfinity);
        foreach (double[] start in new[] { near, far })
        {
            Array.Fill(_over, s_one);
            double[] at = start;
            for (int round = 0; round < Rounds; round++)
            {
                at = Minimised(at, cancellationToken);
                double cost = Compare(at, cancellationToken);
                best = cost < best.Cost ? (at, cost) : best;
            }
        }

        return best.At;
    }

    private double[] Minimised(double[] start, CancellationToken cancellationToken) =>
        LeastSquares.Fit(start, _spread, Iterations, Residuals, cancellationToken);

    // Simulates every case, and says how far that is from what was measured.
    private double Compare(double[] at, CancellationToken cancellationToken)
    {
        List<double> r = [];
        for (int i = 0; i < _cases.Length; i++)
        {
            CalibratedPlan plan = PlanOf(_cases[i], at);
            ServedTimes served = ServedTimes.Of(_cases[i], plan, ofFormulas: false, cancellationToken);
            ServedTimes formulas = Formulas(plan, _cases[i].Run);
            _over[i] = new ServedTimes(
                served.TimeToFirstTokenSeconds / formulas.TimeToFirstTokenSeconds,
                served.TimePerOutputTokenSeconds / formulas.TimePerOutputTokenSeconds)
            {
                MedianGapSeconds = served.MedianGapSeconds / formulas.MedianGapSeconds,
            };
            Add(r, _cases[i].Run, served);
        }

        return LeastSquares.Cost([.. r], at, _spread);
    }

    private double[] Residuals(double[] at, int column, double[]? before)
    {
        List<double> r = [];
        for (int i = 0; i < _cases.Length; i++)
        {
            ServedTimes formulas = Formulas(PlanOf(_cases[i], at), _cases[i].Run);
            Add(r, _cases[i].Run, new ServedTimes(
                formulas.TimeToFirstTokenSeconds * _over[i].TimeToFirstTokenSeconds,
                formulas.TimePerOutputTokenSeconds * _over[i].TimePerOutputTokenSeconds)
            {
                MedianGapSeconds = formulas.MedianGapSeconds * _over[i].MedianGapSeconds,
            });
        }

        return [.. r];
    }

    // Who waits for a place waits for answers of others: without that in the formulas, prompts and admission would have slopes that they do
    // not have in the simulated service.
    private static ServedTimes Formulas(CalibratedPlan plan, ServingRun run) =>
        ServedTimes.Of(ClosedLoopModel.Estimate(plan, run.Load, run.MostRunning));

    private CalibratedPlan PlanOf(FitCase item, double[] at) => FitCase.Plan(item, _layout.CoefficientsOf(item.Subject, at));

    // In the middle between two tokens lies a step without prompts, where others' prompts come into fewer steps than not.
    private void Add(List<double> residuals, ServingRun run, in ServedTimes predicted)
    {
        if (run.MedianGapSeconds is > 0 and { } gap && run.Request.Speculative is null
            && run.Load.Users <= (run.MostRunning ?? int.MaxValue) && run.Load.Users - 1 < MostPromptSteps * run.Load.MeanOutputTokens)
        {
            residuals.Add(Math.Log(predicted.MedianGapSeconds / gap) / _tokenNoise);
        }

        if (run.TimePerOutputTokenSeconds is > 0 and { } token)
        {
            residuals.Add(Math.Log(predicted.TimePerOutputTokenSeconds / token) / _tokenNoise);
        }

        if (run.TimeToFirstTokenSeconds is > 0 and { } first)
        {
            residuals.Add(Math.Log(predicted.TimeToFirstTokenSeconds / first) / _firstTokenNoise);
        }
    }
}
