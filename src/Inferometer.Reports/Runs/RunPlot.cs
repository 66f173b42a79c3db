using Inferometer.Core;

namespace Inferometer.Reports.Runs;

/// <summary>A plot of a report, apart from how it is drawn: in a browser, or as SVG.</summary>
/// <param name="Title">What it shows.</param>
/// <param name="Kind">How.</param>
/// <param name="X">Name of the axis from left to right, with the unit.</param>
/// <param name="Y">Name of the axis from bottom to top; empty for bars.</param>
/// <param name="Lines">What is drawn, at least one.</param>
public sealed record RunPlot(string Title, RunPlotKind Kind, string X, string Y, EquatableList<RunPlotLine> Lines)
{
    /// <summary>Names of bars; empty for others.</summary>
    public EquatableList<string> Categories { get; init; } = [];

    /// <summary>The same in words, for those who do not see it.</summary>
    public string Description => Kind is RunPlotKind.Bars
        ? $"{Title}: {Categories.Count} bars for each of {Lines.Count} {(Lines.Count == 1 ? "run" : "runs")}; the table holds the figures"
        : $"{Title}, of {string.Join(", ", Lines.Select(l => l.Name))}";
}
