namespace Inferometer.Reports.Runs;

/// <summary>How a line of a plot is drawn.</summary>
public enum RunLineStyle
{
    /// <summary>Whole.</summary>
    Solid,

    /// <summary>In strokes.</summary>
    Dashed,

    /// <summary>In dots.</summary>
    Dotted,
}
