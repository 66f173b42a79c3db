using Inferometer.Sweeps.Rows;

namespace Inferometer.Sweeps.Points;

/// <summary>Makes rows of points. For one thread; a row depends on its point alone, whatever came before.</summary>
internal interface IPointEvaluator
{
    /// <summary>Fills a block with the rows of consecutive points.</summary>
    /// <param name="first">Number of the first point.</param>
    /// <param name="points">How many points.</param>
    /// <param name="block">Room for as many rows.</param>
    /// <param name="counts">Where what became of them is counted.</param>
    /// <param name="cancellationToken">Stops between points.</param>
    void Evaluate(long first, int points, RowBlock block, PointCounts counts, CancellationToken cancellationToken);
}
