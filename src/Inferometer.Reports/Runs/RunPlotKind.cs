namespace Inferometer.Reports.Runs;

/// <summary>How a plot is drawn.</summary>
public enum RunPlotKind
{
    /// <summary>Lines that rise in steps: the share of values up to each.</summary>
    Steps,

    /// <summary>Points.</summary>
    Points,

    /// <summary>Lines through their points; a point without a value parts a line in two.</summary>
    Curves,

    /// <summary>Bars from left to right, one for each category.</summary>
    Bars,
}
