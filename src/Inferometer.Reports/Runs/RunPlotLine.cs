using Inferometer.Core;

namespace Inferometer.Reports.Runs;

/// <summary>What is drawn of one run.</summary>
/// <param name="Name">Name of the run.</param>
/// <param name="Colour">Number of its colour, from 0.</param>
/// <param name="Points">Points; of bars x is the number of the category. Y is NaN where there is no value.</param>
public sealed record RunPlotLine(string Name, int Colour, EquatableList<(double X, double Y)> Points)
{
    /// <summary>How the line is drawn.</summary>
    public RunLineStyle Style { get; init; }
}
