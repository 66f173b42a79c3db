using System.Globalization;
using Inferometer.Core;

namespace Inferometer.Sweeps.Tables;

/// <summary>A value over the rows of a pivot table, a line for each of its columns: as SVG, as a page, or in characters.</summary>
public sealed class LinePlot
{
    private LinePlot(string title, string across, IReadOnlyList<Line> lines, PlotScale x, PlotScale y) =>
        (Title, Across, Lines, X, Y) = (title, across, lines, x, y);

    /// <summary>What the value is.</summary>
    internal string Title { get; }

    /// <summary>What lies along the horizontal axis.</summary>
    internal string Across { get; }

    internal IReadOnlyList<Line> Lines { get; }

    internal PlotScale X { get; }

    internal PlotScale Y { get; }

    /// <summary>A drawing that needs nothing else.</summary>
    public string ToSvg() => SvgPlot.Draw(this);

    /// <summary>A page that needs nothing else.</summary>
    public string ToHtml() => SvgPlot.Page(this);

    /// <summary>A drawing of characters.</summary>
    /// <param name="width">Characters in a line.</param>
    public IReadOnlyList<string> ToText(int width) => TextPlot.Draw(this, width);

    internal static LinePlot Of(Pivot pivot, string across, string between, string title)
    {
        bool numbers = pivot.RowsAreNumbers && pivot.RowNames.All(name => name is not null);
        string[] names = [.. pivot.RowNames.Select(name => name ?? "-")];
        double[] xs = [.. names.Select((name, i) => numbers ? double.Parse(name, CultureInfo.InvariantCulture) : i)];
        Line[] lines =
        [
            .. pivot.ColumnNames.Select(column => new Line(
                between.Length > 0 ? $"{between} {column ?? "-"}" : title,
                [
                    .. pivot.RowNames.Select((row, i) => (X: xs[i], Y: pivot[row, column], Name: names[i])).Where(p => p.Y is not null)
                        .Select(p => new PlotPoint(p.X, p.Y!.Value, p.Name)),
                ])).Where(line => line.Points.Count > 0),
        ];
        return lines.Length > 0
            ? new LinePlot(
                title, across, lines, numbers ? PlotScale.Of(xs) : PlotScale.Of(names),
                    PlotScale.Of([.. lines.SelectMany(l => l.Points, (_, p) => p.Y)]))
            : throw new InferometerException("--plot: there is no value to draw.");
    }

    internal sealed record Line(string Name, IReadOnlyList<PlotPoint> Points);

    internal readonly record struct PlotPoint(double X, double Y, string Name);
}
