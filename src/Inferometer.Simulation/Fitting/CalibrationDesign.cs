using Inferometer.Simulation.Calibration;
using Inferometer.Simulation.ClosedLoop;

namespace Inferometer.Simulation.Fitting;

/// <summary>
/// Which runs of a deployment teach most about it. What a user's calibration may move has a spread before anything is measured; a run
/// narrows it as far as its times depend on it. Chosen is, one after the other, the run after which the predictions of all candidates are
/// most certain: the least sum of variances of the logarithms of TPOT and TTFT, from the slopes of the cost model. What is believed to be
/// next to nothing and may be as much as a step (a doubling of the sequences) has no slope where it is believed to be: in its place stands
/// what it changes one standard deviation above. Measured times play no part.
/// </summary>
public static class CalibrationDesign
{
    private const double Difference = 0.05;

    /// <summary>Chooses.</summary>
    /// <param name="below">The calibration that is to be corrected.</param>
    /// <param name="candidates">Runs that could be measured, of one deployment; their times are not looked at.</param>
    /// <param name="measured">Runs that were.</param>
    /// <param name="count">How many to choose, at most.</param>
    /// <returns>Positions among <paramref name="candidates"/>, the most telling first.</returns>
    public static IReadOnlyList<int> Choose(
        CalibrationSet below, IReadOnlyList<ServingRun> candidates, IReadOnlyList<ServingRun> measured, int count)
    {
        ArgumentNullException.ThrowIfNull(below);
        ArgumentNullException.ThrowIfNull(candidates);
        ArgumentNullException.ThrowIfNull(measured);
        FitCase[] cases = FitCase.Of([.. candidates, .. measured]);
        double[][][] slopes = [.. cases.Select(c => Slopes(below, c))];
        double[,] covariance = Prior(below, cases);
        for (int i = candidates.Count; i < cases.Length; i++)
        {
            covariance = After(covariance, slopes[i]);
        }

        List<int> chosen = [];
        while (chosen.Count < Math.Min(count, candidates.Count))
        {
            (int Run, double Left, double[,] Covariance) best = (-1, double.PositiveInfinity, covariance);
            for (int i = 0; i < candidates.Count; i++)
            {
                if (!chosen.Contains(i))
                {
                    double[,] after = After(covariance, slopes[i]);
                    double left = slopes.Take(candidates.Count).Sum(s => s.Sum(metric => Variance(after, metric)));
                    best = left < best.Left ? (i, left, after) : best;
                }
            }

            chosen.Add(best.Run);
            covariance = best.Covariance;
        }

        return chosen;
    }

    /// <summary>How far predictions of runs are uncertain for what a calibration of one's own can still move.</summary>
    /// <param name="below">The calibration that is to be corrected.</param>
    /// <param name="asked">Runs that are predicted, of one deployment.</param>
    /// <param name="measured">Runs that were measured.</param>
    /// <returns>Root mean square of the standard deviation of the logarithm, of TPOT and of TTFT.</returns>
    public static (double Token, double FirstToken) Uncertainty(
        CalibrationSet below, IReadOnlyList<ServingRun> asked, IReadOnlyList<ServingRun> measured)
    {
        ArgumentNullException.ThrowIfNull(below);
        ArgumentNullException.ThrowIfNull(asked);
        ArgumentNullException.ThrowIfNull(measured);
        FitCase[] cases = FitCase.Of(asked);
        double[,] covariance = Prior(below, cases);
        foreach (FitCase run in FitCase.Of(measured))
        {
            covariance = After(covariance, Slopes(below, run));
        }

        double[][][] slopes = [.. cases.Select(c => Slopes(below, c))];
        return (Of(0) * UserCalibration.TokenNoise, Of(1) * UserCalibration.FirstTokenNoise);

        double Of(int metric) => Math.Sqrt(slopes.Average(s => Variance(covariance, s[metric])));
    }

