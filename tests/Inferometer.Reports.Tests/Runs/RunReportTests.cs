using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Inferometer.Core;
using Inferometer.History.Records;
using Inferometer.Reports.Documents;
using Inferometer.Reports.Runs;
using Inferometer.Reports.Writers;

namespace Inferometer.Reports.Tests.Runs;

/// <summary>Reports of runs that were kept.</summary>
public sealed class RunReportTests
{
    [Fact]
    public void Figures_of_later_runs_stand_beside_the_first_with_what_chance_allows()
    {
        RunReport report = new([ReportedRuns.Load("before"), ReportedRuns.Load("after", 1.5)]);
        Table figures = report.Figures();
        Assert.Equal(["figure", "unit", "before", "after", "change"], figures.Columns.Select(c => c.Heading));
        Cell[] ttft = figures.Rows[0], rate = figures.Rows[1];
        Assert.Equal((0.5, Tone.Bad), ((double)ttft[4].Value!, ttft[4].Tone));
        Assert.Matches(@"^\+50 % \(\+\d+ % to \+\d+ %\)$", ttft[4].Text);

        // No values were kept behind the rate: how far it lies is said, and nothing of chance.
        Assert.Equal(-1 / 3.0, (double)rate[4].Value!, 9);
        Assert.Equal(Tone.Normal, rate[4].Tone);
        Assert.Equal(Cell.None, new RunReport([ReportedRuns.Bare(), ReportedRuns.Load("x")]).Figures().Rows[^1][2]);
    }

    [Fact]
    public void Runs_of_one_name_are_told_apart_and_the_same_run_is_refused()
    {
        RunRecord one = ReportedRuns.Load("same"), other = ReportedRuns.Load("same", 2), third = ReportedRuns.Load(null, 3);
        Assert.Equal(
            [$"same {one.ShortId}", $"same {other.ShortId}", third.ShortId], new RunReport([one, other, third]).Runs.Select(r => r.Label));
        Assert.Contains("named twice", Assert.Throws<InferometerException>(() => new RunReport([one, other, one])).Message,
            StringComparison.Ordinal);
        Assert.Throws<InferometerException>(() => new RunReport([]));
        Assert.Throws<InferometerException>(
            () => new RunReport([.. Enumerable.Range(1, 9).Select(i => ReportedRuns.Load(null, i))]));
    }

    [Fact]
    public void Commands_can_be_typed_again()
    {
        string line = new RunReport([ReportedRuns.Load("a")]).Commands().Lines[0];
        Assert.Equal("a: inferometer load 'my model.gguf' --rate 2 '--note=it'\\''s'", line);
        RunRecord unknown = (ReportedRuns.Load("b") with { CommandLine = [] }).Sealed();
        Assert.Equal(["Not known of b."], new RunReport([unknown]).Commands().Lines);
    }

    [Fact]
    public void The_file_asks_nobody_for_anything_and_nothing_in_it_is_code_but_the_script()
    {
        string html = RunReportHtml.Of(new RunReport([ReportedRuns.Load("a"), ReportedRuns.Load("b", 2)]));
        Assert.DoesNotMatch(
            new Regex(
                "(src|href|action)\\s*=\\s*[\"']?(https?:|//)", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture,
                TimeSpan.FromSeconds(10)),
            html);
        Assert.DoesNotContain("@import", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<b>&\"model\"", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>alert", html, StringComparison.Ordinal);
        Assert.Contains("default-src 'none'", html, StringComparison.Ordinal);
        int scripts = Regex.Count(html, "<script");
        Assert.Equal(RunReportHtml.HasScript ? 2 : 0, scripts);
        Assert.Equal(scripts, Regex.Count(html, "</script>"));
        Assert.Contains("<svg viewBox", html, StringComparison.Ordinal);
        Assert.InRange(html.Length, 5_000, 900_000);
    }

    [Fact]
    public void Plots_are_well_formed_pictures_that_hold_every_run()
    {
        RunReport report = new([ReportedRuns.Load("a"), ReportedRuns.Load("b", 2)]);
        Assert.Equal([RunPlotKind.Bars, RunPlotKind.Steps, RunPlotKind.Points], report.Plots.Select(p => p.Kind));
        var svg = XDocument.Parse(RunPlotSvg.File(report));
        XNamespace space = "http://www.w3.org/2000/svg";
        Assert.Equal(2, svg.Descendants(space + "path").Count(p => ((string?)p.Attribute("class") ?? "").StartsWith('s')));
        Assert.Equal(2, svg.Descendants(space + "rect").Count());
        Assert.Equal(120, svg.Descendants(space + "circle").Count(c => (string?)c.Attribute("r") is "2"));
        Assert.DoesNotContain(svg.Descendants().Attributes(), a => a.Value.Contains("NaN", StringComparison.Ordinal));
        Assert.Empty(new RunReport([ReportedRuns.Bare()]).Plots);

        // Of many values the plot keeps as many as can be seen, the first and the last among them.
        RunPlot steps = new RunReport([ReportedRuns.Load("a", requests: 50_000)]).Plots[0];
        Assert.InRange(steps.Lines[0].Points.Count, 300, 500);
        Assert.Equal(100, steps.Lines[0].Points[^1].Y);
    }

    [Fact]
    public void Values_that_are_all_equal_can_be_drawn()
    {
        RunRecord run = ReportedRuns.Load("a");
        RunRecord flat = (run with { Series = [new RunSeries("ttft_ms", "ms", [.. Enumerable.Repeat(0.0, 10)])] }).Sealed();
        string svg = RunPlotSvg.File(new RunReport([flat]));
        Assert.DoesNotContain("NaN", svg, StringComparison.Ordinal);
        Assert.DoesNotContain("Infinity", svg, StringComparison.Ordinal);
    }

    [Fact]
    public void Json_holds_every_figure_and_value_and_markdown_the_tables()
    {
        RunReport report = new([ReportedRuns.Load("a")]);
        using var json = JsonDocument.Parse(RunJson.File(report));
        JsonElement run = json.RootElement.GetProperty("runs")[0];
        Assert.Equal(60, run.GetProperty("series")[0].GetProperty("values").GetArrayLength());
        Assert.Equal(3, run.GetProperty("metrics").GetArrayLength());
        Assert.Equal(2, run.GetProperty("config").GetProperty("rate").GetInt32());
        Assert.Equal("measured", run.GetProperty("arm").GetString());
        Assert.Equal(2, RunJson.Of(report.Runs[0].Record, isWhole: false)["metrics"]!.AsArray().Count);

        using StringWriter markdown = new();
        DocumentWriters.For(OutputFormat.Markdown, markdown).Write(report.ToDocument());
        Assert.Contains("| Time to first token, mean |", markdown.ToString(), StringComparison.Ordinal);
        Assert.Contains("arrival to the first token", markdown.ToString(), StringComparison.Ordinal);
    }
}
