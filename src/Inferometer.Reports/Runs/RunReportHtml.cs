using System.Globalization;
using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Inferometer.Reports.Documents;

namespace Inferometer.Reports.Runs;

/// <summary>
/// A report as one HTML file that asks nobody for anything: style, script and figures stand in it, and its policy forbids it to load more.
/// Where the script was left out of this build, or does not run, the plots are still pictures.
/// </summary>
public static class RunReportHtml
{
    private const string Policy =
        "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

    private static readonly Lazy<string> Css = new(() => Resource("report/report.css", isPacked: false) ?? "");
    private static readonly Lazy<string?> Script = new(() => Resource("report/report.js.br", isPacked: true));

    /// <summary>Whether plots can be looked at with the mouse: the script is part of this build.</summary>
    public static bool HasScript => Script.Value is not null;

    /// <summary>The file.</summary>
    /// <param name="report">What is reported.</param>
    public static string Of(RunReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        StringBuilder html = new();
        html.Append("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
        html.Append(CultureInfo.InvariantCulture, $"<meta http-equiv=\"Content-Security-Policy\" content=\"{Policy}\">\n");
        html.Append("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" ");
        html.Append(
            CultureInfo.InvariantCulture,
            $"content=\"light dark\">\n<title>{Text(report.Title)}</title>\n<style>\n{Css.Value}</style>\n</head>\n<body>\n<main>\n");
        html.Append(CultureInfo.InvariantCulture, $"<h1>{Text(report.Title)}</h1>\n");
        Headline(html, report);
        Plots(html, report.Plots);
        foreach (Table parts in report.Parts())
        {
            Append(html, parts);
        }

        Append(html, report.Figures());
        Append(html, report.RunTable());
        Settings(html, report);
        Append(html, report.Commands(), isCode: true);
        Append(html, report.Meanings(), isCode: false);
        html.Append("</main>\n");
        if (Script.Value is { } script)
        {
            html.Append("<script type=\"application/json\" id=\"plots\">").Append(Json(report.Plots).ToJsonString()).Append("</script>\n");

            // A script ends at the first end tag, wherever it stands.
            html.Append("<script>").Append(script.Replace("</script", "<\\/script", StringComparison.OrdinalIgnoreCase))
                .Append("</script>\n");
        }

        return html.Append("</body>\n</html>\n").ToString();
    }

    private static void Headline(StringBuilder html, RunReport report)
    {
        html.Append("<p class=\"legend\">");
        foreach (ReportedRun run in report.Runs)
        {
            html.Append(
                CultureInfo.InvariantCulture,
                $"<span><i class=\"key k{run.Colour}\"></i><b>{Text(run.Label)}</b> {Text(run.Record.Model)} on {Text(run.Record.On)}, "
                    + $"{(run.Record.Arm is History.Records.RunArm.Measured ? "measured" : "predicted")} "
                    + $"{run.Record.At.UtcDateTime:yyyy-MM-dd}</span>");
        }

        html.Append("</p>\n");
        if (report.Runs.Count > 1)
        {
            return;
        }

        html.Append("<dl class=\"tiles\">\n");
        foreach (History.Records.RunMetric metric in report.Runs[0].Record.Metrics.Where(m => m.IsHeadline))
        {
            html.Append(
                CultureInfo.InvariantCulture,
                $"<div><dt>{Text(metric.Name)}</dt><dd>{Text(FigureCell.Of(metric).Text)}<small> {Text(metric.Unit)}</small></dd>"
                    + $"</div>\n");
        }

        html.Append("</dl>\n");
    }

    private static void Plots(StringBuilder html, IReadOnlyList<RunPlot> plots)
    {
        if (plots.Count == 0)
        {
            return;
        }

        html.Append("<section class=\"plots\">\n");
        for (int i = 0; i < plots.Count; i++)
        {
            RunPlot plot = plots[i];
            html.Append(
                CultureInfo.InvariantCulture,
                $"<figure{(plot.Kind is RunPlotKind.Bars ? " class=\"whole\"" : "")}><figcaption>{Text(plot.Title)}</figcaption>"
                    + $"<div class=\"plot\" data-plot=\"{i}\" role=\"img\" aria-label=\"{Text(plot.Description)}\">\n");
            html.Append(RunPlotSvg.Inline(plot)).Append("</div>\n");
            if (plot.Lines.Count > 1)
            {
                html.Append("<p class=\"legend\">");
                foreach (RunPlotLine line in plot.Lines)
                {
                    html.Append(
                        CultureInfo.InvariantCulture, $"<span><i class=\"key k{line.Colour}\"></i>{Text(line.Name)}</span>");
                }

                html.Append("</p>\n");
            }

            html.Append("</figure>\n");
        }

        html.Append("</section>\n");
    }

