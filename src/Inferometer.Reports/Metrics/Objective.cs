namespace Inferometer.Reports.Metrics;

/// <summary>What a comparison looks for: the best value of a metric.</summary>
/// <typeparam name="TResult">The result that it is read from.</typeparam>
/// <param name="Name">Name on the command line.</param>
/// <param name="Description">In words.</param>
/// <param name="Metric">The metric looked at.</param>
public sealed record Objective<TResult>(string Name, string Description, Metric<TResult> Metric)
    where TResult : class
{
    /// <summary>Index of the best result, or -1 where none gives the value.</summary>
    /// <param name="results">The results; null where there is none.</param>
    public int BestOf(IEnumerable<TResult?> results)
    {
        ArgumentNullException.ThrowIfNull(results);
        int best = -1, i = 0;
        double bestValue = 0;
        foreach (TResult? result in results)
        {
            if (result is not null && Metric.Of(result) is { } value
                && (best < 0 || (Metric.Better == Direction.HigherIsBetter ? value > bestValue : value < bestValue)))
            {
                (best, bestValue) = (i, value);
            }

            i++;
        }

        return best;
    }
}
