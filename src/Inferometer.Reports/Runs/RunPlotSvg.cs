using System.Globalization;
using System.Net;
using System.Text;
using Inferometer.Reports.Documents;

namespace Inferometer.Reports.Runs;

/// <summary>Draws plots as SVG. Colours are classes, which a style gives: of the page it stands in, or its own.</summary>
public static class RunPlotSvg
{
    private const int Width = 640;
    private const int Height = 280;
    private const int Left = 62;
    private const int Right = 16;
    private const int Top = 12;
    private const int Bottom = 46;
    private const int BarsLeft = 190;
    private const int BarHeight = 16;
    private const int Ticks = 5;
    private const int MostMarkedPoints = 40; // of more a line alone is drawn

    private const string Style = """
        <style>
        svg{background:#fff;font-family:system-ui,sans-serif;font-size:12px}
        .axis,.grid{stroke:#d9dcd9}.ink{fill:#1a1f24}.soft{fill:#57616b}
        .s0{stroke:#1f6fc4}.s1{stroke:#c2700a}.s2{stroke:#23855a}.s3{stroke:#a23b8f}
        .s4{stroke:#6257c9}.s5{stroke:#0f8793}.s6{stroke:#8a6d1f}.s7{stroke:#b8423d}
        .f0{fill:#1f6fc4}.f1{fill:#c2700a}.f2{fill:#23855a}.f3{fill:#a23b8f}
        .f4{fill:#6257c9}.f5{fill:#0f8793}.f6{fill:#8a6d1f}.f7{fill:#b8423d}
        @media (prefers-color-scheme:dark){svg{background:#1a1f23}.axis,.grid{stroke:#31383e}.ink{fill:#e7eaec}.soft{fill:#a0aab3}}
        </style>

        """;

    /// <summary>One file with all plots of a report below each other.</summary>
    /// <param name="report">The report.</param>
    public static string File(RunReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        const int Head = 30, Legend = 22;
        int height = 40 + report.Plots.Sum(p => HeightOf(p) + Head + Legend);
        StringBuilder svg = new();
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{Width}\" height=\"{height}\" viewBox=\"0 0 {Width} {height}\" "
                + $"role=\"img\">\n");
        svg.Append(CultureInfo.InvariantCulture, $"<title>{Text(report.Title)}</title>\n").Append(Style);
        svg.Append(
            CultureInfo.InvariantCulture, $"<text class=\"ink\" x=\"12\" y=\"24\" font-weight=\"600\">{Text(report.Title)}</text>\n");
        int at = 40;
        foreach (RunPlot plot in report.Plots)
        {
            svg.Append(
                CultureInfo.InvariantCulture, $"<text class=\"ink\" x=\"12\" y=\"{at + 18}\">{Text(plot.Title)}</text>\n");
            double x = 12;
            foreach (RunPlotLine line in plot.Lines)
            {
                svg.Append(
                    CultureInfo.InvariantCulture,
                    $"<circle class=\"f{line.Colour}\" cx=\"{x + 5:0}\" cy=\"{at + Head + 6}\" r=\"5\"/><text class=\"soft\" "
                        + $"x=\"{x + 14:0}\" y=\"{at + Head + 10}\">{Text(line.Name)}</text>\n");
                x += 34 + (line.Name.Length * 7);
            }

            at += Head + Legend;
            svg.Append(CultureInfo.InvariantCulture, $"<g transform=\"translate(0 {at})\">\n").Append(Body(plot)).Append("</g>\n");
            at += HeightOf(plot);
        }

