using System.Globalization;
using System.Net;
using System.Text;
using Inferometer.Measurement.Validation;
using Inferometer.Reports.Documents;

namespace Inferometer.Reports.Validation;

/// <summary>The comparison as one self-contained HTML page: the scatter plot and the tables under it.</summary>
public static class ValidationHtml
{
    private const string Style = """
        body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 62rem; padding: 0 1rem; color: #123; }
        h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
        svg { max-width: 100%; height: auto; }
        .wide { overflow-x: auto; }
        table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
        th { font-weight: 500; color: #567; text-align: left; }
        th, td { padding: 0.2rem 0.8rem 0.2rem 0; border-bottom: 1px solid #e3e9ee; vertical-align: top; }
        td.n, th.n { text-align: right; }

        """;

    /// <summary>The page.</summary>
    /// <param name="result">What was compared.</param>
    /// <param name="page">Its tables.</param>
    public static string Of(ValidationResult result, Document page)
    {
        ArgumentNullException.ThrowIfNull(result);
        ArgumentNullException.ThrowIfNull(page);
        StringBuilder html = new();
        html.Append(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" "
            + "content=\"width=device-width, initial-scale=1\">\n");
        html.Append(CultureInfo.InvariantCulture, $"<title>{Text(page.Title ?? "")}</title>\n<style>\n{Style}</style>\n</head>\n<body>\n");
        html.Append(CultureInfo.InvariantCulture, $"<h1>{Text(page.Title ?? "")}</h1>\n");
        html.Append("<p>Predicted over measured, logarithmic. On the line they are equal; within the band the prediction is between half ");
        html.Append("and twice the measurement. Hover a point for its row.</p>\n").Append(ScatterPlot.Svg(result));
        foreach (Table table in page.Blocks.OfType<Table>())
        {
            Append(html, table);
        }

        return html.Append("</body>\n</html>\n").ToString();
    }

    private static void Append(StringBuilder html, Table table)
    {
        int[] columns = table.ColumnsFor(Audience.People);
        html.Append(CultureInfo.InvariantCulture, $"<h2>{Text(table.Title ?? table.Key)}</h2>\n<div class=\"wide\"><table>\n<tr>");
        foreach (int i in columns)
        {
            html.Append(CultureInfo.InvariantCulture, $"<th{ClassOf(table.Columns[i])}>{Text(table.Columns[i].Heading)}</th>");
        }

        html.Append("</tr>\n");
        foreach (Cell[] row in table.Rows)
        {
            html.Append("<tr>");
            foreach (int i in columns)
            {
                html.Append(CultureInfo.InvariantCulture, $"<td{ClassOf(table.Columns[i])}>{Text(row[i].Text)}</td>");
            }

            html.Append("</tr>\n");
        }

        html.Append("</table></div>\n");
    }

    private static string ClassOf(Column column) => column.IsText ? "" : " class=\"n\"";

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
