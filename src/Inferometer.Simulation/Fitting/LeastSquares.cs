namespace Inferometer.Simulation.Fitting;

/// <summary>
/// Gauss-Newton with Levenberg's damping for sum(2 (sqrt(1 + r^2) - 1)) + sum((x / spread)^2): residuals r in units of the noise, beyond
/// which their pull grows no more (a soft absolute value, so that a few wrong rows do not bend a fit), and a prior of mean 0 on every
/// unknown. Derivatives are differences, columns side by side on two threads; sums run in a fixed order, so that equal data give equal
/// bits.
/// </summary>
internal static class LeastSquares
{
    private const double Difference = 1e-3;
    private const double LongestStep = 0.7;

    /// <summary>Residuals at a point; column >= 0: only that unknown differs from the point whose residuals are given.</summary>
    public delegate double[] Residuals(double[] at, int column, double[]? before);

    /// <summary>Minimises from a start.</summary>
    public static double[] Fit(double[] start, double[] spread, int iterations, Residuals residuals, CancellationToken cancellationToken)
    {
        double[] x = [.. start];
        double[] r = residuals(x, -1, null);
        double cost = Cost(r, x, spread);
        double damping = 1e-3;
        for (int i = 0; i < iterations; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            (double[,] matrix, double[] gradient) = Normal(x, spread, r, residuals, cancellationToken);
            bool better = false;
            for (int tries = 0; tries < 8 && !better; tries++)
            {
                double[] next = Step(x, matrix, gradient, damping);
                double[] nextResiduals = residuals(next, -1, null);
                double nextCost = Cost(nextResiduals, next, spread);
                better = nextCost < cost;
                damping = better ? Math.Max(1e-6, damping / 4) : damping * 6;
                if (better)
                {
                    bool settled = cost - nextCost < 1e-4 * cost;
                    (x, r, cost) = (next, nextResiduals, nextCost);
                    if (settled)
                    {
                        return x;
                    }
                }
            }

            if (!better)
            {
                break;
            }
        }

        return x;
    }

    /// <summary>Solves A x = b for a positive definite A, by Cholesky's decomposition.</summary>
    public static double[] Solve(double[,] a, double[] b)
    {
        int n = b.Length;
        double[,] l = new double[n, n];
        for (int i = 0; i < n; i++)
        {
            for (int j = 0; j <= i; j++)
            {
                double v = a[i, j];
                for (int k = 0; k < j; k++)
                {
                    v -= l[i, k] * l[j, k];
                }

                l[i, j] = i == j ? Math.Sqrt(Math.Max(v, 1e-12)) : v / l[j, j];
            }
        }

        double[] x = [.. b];
        for (int i = 0; i < n; i++)
        {
            for (int k = 0; k < i; k++)
            {
                x[i] -= l[i, k] * x[k];
            }

            x[i] /= l[i, i];
        }

        for (int i = n - 1; i >= 0; i--)
        {
            for (int k = i + 1; k < n; k++)
            {
                x[i] -= l[k, i] * x[k];
            }

            x[i] /= l[i, i];
        }

        return x;
    }

    private static (double[,] Matrix, double[] Gradient) Normal(
        double[] x, double[] spread, double[] r, Residuals residuals, CancellationToken cancellationToken)
    {
        int p = x.Length;
        double[][] columns = new double[p][];
        ParallelOptions two = new() { MaxDegreeOfParallelism = 2, CancellationToken = cancellationToken };
        Parallel.For(0, p, two, j =>
        {
            double[] column = Column(x, j, Difference, r, residuals);

            // An unknown at its upper bound moves nothing upwards; downwards it may, and would stay there for ever if nobody looked.
            columns[j] = column.All(v => v == 0) ? Column(x, j, -Difference, r, residuals) : column;
        });

        double[] weights = [.. r.Select(v => 1 / Math.Sqrt(1 + (v * v)))];
        double[,] matrix = new double[p, p];
        double[] gradient = new double[p];
        for (int a = 0; a < p; a++)
        {
            double[] ca = columns[a];
            for (int b = 0; b <= a; b++)
            {
                double[] cb = columns[b];
                double sum = 0;
                for (int i = 0; i < r.Length; i++)
                {
                    sum += weights[i] * ca[i] * cb[i];
                }

                matrix[a, b] = matrix[b, a] = sum;
            }

            double pull = 0;
            for (int i = 0; i < r.Length; i++)
            {
                pull += weights[i] * ca[i] * r[i];
            }

            double precision = 1 / (spread[a] * spread[a]);
            gradient[a] = pull + (x[a] * precision);
            matrix[a, a] += precision;
        }

        return (matrix, gradient);
    }

    private static double[] Column(double[] x, int j, double difference, double[] r, Residuals residuals)
    {
        double[] moved = [.. x];
        moved[j] += difference;
        double[] at = residuals(moved, j, r);
        for (int i = 0; i < at.Length; i++)
        {
            at[i] = (at[i] - r[i]) / difference;
        }

        return at;
    }

    private static double[] Step(double[] x, double[,] matrix, double[] gradient, double damping)
    {
        double[,] damped = (double[,])matrix.Clone();
        for (int a = 0; a < x.Length; a++)
        {
            damped[a, a] *= 1 + damping;
        }

        double[] step = Solve(damped, gradient);
        return [.. x.Select((v, a) => v - Math.Clamp(step[a], -LongestStep, LongestStep))];
    }

    /// <summary>What is minimised.</summary>
    public static double Cost(double[] r, double[] x, double[] spread)
    {
        double cost = 0;
        foreach (double v in r)
        {
            cost += 2 * (Math.Sqrt(1 + (v * v)) - 1);
        }

        for (int i = 0; i < x.Length; i++)
        {
            cost += x[i] * x[i] / (spread[i] * spread[i]);
        }

        return cost;
    }
}