        return svg.Append("</svg>\n").ToString();
    }

    /// <summary>One plot, to stand in a page.</summary>
    /// <param name="plot">The plot.</param>
    internal static string Inline(RunPlot plot) => string.Create(
        CultureInfo.InvariantCulture,
        $"<svg viewBox=\"0 0 {Width} {HeightOf(plot)}\" aria-hidden=\"true\">\n{Body(plot)}</svg>\n");

    private static int HeightOf(RunPlot plot) => plot.Kind is RunPlotKind.Bars
        ? Top + Bottom + (plot.Categories.Count * ((BarHeight * plot.Lines.Count) + 8))
        : Height;

    private static string Body(RunPlot plot) => plot.Kind is RunPlotKind.Bars ? Bars(plot) : Lines(plot);

    private static string Lines(RunPlot plot)
    {
        (double X, double Y)[] all = [.. plot.Lines.SelectMany(l => l.Points).Where(p => double.IsFinite(p.Y))];
        (double x0, double x1, double xStep) = Scale(all.Min(p => p.X), all.Max(p => p.X), fromZero: false);
        (double y0, double y1, double yStep) = plot.Kind is RunPlotKind.Steps
            ? (0, 100, 25)
            : Scale(all.Min(p => p.Y), all.Max(p => p.Y), fromZero: true);
        StringBuilder svg = new();
        for (double y = y0; y <= y1 + (yStep / 2); y += yStep)
        {
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<path class=\"grid\" d=\"M{Left} {Y(y):0.0}H{Width - Right}\"/><text class=\"soft\" x=\"{Left - 6}\" "
                    + $"y=\"{Y(y) + 4:0.0}\" text-anchor=\"end\">{Numbers.Short(y)}</text>\n");
        }

        for (double x = x0; x <= x1 + (xStep / 2); x += xStep)
        {
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<path class=\"grid\" d=\"M{X(x):0.0} {Top}V{Height - Bottom}\"/><text class=\"soft\" x=\"{X(x):0.0}\" "
                    + $"y=\"{Height - Bottom + 16}\" text-anchor=\"middle\">{Numbers.Short(x)}</text>\n");
        }

        svg.Append(
            CultureInfo.InvariantCulture,
            $"<text class=\"soft\" x=\"{(Left + Width - Right) / 2}\" y=\"{Height - 10}\" text-anchor=\"middle\">{Text(plot.X)}</text>\n"
                + $"<text class=\"soft\" transform=\"translate(14 {(Top + Height - Bottom) / 2}) rotate(-90)\" text-anchor=\"middle\">"
                + $"{Text(plot.Y)}</text>\n");
        foreach (RunPlotLine line in plot.Lines)
        {
            if (plot.Kind is RunPlotKind.Points)
            {
                foreach ((double x, double y) in line.Points)
                {
                    svg.Append(
                        CultureInfo.InvariantCulture, $"<circle class=\"f{line.Colour}\" cx=\"{X(x):0.0}\" cy=\"{Y(y):0.0}\" r=\"2\"/>\n");
                }

                continue;
            }

            if (plot.Kind is RunPlotKind.Curves)
            {
                AppendCurve(svg, line, X, Y);
                continue;
            }

            svg.Append(CultureInfo.InvariantCulture, $"<path class=\"s{line.Colour}\" fill=\"none\" stroke-width=\"2\" d=\"");
            bool first = true;
            foreach ((double x, double y) in line.Points)
            {
                svg.Append(first ? 'M' : 'H').Append(CultureInfo.InvariantCulture, $"{X(x):0.0}").Append(first ? ' ' : 'V')
                    .Append(CultureInfo.InvariantCulture, $"{Y(y):0.0}");
                first = false;
            }

            svg.Append("\"/>\n");
        }

        return svg.ToString();

        double X(double value) => Left + ((value - x0) / (x1 - x0) * (Width - Left - Right));
        double Y(double value) => Height - Bottom - ((value - y0) / (y1 - y0) * (Height - Top - Bottom));
    }

    private static void AppendCurve(StringBuilder svg, RunPlotLine line, Func<double, double> x, Func<double, double> y)
    {
        string strokes = line.Style switch
        {
            RunLineStyle.Dashed => " stroke-dasharray=\"7 4\"",
            RunLineStyle.Dotted => " stroke-dasharray=\"2 4\"",
            _ => "",
        };
        svg.Append(CultureInfo.InvariantCulture, $"<path class=\"s{line.Colour}\" fill=\"none\" stroke-width=\"2\"{strokes} d=\"");
        bool isParted = true;
        foreach ((double px, double py) in line.Points)
        {
            if (double.IsFinite(py))
            {
                svg.Append(CultureInfo.InvariantCulture, $"{(isParted ? 'M' : 'L')}{x(px):0.0} {y(py):0.0}");
            }

            isParted = !double.IsFinite(py);
        }

        svg.Append("\"/>\n");
        if (line.Points.Count > MostMarkedPoints)
        {
            return;
        }

        foreach ((double px, double py) in line.Points.Where(p => double.IsFinite(p.Y)))
        {
            svg.Append(CultureInfo.InvariantCulture, $"<circle class=\"f{line.Colour}\" cx=\"{x(px):0.0}\" cy=\"{y(py):0.0}\" r=\"3\"/>\n");
        }
    }

    private static string Bars(RunPlot plot)
    {
        double[] values = [.. plot.Lines.SelectMany(l => l.Points).Select(p => p.Y).Where(double.IsFinite)];
        (double low, double high, _) = Scale(Math.Min(0, values.Min()), Math.Max(0, values.Max()), fromZero: true);
        StringBuilder svg = new();
        double zero = X(0);
        int at = Top;
        for (int category = 0; category < plot.Categories.Count; category++)
        {
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<text class=\"ink\" x=\"{BarsLeft - 8}\" y=\"{at + (BarHeight * plot.Lines.Count / 2.0) + 4:0.0}\" text-anchor=\"end\">"
                    + $"{Text(plot.Categories[category])}</text>\n");
            foreach (RunPlotLine line in plot.Lines)
            {
                double value = line.Points[category].Y;
                if (double.IsFinite(value))
                {
                    double end = X(value);
                    bool isLow = value < 0;
                    svg.Append(
                        CultureInfo.InvariantCulture,
                        $"<rect class=\"f{line.Colour}\" x=\"{Math.Min(zero, end):0.0}\" y=\"{at}\" "
                            + $"width=\"{Math.Max(0.5, Math.Abs(end - zero)):0.0}\" height=\"{BarHeight - 3}\"/>"
                            + $"<text class=\"soft\" x=\"{end + (isLow ? -4 : 4):0.0}\" y=\"{at + 10}\" "
                            + $"text-anchor=\"{(isLow ? "end" : "start")}\">{(value > 0 ? "+" : "")}{Numbers.Short(value)} "
                            + $"{Text(plot.X)}</text>\n");
                }

                at += BarHeight;
            }

            at += 8;
        }

        svg.Append(CultureInfo.InvariantCulture, $"<path class=\"axis\" d=\"M{zero:0.0} {Top - 4}V{at}\"/>\n");
        return svg.ToString();

        // Room for the figures beside the bars, at both ends.
        double X(double value) => BarsLeft + 60 + ((value - low) / (high - low) * (Width - BarsLeft - Right - 120));
    }

    // Round steps of 1, 2 or 5 that hold all values.
    private static (double Low, double High, double Step) Scale(double least, double most, bool fromZero)
    {
        least = fromZero ? Math.Min(0, least) : least;
        double span = most > least ? most - least : Math.Max(Math.Abs(most), 1) * 0.1;
        double decade = Math.Pow(10, Math.Floor(Math.Log10(span / Ticks)));
        double step = new[] { 1, 2, 5, 10 }.Select(m => m * decade).First(s => span / s <= Ticks);
        double low = Math.Floor(least / step) * step;
        double high = Math.Ceiling(most / step) * step;
        return (low, high > low ? high : low + step, step);
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
