namespace Inferometer.Core.Models.HuggingFace;

/// <summary>The standard normal distribution.</summary>
internal static class NormalDistribution
{
    /// <summary>The value below which a share of all values lies, to double precision.</summary>
    /// <param name="share">Above 0 and below 1.</param>
    public static double Quantile(double share)
    {
        if (share < 0.5)
        {
            return -Quantile(1 - share);
        }

        // Newton's steps on the share above x, from its asymptotic form; below 40 whatever the share.
        double above = 1 - share;
        double x = share == 0.5 ? 0 : Math.Sqrt(-2 * Math.Log(above)) * (1 - above);
        for (int i = 0; i < 50; i++)
        {
            double step = (Above(x) - above) / (Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI));
            x += step;
            if (Math.Abs(step) < 1e-15)
            {
                break;
            }
        }

        return x;
    }

    // Share of values above x >= 0: a series of the density around 0, a continued fraction (Laplace) further out.
    private static double Above(double x)
    {
        double density = Math.Exp(-x * x / 2) / Math.Sqrt(2 * Math.PI);
        if (x < 3)
        {
            double term = x, sum = x;
            for (int n = 3; n < 200; n += 2)
            {
                term *= x * x / n;
                sum += term;
            }

            return 0.5 - (density * sum);
        }

        double fraction = x;
        for (int n = 200; n > 0; n--)
        {
            fraction = x + (n / fraction);
        }

        return density / fraction;
    }
}
