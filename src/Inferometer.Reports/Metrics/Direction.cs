namespace Inferometer.Reports.Metrics;

/// <summary>Which way a metric is better.</summary>
public enum Direction
{
    /// <summary>Neither: it describes, and is no aim by itself.</summary>
    None,

    /// <summary>Less is better.</summary>
    LowerIsBetter,

    /// <summary>More is better.</summary>
    HigherIsBetter,
}
