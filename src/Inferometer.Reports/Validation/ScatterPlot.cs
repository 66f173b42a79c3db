using System.Globalization;
using System.Net;
using System.Text;
using Inferometer.Measurement.Validation;

namespace Inferometer.Reports.Validation;

/// <summary>
/// Predicted over measured on logarithmic axes, one panel a metric, as one SVG: the line of equality, a band from half to twice the
/// measurement, a colour a machine. Self-contained; each point says on hover which row it is.
/// </summary>
public static class ScatterPlot
{
    private const int Panel = 460;
    private const int Left = 64;
    private const int Bottom = 48;
    private const int Top = 34;
    private const int Right = 16;
    private const int LegendRow = 18;
    private const int Columns = 2;

    // Colours that stay apart in print and for most kinds of colour blindness (Okabe and Ito, 2008).
    private static readonly string[] Colours = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7a6a00", "#555555"];

    /// <summary>The drawing.</summary>
    /// <param name="result">What was compared.</param>
    /// <exception cref="Core.InferometerException">Nothing was compared.</exception>
    public static string Svg(ValidationResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        if (result.Comparisons.Count == 0)
        {
            throw new Core.InferometerException($"{result.Table}: there is nothing to draw; no row could be predicted.");
        }

        string[] systems = [.. result.Comparisons.Select(c => c.System).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        string[] metrics = [.. result.Metrics];
        int columns = Math.Min(Columns, metrics.Length);
        int rows = (metrics.Length + columns - 1) / columns;
        int perRow = Math.Max(1, columns * Panel / 200);
        int legend = LegendRow * ((systems.Length + perRow - 1) / perRow);
        int width = columns * Panel, height = (rows * Panel) + legend + 12;
        StringBuilder svg = new();
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" ");
        svg.Append("font-family=\"system-ui, sans-serif\" font-size=\"12\" fill=\"#123\">\n");
        svg.Append(CultureInfo.InvariantCulture, $"<rect width=\"{width}\" height=\"{height}\" fill=\"#fff\"/>\n");
        for (int i = 0; i < metrics.Length; i++)
        {
            svg.Append(CultureInfo.InvariantCulture, $"<g transform=\"translate({i % columns * Panel},{i / columns * Panel})\">\n");
            Draw(svg, metrics[i], [.. result.Comparisons.Where(c => c.Metric.Equals(metrics[i], StringComparison.Ordinal))], systems);
            svg.Append("</g>\n");
        }

        for (int i = 0; i < systems.Length; i++)
        {
            int x = 16 + (i % perRow * 200), y = (rows * Panel) + 12 + (i / perRow * LegendRow);
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<circle cx=\"{x}\" cy=\"{y - 4}\" r=\"4\" fill=\"{ColourOf(i)}\"/>"
                + $"<text x=\"{x + 10}\" y=\"{y}\">{Text(systems[i])}</text>\n");
        }

