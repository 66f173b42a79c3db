namespace Inferometer.Sweeps.Tables;

/// <summary>What stands in a cell of a pivot table to which several rows belong.</summary>
public enum CellChoice
{
    /// <summary>The smallest.</summary>
    Min,

    /// <summary>The largest.</summary>
    Max,

    /// <summary>The mean.</summary>
    Mean,

    /// <summary>The median; of an even number the mean of the two in the middle.</summary>
    Median,

    /// <summary>How many have a value.</summary>
    Count,
}