    // One row of slopes for each time, in units of its noise.
    private static double[][] Slopes(CalibrationSet below, FitCase item)
    {
        Coefficients at = below.CoefficientsOf(item.Subject);
        FitParameter[] unknowns = Unknowns(below, item);
        ClosedLoopEstimate here = Estimate(item, at);
        double[][] slopes = [new double[unknowns.Length], new double[unknowns.Length]];
        for (int j = 0; j < unknowns.Length; j++)
        {
            // Over so much of the unknown the times change, and by its spread of what is believed where that is the whole way.
            bool isFar = unknowns[j].MayBeFar;
            double difference = isFar ? -unknowns[j].Spread : Difference;
            double factor = isFar ? unknowns[j].Factor(unknowns[j].Spread) : Math.Exp(-Difference);
            ClosedLoopEstimate moved = Estimate(
                item, at.Times([.. unknowns[j].Coefficients.Select(c => new CoefficientFactor(c, factor))]));
            slopes[0][j] = Math.Log(here.TimePerOutputTokenSeconds / moved.TimePerOutputTokenSeconds)
                / (difference * UserCalibration.TokenNoise);
            slopes[1][j] = Math.Log(here.TimeToFirstTokenSeconds / moved.TimeToFirstTokenSeconds)
                / (difference * UserCalibration.FirstTokenNoise);
        }

        return slopes;
    }

    // As a calibration has them, with the widths of a deployment that is known: how much wider others are is alike for all candidates.
    private static FitParameter[] Unknowns(CalibrationSet below, FitCase item)
    {
        Coefficients at = below.CoefficientsOf(item.Subject);
        double step = FitCase.Plan(item, at).Step([], [new(item.Run.Load.MeanInputTokens)]).LatencySeconds;
        return
        [
            .. FitUnknowns.Own(new CalibrationLayer(), Familiarity.Related, step, at),
            .. FitUnknowns.OwnOfFormulas(new CalibrationLayer(), Familiarity.Related),
        ];
    }

    private static ClosedLoopEstimate Estimate(FitCase item, Coefficients coefficients) =>
        ClosedLoopModel.Estimate(FitCase.Plan(item, coefficients), item.Run.Load);

    private static double[,] Prior(CalibrationSet below, FitCase[] cases)
    {
        FitParameter[] unknowns = cases.Length > 0 ? Unknowns(below, cases[0]) : [];
        double[,] covariance = new double[unknowns.Length, unknowns.Length];
        for (int j = 0; j < unknowns.Length; j++)
        {
            covariance[j, j] = unknowns[j].Spread * unknowns[j].Spread;
        }

        return covariance;
    }

    // Each measured time takes P s s' P / (1 + s' P s) off the covariance P.
    private static double[,] After(double[,] covariance, double[][] slopes)
    {
        double[,] after = covariance;
        int n = covariance.GetLength(0);
        foreach (double[] slope in slopes)
        {
            double[] moved = Times(after, slope);
            double scale = 1 / (1 + Dot(slope, moved));
            double[,] next = new double[n, n];
            for (int i = 0; i < n; i++)
            {
                for (int j = 0; j < n; j++)
                {
                    next[i, j] = after[i, j] - (scale * moved[i] * moved[j]);
                }
            }

            after = next;
        }

        return after;
    }

    private static double Variance(double[,] covariance, double[] slope) => Dot(slope, Times(covariance, slope));

    private static double[] Times(double[,] matrix, double[] vector)
    {
        double[] product = new double[vector.Length];
        for (int i = 0; i < product.Length; i++)
        {
            for (int j = 0; j < product.Length; j++)
            {
                product[i] += matrix[i, j] * vector[j];
            }
        }

        return product;
    }

    private static double Dot(double[] left, double[] right)
    {
        double sum = 0;
        for (int i = 0; i < left.Length; i++)
        {
            sum += left[i] * right[i];
        }

        return sum;
    }
}
