namespace Inferometer.Serving.Arrivals;

/// <summary>
/// The mean of a continuous X that is rounded to a whole number and held between 1 and a most. Of whole numbers from 1 on it is 1 + the sum
/// of P(X >= n - 1/2) over n from 2 to the most, which is taken term by term where X is narrow or n is small, and elsewhere as its
/// integral, E[(X - from)+] - E[(X - to)+], with the next term of Euler and Maclaurin. What that leaves out is below 1e-5 tokens.
/// </summary>
internal static class RoundedMean
{
    private const int Least = 256; // numbers up to it are taken one by one
    private const double Narrow = 8; // a density this wide changes little from one number to the next
    private const double Reach = 12; // standard deviations beyond which nothing is drawn

    /// <param name="atLeast">P(X >= tokens).</param>
    /// <param name="excess">E[(X - tokens)+].</param>
    /// <param name="mean">Mean of X.</param>
    /// <param name="deviation">Its standard deviation, above 0.</param>
    /// <param name="most">The most.</param>
    public static double Of(Func<double, double> atLeast, Func<double, double> excess, double mean, double deviation, int most)
    {
        bool isNarrow = deviation < Narrow;
        int first = isNarrow ? (int)Math.Max(2, Math.Floor(mean - (Reach * deviation))) : 2;
        int last = (int)Math.Min(most, Math.Max(Least, isNarrow ? Math.Ceiling(mean + (Reach * deviation)) : 0));
        double sum = first - 1; // all that are drawn reach up to there
        for (int n = first; n <= last; n++)
        {
            sum += atLeast(n - 0.5);
        }

        return last < most ? sum + excess(last) - excess(most) + ((Slope(last) - Slope(most)) / 24) : sum;

        double Slope(double at) => atLeast(at + 0.5) - atLeast(at - 0.5);
    }
}
