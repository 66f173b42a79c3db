using System.Globalization;
using System.Xml.Linq;
using Inferometer.Core;
using Inferometer.Measurement.Validation;
using Inferometer.Reports.Documents;
using Inferometer.Reports.Validation;

namespace Inferometer.Reports.Tests.Validation;

/// <summary>The drawing of predictions over measurements, and the page around it.</summary>
public sealed class ScatterPlotTests
{
    private static readonly XNamespace Svg = "http://www.w3.org/2000/svg";

    [Fact]
    public void An_exact_prediction_lies_on_the_line_and_the_others_above_or_below()
    {
        (double x, double y)[] points = [.. Points(Result(("a", 10, 10), ("b", 10, 40), ("c", 1000, 10)))];
        (double left, double bottom, double right, double top) = Line();

        Assert.Equal(0, Above(points[0]), 0.5);
        Assert.True(Above(points[1]) > 20);
        Assert.True(Above(points[2]) < -20);

        // Height over the line of equality, in pixels.
        double Above((double X, double Y) p) => bottom - p.Y - ((p.X - left) / (right - left) * (bottom - top));

        (double, double, double, double) Line()
        {
            string[] ends = Drawing(Result(("a", 10, 10), ("b", 10, 40), ("c", 1000, 10))).Descendants(Svg + "polyline").Single()
                .Attribute("points")!.Value.Split(' ', ',');
            double[] at = [.. ends.Select(Number)];
            return (at[0], at[1], at[2], at[3]);
        }
    }

    [Fact]
    public void The_band_reaches_from_half_to_twice_the_measurement()
    {
        XElement drawing = Drawing(Result(("a", 10, 20), ("b", 1000, 500)));
        double[] band =
        [
            .. drawing.Descendants(Svg + "polygon").Single().Attribute("points")!.Value.Split(' ', ',').Select(Number),
        ];
        (double X, double Y)[] points = [.. Points(Result(("a", 10, 20), ("b", 1000, 500)))];

        // The two points lie on its two edges: upper from (0, 1) to (2, 3), lower from (6, 7) to (4, 5).
        Assert.Equal(band[1] + ((points[0].X - band[0]) / (band[2] - band[0]) * (band[3] - band[1])), points[0].Y, 0.5);
        Assert.Equal(band[7] + ((points[1].X - band[6]) / (band[4] - band[6]) * (band[5] - band[7])), points[1].Y, 0.5);
    }

    [Fact]
    public void Names_cannot_break_out_of_the_drawing()
    {
        XElement drawing = Drawing(Result(("</svg><script>", 1, 2)));

        Assert.Empty(drawing.Descendants(Svg + "script"));
        Assert.Contains("</svg><script>", drawing.Descendants(Svg + "title").Single().Value, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_cannot_be_drawn()
    {
        InferometerException error = Assert.Throws<InferometerException>(() => ScatterPlot.Svg(Result()));
        Assert.Equal("t.csv: there is nothing to draw; no row could be predicted.", error.Message);
    }

    [Fact]
    public void The_page_lists_errors_by_metric_and_the_worst_rows_by_their_ratio()
    {
        ValidationResult result = Result(("a", 10, 9), ("b", 10, 1), ("c", 10, 60));
        Document page = ValidationPage.Of(result, worst: 2, rows: true);

        Table metrics = page.Blocks.OfType<Table>().Single(t => t.Key is "metrics");
        Assert.Equal(((0.1 + 0.9 + 5) / 3, 0.9), ((double)metrics.Rows[0][3].Value!, (double)metrics.Rows[0][4].Value!));
        Table worst = page.Blocks.OfType<Table>().Single(t => t.Key is "worst");
        Assert.Equal(["b", "c"], worst.Rows.Select(r => r[0].Text)); // a tenth is worse than six times
        Assert.Equal(3, page.Blocks.OfType<Table>().Single(t => t.Key is "rows").Rows.Count);
    }

    private static ValidationResult Result(params (string Id, double Measured, double Predicted)[] rows) => new()
    {
        Table = "t.csv",
        Layout = "rows",
        Predictor = "model",
        Rows = rows.Length,
        Predicted = rows.Length,
        LeftOut = [],
        Comparisons =
        [
            .. rows.Select(r => new Comparison
            {
                Id = r.Id,
                Label = r.Id,
                Metric = "TPOT",
                Unit = "ms",
                Measured = r.Measured,
                Predicted = r.Predicted,
                System = "h100",
            }),
        ],
    };

    private static XElement Drawing(ValidationResult result) => XElement.Parse(ScatterPlot.Svg(result));

    // The points have titles, the legend's do not.
    private static IEnumerable<(double X, double Y)> Points(ValidationResult result) => Drawing(result).Descendants(Svg + "circle")
        .Where(c => c.Element(Svg + "title") is not null)
        .Select(c => (Number(c.Attribute("cx")!.Value), Number(c.Attribute("cy")!.Value)));

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
