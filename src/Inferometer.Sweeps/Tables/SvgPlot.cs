using System.Globalization;
using System.Net;
using System.Text;

namespace Inferometer.Sweeps.Tables;

/// <summary>Draws line plots as SVG. Each point says on hover what it is.</summary>
internal static class SvgPlot
{
    private const int Width = 760, Height = 480, Left = 84, Right = 20, Top = 40, Bottom = 56, LegendRow = 18, LegendColumn = 240;

    // Colours that stay apart in print and for most kinds of colour blindness (Okabe and Ito, 2008).
    private static readonly string[] s_colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a6a00", "#555555"];

    public static string Draw(LinePlot plot)
    {
        int perRow = Width / LegendColumn;
        int height = Height + (LegendRow * ((plot.Lines.Count + perRow - 1) / perRow));
        StringBuilder svg = new();
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {Width} {height}\" width=\"{Width}\" height=\"{height}\" ");
        svg.Append("font-family=\"system-ui, sans-serif\" font-size=\"12\" fill=\"#123\">\n");
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<rect width=\"{Width}\" height=\"{height}\" fill=\"#fff\"/>\n"
            + $"<text x=\"{Left}\" y=\"22\" font-size=\"14\" font-weight=\"600\">{Text(plot.Title)}</text>\n");
        Ticks(svg, plot);
        for (int i = 0; i < plot.Lines.Count; i++)
        {
            Add(svg, plot, plot.Lines[i], s_colours[i % s_colours.Length]);
            int x = Left + (i % perRow * LegendColumn), y = Height + (i / perRow * LegendRow);
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<circle cx=\"{x}\" cy=\"{y - 4}\" r=\"4\" fill=\"{s_colours[i % s_colours.Length]}\"/>"
                + $"<text x=\"{x + 10}\" y=\"{y}\">{Text(plot.Lines[i].Name)}</text>\n");
        }

        return svg.Append("</svg>\n").ToString();
    }

    public static string Page(LinePlot plot)
    {
        StringBuilder page = new("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>");
        page.Append(Text(plot.Title)).Append("</title>\n<style>\n").Append(Style).Append("</style>\n</head>\n<body>\n");
        page.Append(CultureInfo.InvariantCulture, $"<h1>{Text(plot.Title)}</h1>\n").Append(Draw(plot));
        page.Append("<table>\n<tr><th>").Append(Text(plot.Across)).Append("</th>");
        foreach (LinePlot.Line line in plot.Lines)
        {
            page.Append("<th>").Append(Text(line.Name)).Append("</th>");
        }

        page.Append("</tr>\n");
        foreach (IGrouping<double, (string Name, int Line, double Y)> row in plot.Lines
            .SelectMany((line, i) => line.Points.Select(p => (p.X, p.Name, Line: i, p.Y)))
            .GroupBy(p => p.X, p => (p.Name, p.Line, p.Y)).OrderBy(g => g.Key))
        {
            page.Append("<tr><th>").Append(Text(row.First().Name)).Append("</th>");
            for (int i = 0; i < plot.Lines.Count; i++)
            {
                double? y = row.Where(p => p.Line == i).Select(p => (double?)p.Y).FirstOrDefault();
                page.Append(CultureInfo.InvariantCulture,
                    $"<td>{(y is { } value ? value.ToString("G5", CultureInfo.InvariantCulture) : "")}</td>");
            }

            page.Append("</tr>\n");
        }

        return page.Append("</table>\n</body>\n</html>\n").ToString();
    }

    private static double X(LinePlot plot, double value) => Left + (plot.X.Place(value) * (Width - Left - Right));

    private static double Y(LinePlot plot, double value) => Height - Bottom - (plot.Y.Place(value) * (Height - Top - Bottom));

    private static void Ticks(StringBuilder svg, LinePlot plot)
    {
        // Words would run into each other where there are many.
        int every = 1 + (plot.X.Ticks.Count / 13);
        foreach ((double at, string label) in plot.X.Ticks.Where((_, i) => i % every == 0))
        {
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<path stroke=\"#dde4ea\" d=\"M{X(plot, at):0.0} {Top}V{Height - Bottom}\"/>"
                + $"<text x=\"{X(plot, at):0.0}\" y=\"{Height - Bottom + 16}\" text-anchor=\"middle\" "
                    + $"fill=\"#567\">{Text(label)}</text>\n");
        }

        foreach ((double at, string label) in plot.Y.Ticks)
        {
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<path stroke=\"#dde4ea\" d=\"M{Left} {Y(plot, at):0.0}H{Width - Right}\"/>"
                + $"<text x=\"{Left - 6}\" y=\"{Y(plot, at) + 4:0.0}\" text-anchor=\"end\" fill=\"#567\">{Text(label)}</text>\n");
        }

        svg.Append(
            CultureInfo.InvariantCulture,
            $"<rect x=\"{Left}\" y=\"{Top}\" width=\"{Width - Left - Right}\" height=\"{Height - Top - Bottom}\" fill=\"none\" "
            + $"stroke=\"#9ab\"/><text x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 22}\" "
                + $"text-anchor=\"middle\">{Text(plot.Across)}</text>\n");
    }

    private static void Add(StringBuilder svg, LinePlot plot, LinePlot.Line line, string colour)
    {
        svg.Append(CultureInfo.InvariantCulture, $"<polyline fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.6\" points=\"");
        foreach (LinePlot.PlotPoint p in line.Points)
        {
            svg.Append(CultureInfo.InvariantCulture, $"{X(plot, p.X):0.0},{Y(plot, p.Y):0.0} ");
        }

        svg.Append("\"/>\n");
        foreach (LinePlot.PlotPoint p in line.Points)
        {
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<circle cx=\"{X(plot, p.X):0.0}\" cy=\"{Y(plot, p.Y):0.0}\" r=\"3\" fill=\"{colour}\"><title>{Text(plot.Across)} "
                + $"{Text(p.Name)}, {Text(line.Name)}: {p.Y:G5}</title></circle>\n");
        }
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    private const string Style = """
        body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #123; }
        h1 { font-size: 1.4rem; }
        table { border-collapse: collapse; margin-top: 1rem; }
        th, td { padding: 0.2rem 0.7rem; text-align: right; border-bottom: 1px solid #dde4ea; font-variant-numeric: tabular-nums; }

        """;
}
