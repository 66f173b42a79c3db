using System.Globalization;
using Inferometer.History.Comparison;
using Inferometer.History.Gates;
using Inferometer.History.Records;
using Inferometer.Reports.Documents;

namespace Inferometer.Reports.Runs;

/// <summary>Two runs of the history, figure by figure, and what a gate says of them.</summary>
public static class RunDiffPage
{
    private const string Explained =
        "Between: what the difference lies between at 95 %, by 1,000 resamples of the values behind both figures; it counts where 0 lies "
            + "outside. "
        + "Where nothing stands, a run has a single value.";

    /// <summary>The page of a comparison.</summary>
    /// <param name="comparison">The runs.</param>
    public static Document Of(RunComparison comparison)
    {
        ArgumentNullException.ThrowIfNull(comparison);
        Document page = new(Runs(comparison), Differences(comparison))
        {
            Title = $"{comparison.A.ShortId} and {comparison.B.ShortId}",
        };
        Add(page, comparison);
        return page;
    }

    /// <summary>The page of a gate.</summary>
    /// <param name="gate">The gate.</param>
    public static Document Of(Gate gate)
    {
        ArgumentNullException.ThrowIfNull(gate);
        int failed = gate.Checks.Count(c => c.Outcome is GateOutcome.Failed);
        string verdict = gate.Passed ? "passed"
            : gate.IsUndecided ? "not decided: every figure is worse than allowed, and unproven; more repetitions (-r) may tell"
            : string.Create(CultureInfo.InvariantCulture, $"failed: {failed} of {gate.Checks.Count} figures are worse than allowed");
        Document page = new(Runs(
            gate.Comparison, ("Gate", "passed", new Cell(verdict, gate.Passed) with { Tone = gate.Passed ? Tone.Good : Tone.Bad })),
            Checks(gate))
        {
            Title = $"{gate.Comparison.B.ShortId} against {gate.Comparison.A.ShortId}",
        };
        Add(page, gate.Comparison, Gate.Rule);
        return page;
    }

    /// <summary>The figures of both runs.</summary>
    /// <param name="comparison">The runs.</param>
    public static Table Differences(RunComparison comparison)
    {
        ArgumentNullException.ThrowIfNull(comparison);
        Table table = new("differences", null,
            [.. Columns(), Column.Text("", "better") with { Audience = Audience.Machines }, Column.Text("verdict", "verdict")]);
        foreach (MetricDifference d in comparison.Differences)
        {
            table.Add([.. Cells(d), WayOf(d.B.Better), VerdictOf(d.Verdict)]);
        }

        return table;
    }

    /// <summary>The figures that a gate looks at.</summary>
    /// <param name="gate">The gate.</param>
    public static Table Checks(Gate gate)
    {
        ArgumentNullException.ThrowIfNull(gate);
        Table table = new("checks", null, [.. Columns(), Column.Number("allowed", "max_regression"), Column.Text("verdict", "outcome")]);
        foreach (GateCheck check in gate.Checks)
        {
            Tone tone = check.Outcome switch
            {
                GateOutcome.Failed => Tone.Bad,
                GateOutcome.Unproven => Tone.Normal,
                _ => Tone.Good,
            };
            string word = GateText.OutcomeOf(check);
            string text = check.Reason is { } reason ? $"{word}: {reason}" : word;
            table.Add([.. Cells(check.Figure), Cell.Share(check.MaxRegression), new Cell(text, word) with { Tone = tone }]);
        }

        return table;
    }

    private static Facts Runs(RunComparison comparison, params (string Label, string Key, Cell Cell)[] more) => new(
        null,
        [
            new("A", "a", new Cell(Line(comparison.A), comparison.A.Id)), new("B", "b", new Cell(Line(comparison.B), comparison.B.Id)),
            .. more.Select(m => new Fact(m.Label, m.Key, m.Cell)),
        ]);

    private static string Line(RunRecord run) =>
        $"{run.ShortId}, {RunWords.Of(run.Kind)} ({RunWords.Of(run.Arm)}) of {run.Model} on {run.On}, {RunListPage.When(run.At).Text}"
        + (run.Name is { } name ? $", {name}" : "");

    private static Column[] Columns() =>
    [
        Column.Text("metric", "key") with { IsRowName = true }, Column.Number("A", "a"), Column.Number("B", "b"),
            Column.Text("unit", "unit"),
        Column.Number("B/A - 1", "relative"), Column.Number("between", "relative_low"),
        Column.Number("", "relative_high") with { Audience = Audience.Machines },
        Column.Number("", "difference_low") with { Audience = Audience.Machines },
        Column.Number("", "difference_high") with { Audience = Audience.Machines },
        Column.Number("values", "values_a"), Column.Number("", "values_b") with { Audience = Audience.Machines },
    ];

    private static Cell[] Cells(MetricDifference d) =>
    [
        new Cell(d.Key, d.Key), FigureCell.Of(d.A), FigureCell.Of(d.B), d.B.Unit,
        d.Relative is { } relative ? Cell.Number(relative, Signed(relative)) : Cell.None,
        d.RelativeInterval is { } range ? Cell.Number(range.Low, $"{Signed(range.Low)} .. {Signed(range.High)}") : Cell.None,
        d.RelativeInterval is { } high ? Cell.Number(high.High) : Cell.None,
        Cell.Number(d.Interval?.Low), Cell.Number(d.Interval?.High),
        d.ValuesA > 0 || d.ValuesB > 0
            ? Cell.Number(d.ValuesA, string.Create(CultureInfo.InvariantCulture, $"{d.ValuesA}, {d.ValuesB}"))
            : Cell.None,
        d.ValuesA > 0 || d.ValuesB > 0 ? d.ValuesB : Cell.None,
    ];

    private static Cell VerdictOf(Verdict verdict) => verdict switch
    {
        Verdict.Better => new Cell("better", "better") { Tone = Tone.Good },
        Verdict.Worse => new Cell("worse", "worse") { Tone = Tone.Bad },
        Verdict.Same => "same",
        Verdict.Different => "different",
        _ => new Cell("", "unknown"),
    };

    private static string WayOf(Better better) => better switch { Better.Higher => "higher", Better.Lower => "lower", _ => "" };

    private static string Signed(double share) =>
        share is not 0 and > -0.0005 and < 0.0005 ? "0.0 %" : (share > 0 ? "+" : "") + Numbers.Percent(share);

    private static void Add(Document page, RunComparison comparison, params string[] more)
    {
        if (comparison.Warnings.Count > 0)
        {
            page.Blocks.Add(new Sentences("warnings", "What makes them less comparable", comparison.Warnings));
        }

        page.Blocks.Add(new Sentences("definitions", null, [Explained, .. more]) { Bulleted = false });
    }
}