        return svg.Append("</svg>\n").ToString();
    }

    private static void Draw(StringBuilder svg, string metric, Comparison[] points, string[] systems)
    {
        double low = Math.Log10(points.Min(p => Math.Min(p.Measured, p.Predicted))) - 0.08;
        double high = Math.Log10(points.Max(p => Math.Max(p.Measured, p.Predicted))) + 0.08;
        const double Side = Panel - Left - Right, Depth = Panel - Top - Bottom;
        Axis axis = new(low, high, Side, Depth);
        svg.Append(
            CultureInfo.InvariantCulture, $"<text x=\"{Left}\" y=\"20\" font-size=\"14\" font-weight=\"600\">{Text(metric)}</text>\n");
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<clipPath id=\"{IdOf(metric)}\"><rect x=\"{Left}\" y=\"{Top}\" width=\"{Side}\" height=\"{Depth}\"/></clipPath>\n");
        Band(svg, axis, metric);
        Ticks(svg, axis, low, high);
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<rect x=\"{Left}\" y=\"{Top}\" width=\"{Side}\" height=\"{Depth}\" fill=\"none\" stroke=\"#9ab\"/>\n"
            + $"<g fill-opacity=\"0.55\">\n");
        foreach (Comparison p in points)
        {
            svg.Append(
                CultureInfo.InvariantCulture,
                $"<circle cx=\"{axis.X(Math.Log10(p.Measured)):0.0}\" cy=\"{axis.Y(Math.Log10(p.Predicted)):0.0}\" r=\"2.6\" "
                + $"fill=\"{ColourOf(Array.IndexOf(systems, p.System))}\"><title>{Text(p.Id)}: {Text(p.Label)}\n"
                + $"measured {p.Measured:G4} {p.Unit}, predicted {p.Predicted:G4} ({100 * p.Error:+0;-0} %)</title></circle>\n");
        }

        svg.Append("</g>\n");
        string unit = points[0].Unit;
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<text x=\"{Left + (Side / 2)}\" y=\"{Panel - 10}\" text-anchor=\"middle\">measured, {Text(unit)}</text>\n"
            + $"<text transform=\"translate(14,{Top + (Depth / 2)}) rotate(-90)\" text-anchor=\"middle\">predicted, {Text(unit)}</text>\n");
    }

    // Between half and twice the measurement.
    private static void Band(StringBuilder svg, Axis axis, string metric)
    {
        double factor = Math.Log10(2), low = axis.Low, high = axis.High;
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<g clip-path=\"url(#{IdOf(metric)})\"><polygon fill=\"#e8f0f6\" points=\"{axis.Point(low, low + factor)} "
            + $"{axis.Point(high, high + factor)} {axis.Point(high, high - factor)} {axis.Point(low, low - factor)}\"/>");
        svg.Append(
            CultureInfo.InvariantCulture,
            $"<polyline fill=\"none\" stroke=\"#456\" stroke-width=\"1.2\" points=\"{axis.Point(low, low)} "
            + $"{axis.Point(high, high)}\"/></g>\n");
    }

    private static void Ticks(StringBuilder svg, Axis axis, double low, double high)
    {
        double[] steps = high - low > 3 ? [1] : high - low > 1.5 ? [1, 3] : [1, 2, 5];
        for (int power = (int)Math.Floor(low); power <= high; power++)
        {
            foreach (double step in steps)
            {
                double at = power + Math.Log10(step);
                if (at < low || at > high)
                {
                    continue;
                }

                string label = (step * Math.Pow(10, power)).ToString("#,0.######", CultureInfo.InvariantCulture);
                svg.Append(
                    CultureInfo.InvariantCulture,
                    $"<path stroke=\"#dde4ea\" d=\"M{axis.X(at):0.0} {Top}V{Panel - Bottom}M{Left} {axis.Y(at):0.0}H{Panel - Right}\"/>");
                svg.Append(
                    CultureInfo.InvariantCulture,
                    $"<text x=\"{axis.X(at):0.0}\" y=\"{Panel - Bottom + 16}\" text-anchor=\"middle\" fill=\"#567\">{label}</text>"
                    + $"<text x=\"{Left - 6}\" y=\"{axis.Y(at) + 4:0.0}\" text-anchor=\"end\" fill=\"#567\">{label}</text>\n");
            }
        }
    }

    private static string IdOf(string metric) => "c" + string.Concat(metric.Where(char.IsAsciiLetterOrDigit));

    private static string ColourOf(int system) => Colours[system % Colours.Length];

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    private sealed record Axis(double Low, double High, double Side, double Depth)
    {
        public double X(double log) => Left + ((log - Low) / (High - Low) * Side);

        public double Y(double log) => Top + Depth - ((log - Low) / (High - Low) * Depth);

        public string Point(double x, double y) => string.Create(CultureInfo.InvariantCulture, $"{X(x):0.0},{Y(y):0.0}");
    }
}