    private static void Settings(StringBuilder html, RunReport report)
    {
        html.Append("<section>\n<h2>What was asked for</h2>\n");
        foreach (ReportedRun run in report.Runs)
        {
            html.Append(
                CultureInfo.InvariantCulture,
                $"<details><summary>{Text(run.Label)}, {Text(run.Record.Config.Hash[..10])}</summary>"
                    + $"<pre tabindex=\"0\">{Text(RunJson.Indented(run.Record.Config.ToJsonObject()))}</pre></details>\n");
        }

        html.Append("</section>\n");
    }

    private static void Append(StringBuilder html, Sentences sentences, bool isCode)
    {
        if (sentences.Lines.Count == 0)
        {
            return;
        }

        html.Append(CultureInfo.InvariantCulture, $"<section>\n<h2>{Text(sentences.Title ?? "")}</h2>\n<ul>\n");
        foreach (string line in sentences.Lines)
        {
            html.Append(CultureInfo.InvariantCulture, $"<li>{(isCode ? $"<code>{Text(line)}</code>" : Text(line))}</li>\n");
        }

        html.Append("</ul>\n</section>\n");
    }

    private static void Append(StringBuilder html, Table table)
    {
        int[] columns = table.ColumnsFor(Audience.People);
        string title = table.Title ?? table.Key;
        html.Append(
            CultureInfo.InvariantCulture,
            $"<section>\n<h2>{Text(title)}</h2>\n<div class=\"wide\" tabindex=\"0\" role=\"region\" aria-label=\"{Text(title)}\"><table>\n"
                + $"<thead><tr>");
        foreach (int i in columns)
        {
            html.Append(
                CultureInfo.InvariantCulture, $"<th scope=\"col\"{ClassOf(table.Columns[i])}>{Text(table.Columns[i].Heading)}</th>");
        }

        html.Append("</tr></thead>\n<tbody>\n");
        foreach (Cell[] row in table.Rows)
        {
            html.Append("<tr>");
            foreach (int i in columns)
            {
                string tag = table.Columns[i].IsRowName ? "th scope=\"row\"" : "td";
                string tone = row[i].Tone switch { Tone.Strong => "strong", Tone.Good => "good", Tone.Bad => "bad", _ => "" };
                html.Append(
                    CultureInfo.InvariantCulture,
                    $"<{tag}{ClassOf(table.Columns[i], tone)}>{Text(row[i].Text)}</{tag.Split(' ')[0]}>");
            }

            html.Append("</tr>\n");
        }

        html.Append("</tbody>\n</table></div>\n</section>\n");
    }

    private static JsonArray Json(IReadOnlyList<RunPlot> plots) =>
    [
        .. plots.Select(plot => (JsonNode)new JsonObject
        {
            ["kind"] = plot.Kind switch
            {
                RunPlotKind.Steps => "steps", RunPlotKind.Points => "points", RunPlotKind.Curves => "curves", _ => "bars",
            },
            ["x"] = plot.X,
            ["y"] = plot.Y,
            ["categories"] = new JsonArray([.. plot.Categories.Select(c => (JsonNode)c)]),
            ["lines"] = new JsonArray(
            [
                .. plot.Lines.Select(line => (JsonNode)new JsonObject
                {
                    ["name"] = line.Name,
                    ["colour"] = line.Colour,
                    ["style"] = line.Style switch { RunLineStyle.Dashed => "dashed", RunLineStyle.Dotted => "dotted", _ => "solid" },
                    ["points"] = new JsonArray(
                    [
                        .. line.Points.Select(p => (JsonNode)new JsonArray(
                            Rounded(p.X), double.IsFinite(p.Y) ? Rounded(p.Y) : null)),
                    ]),
                }),
            ]),
        }),
    ];

    // Six digits are more than a plot shows.
    private static double Rounded(double value) => double.Parse(
        value.ToString("G6", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);

    private static string ClassOf(Column column, string tone = "")
    {
        string classes = $"{(column.IsText ? "" : "n")} {tone}".Trim();
        return classes.Length > 0 ? $" class=\"{classes}\"" : "";
    }

    private static string? Resource(string name, bool isPacked)
    {
        using Stream? stream = typeof(RunReportHtml).Assembly.GetManifestResourceStream(name);
        if (stream is null)
        {
            return null;
        }

        using Stream plain = isPacked ? new BrotliStream(stream, CompressionMode.Decompress) : stream;
        using StreamReader reader = new(plain, Encoding.UTF8);
        return reader.ReadToEnd();
    }

    private static string Text(string text) => WebUtility.HtmlEncode(VisibleOnly(text));

    private static string VisibleOnly(string text) =>
        text.Any(c => char.IsControl(c) && c is not '\n') ? string.Concat(text.Where(c => !char.IsControl(c) || c is '\n')) : text;
}
