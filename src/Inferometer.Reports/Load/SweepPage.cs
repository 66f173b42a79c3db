using Inferometer.Measurement.Load;
using Inferometer.Reports.Documents;
using Inferometer.Serving;

namespace Inferometer.Reports.Load;

/// <summary>What a service did at each of several rates, and up to which it kept up.</summary>
public static class SweepPage
{
    /// <summary>The page.</summary>
    /// <param name="sweep">What was measured.</param>
    /// <param name="title">What was asked of what, one line.</param>
    public static Document Of(LoadSweep sweep, string title)
    {
        ArgumentNullException.ThrowIfNull(sweep);
        Document page = new(Headline(sweep), Rates(sweep)) { Title = title };
        if (sweep.Failed.Count > 0)
        {
            page.Blocks.Add(new Sentences("failures", "Rates at which every request failed",
                [.. sweep.Failed.Select(f => $"{Numbers.Short(f.RequestsPerSecond)} requests/s: {f.Error}")]));
        }

        string[] notes = [.. Notes(sweep)];
        if (notes.Length > 0)
        {
            page.Blocks.Add(new Sentences("notes", "Notes", notes));
        }

        page.Blocks.Add(new Sentences("definitions", "Definitions",
        [
            "Keeps up: every request is answered, those of the warm-up too, nine in ten keep the service level where one is given, and the "
                + "requests under way do not grow by more than a twentieth of those that came in the second half.",
            "Keeps up to: what was answered at the highest such rate, over the time from the first request to the last answer.",
        ]));
        return page;
    }

    /// <summary>What limits what the rates say, a sentence each.</summary>
    /// <param name="sweep">What was measured.</param>
    public static IReadOnlyList<string> Notes(LoadSweep sweep) =>
    [
        .. sweep.Knee is { IsShort: true } knee
            ? [$"The {Numbers.Whole(knee.Result.Timelines.Count)} requests at {Numbers.Short(knee.RequestsPerSecond)} a second came within "
                + $"{Numbers.Short(knee.Seconds)} s, too short a time to tell whether the service keeps up: --requests "
                + $"{Numbers.Whole(knee.EnoughRequests)} or more would tell."]
            : Array.Empty<string>(),
        .. sweep.Points.SelectMany(p => p.Result.Notes.Select(note => $"At {Numbers.Short(p.RequestsPerSecond)} requests/s: {note}")),
    ];

    /// <summary>The rates alone, as one table.</summary>
    /// <param name="sweep">What was measured.</param>
    public static Table Rates(LoadSweep sweep)
    {
        ArgumentNullException.ThrowIfNull(sweep);
        Table table = new(
            "rates", "Rates", Column.Number("requests/s", "request_rate") with { IsRowName = true },
            Column.Number("answered/s", "request_throughput"), Column.Number("output tokens/s", "output_throughput"),
            Column.Number("TTFT p50 ms", "median_ttft_ms"), Column.Number("p99", "p99_ttft_ms"),
            Column.Number("TPOT p50 ms", "median_tpot_ms"), Column.Number("p99", "p99_tpot_ms"),
            Column.Number("keep the level", "slo_attainment"), Column.Number("failed", "failed"), Column.Text("keeps up", "keeps_up"));
        foreach (LoadPoint point in sweep.Points)
        {
            Add(point.RequestsPerSecond, point.Result, point.KeepsUp ? "yes" : "no");
        }

        if (sweep is { StoppedAt: { } rate, CutShort: { } cut })
        {
            Add(rate, cut, "stopped");
        }

        return table;

        void Add(double rate, LoadResult result, string keepsUp)
        {
            ServingReport report = result.Report.Value;
            table.Add(
                Cell.Number(rate), Cell.Number(report.RequestsPerSecond), Cell.Number(report.OutputTokensPerSecond),
                Cell.Number(report.TimeToFirstToken?.P50 * 1000), Cell.Number(report.TimeToFirstToken?.P99 * 1000),
                Cell.Number(report.TimePerOutputToken?.P50 * 1000), Cell.Number(report.TimePerOutputToken?.P99 * 1000),
                report.Goodput is { } goodput ? Cell.Share(goodput.Attainment) : Cell.None, report.Failed, keepsUp);
        }
    }

    private static Facts Headline(LoadSweep sweep) => new(null,
    [
        .. sweep.StoppedAt is { } rate
            ? [new Fact("Incomplete", "stopped_early", new Cell(Left(sweep, rate), true) { Tone = Tone.Bad })]
            : Array.Empty<Fact>(),
        new(
            "Keeps up to", "knee_requests_per_s",
            sweep.Knee is { } knee
                ? Cell.Number(
                    knee.AnsweredPerSecond,
                    $"{Numbers.Short(knee.AnsweredPerSecond)} requests/s answered, of {Numbers.Short(knee.RequestsPerSecond)} sent, "
                        + $"{Numbers.Short(knee.Result.Report.Value.OutputTokensPerSecond)} output tokens/s"
                        + (knee.IsShort ? "; too short a load to tell, see the notes" : "")) with { Tone = Tone.Strong }
                : new Cell(sweep.Points.Count == 0 ? "not known" : "none of these rates", null)),
    ]);

    // What a sweep that was stopped had found out, and what it had not.
    private static string Left(LoadSweep sweep, double rate)
    {
        string answered = sweep.CutShort is { } cut
            ? $", with {Numbers.Whole(cut.Timelines.Count(t => t.IsCompleted))} requests answered there"
            : "";
        string left = sweep switch
        {
            { Above: { } above, Below: { } below } =>
                $"between {Numbers.Short(above)}, which the service kept up with, and {Numbers.Short(below)}, which it did not",
            { Above: { } above } => $"above {Numbers.Short(above)}, the highest that was tried to its end",
            { Below: { } below } => $"below {Numbers.Short(below)}, the lowest that was tried to its end",
            _ => "not known: no rate was tried to its end",
        };
        return $"stopped at {Numbers.Short(rate)} requests/s{answered}; the highest rate is {left}";
    }
}
