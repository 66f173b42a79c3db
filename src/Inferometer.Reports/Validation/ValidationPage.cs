using System.Globalization;
using Inferometer.Measurement.Validation;
using Inferometer.Reports.Documents;

namespace Inferometer.Reports.Validation;

/// <summary>A table of measurements beside its predictions: errors by metric and by what ran, the worst rows, what was left out.</summary>
public static class ValidationPage
{
    private static readonly (string Name, string Key, Func<Comparison, string> Of)[] Dimensions =
    [
        ("machine", "system", c => c.System),
        ("framework", "framework", c => c.Framework),
        ("model", "model", c => c.Model),
        ("precision", "precision", c => c.Precision),
        ("rests on", "rests_on", c => c.RestsOn),
    ];

    /// <summary>The page.</summary>
    /// <param name="result">What was compared.</param>
    /// <param name="worst">How many of the worst rows to list, 0 = none.</param>
    /// <param name="rows">Whether to list every figure.</param>
    public static Document Of(ValidationResult result, int worst, bool rows)
    {
        ArgumentNullException.ThrowIfNull(result);
        Document page = new(Summary(result), Metrics(result)) { Title = TitleOf(result) };
        if (result.Runs.Count > 0)
        {
            page.Blocks.Add(Runs(result));
        }

        foreach (Block block in Groups(result))
        {
            page.Blocks.Add(block);
        }

        if (worst > 0 && result.Comparisons.Count > 0)
        {
            page.Blocks.Add(Worst(result, worst));
        }

        if (rows)
        {
            page.Blocks.Add(Figures(result));
        }

        if (result.LeftOut.Count > 0)
        {
            page.Blocks.Add(LeftOut(result));
        }

        return page;
    }

    /// <summary>Every figure with its prediction: what CSV is for.</summary>
    public static Table Figures(ValidationResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        Table table = new(
            "rows", "Every figure", Column.Text("row", "id") with { IsRowName = true }, Column.Text("metric", "metric"),
            Column.Text("machine", "system"), Column.Text("framework", "framework"), Column.Text("model", "model"),
            Column.Text("precision", "precision"), Column.Text("unit", "unit"), Column.Number("measured", "measured"),
            Column.Number("predicted", "predicted"), Column.Number("error", "relative_error"), Column.Number("low", "predicted_low"),
            Column.Number("high", "predicted_high"), Column.Number("baseline", "baseline"),
            Column.Number("its error", "baseline_relative_error"), Column.Text("rests on", "rests_on"));
        foreach (Comparison c in result.Comparisons)
        {
            table.Add(
                c.Id, c.Metric, c.System, c.Framework, c.Model, c.Precision, c.Unit, Cell.Number(c.Measured), Cell.Number(c.Predicted),
                Signed(c.Error), Cell.Number(c.Range?.Low), Cell.Number(c.Range?.High), Cell.Number(c.Baseline),
                c.BaselineError is { } other ? Signed(other) : Cell.None, c.RestsOn);
        }

        return table;
    }

    private static string TitleOf(ValidationResult result) =>
        $"{Path.GetFileName(result.Table)} against {result.Predictor}"
        + (result.Baseline is { } other ? $", beside {other}" : "");

    private static Facts Summary(ValidationResult result) => new(null,
    [
        new("Table", "table", new Cell($"{Path.GetFileName(result.Table)}: {result.Layout}", result.Table)),
        new("Cost model", "predictor", result.Predictor),
        new("Rows", "rows_in_table", result.Rows),
        new(
            "Predicted", "rows_predicted",
            Cell.Number(result.Predicted, $"{Numbers.Whole(result.Predicted)}, {Numbers.Whole(result.Comparisons.Count)} figures")),
        new("Rests on", "rests_on", RestsOn(result)),
        .. result.UnknownFrameworks is { Count: > 0 } unknown
            ? [new Fact("Not known", "unknown_frameworks", $"{string.Join(", ", unknown)}: the usual framework stands for it")]
            : Array.Empty<Fact>(),
    ]);

    private static Cell RestsOn(ValidationResult result)
    {
        string[] bases = [.. result.Comparisons.Select(c => c.RestsOn).Distinct(StringComparer.Ordinal).Where(text => text.Length > 0)];
        return bases switch
        {
            [] => Cell.None,
            [var only] => only,
            _ => Cell.Number(bases.Length, $"{bases.Length} kinds of ground, in the table below"),
        };
    }

    private static Table Metrics(ValidationResult result)
    {
        bool ranges = result.Comparisons.Any(c => c.Range is not null);
        Table table = new(
            "metrics", "Errors by metric", Column.Text("metric", "metric") with { IsRowName = true }, Column.Text("by", "predictor"),
            Column.Number("figures", "count"), Column.Number("MAPE", "mape"), Column.Number("median", "median_absolute"),
            Column.Number("p90", "p90_absolute"), Column.Number("signed", "median_signed"), Column.Number("too low", "share_below"),
            Column.Number("in range", "coverage") with { Audience = ranges ? Audience.Everyone : Audience.Machines });
        foreach (string metric in result.Metrics)
        {
            Comparison[] of = [.. result.Comparisons.Where(c => c.Metric.Equals(metric, StringComparison.Ordinal))];
            Add(metric, result.Predictor, ErrorStatistics.Of(of));
            if (result.Baseline is { } other)
            {
                Comparison[] both = [.. of.Where(c => c.Baseline is not null)];
                Add(metric, other, ErrorStatistics.OfBaseline(both));
                if (both.Length < of.Length)
                {
                    Add(metric, $"{result.Predictor}, same rows", ErrorStatistics.Of(both));
                }
            }
        }

        return table;

        void Add(string metric, string by, ErrorStatistics? s)
        {
            if (s is not null)
            {
                table.Add(
                    metric, by, s.Count, Percent(s.MeanAbsolute), Percent(s.MedianAbsolute), Percent(s.P90Absolute),
                    Signed(s.MedianSigned), Cell.Share(s.ShareBelow), s.Coverage is { } share ? Cell.Share(share) : Cell.None);
            }
        }
    }

    private static Table Runs(ValidationResult result)
    {
        bool ranges = result.Runs.Any(r => r.RangeMs is not null);
        Table table = new(
            "runs", "Recorded runs: mean times, their errors, those of percentiles and of each request",
            Column.Text("run", "label") with { IsRowName = true }, Column.Text("", "run") with { Audience = Audience.Machines },
            Column.Text("time", "metric") with { IsRowName = true },
            Column.Number("requests", "requests") with { Audience = Audience.Machines }, Column.Number("measured ms", "measured_ms"),
            Column.Number("predicted ms", "predicted_ms"),
            Column.Number("low", "low_ms") with { Audience = ranges ? Audience.Everyone : Audience.Machines },
            Column.Number("high", "high_ms") with { Audience = ranges ? Audience.Everyone : Audience.Machines },
            Column.Number("error", "mean_error"), Column.Number("p50", "p50_error"), Column.Number("p90", "p90_error"),
            Column.Number("p99", "p99_error"), Column.Number("each", "each_mape"));
        foreach (TracedRunErrors run in result.Runs)
        {
            table.Add(
                run.Label, run.Run, run.Metric, run.Requests, Cell.Number(run.MeasuredMs), Cell.Number(run.PredictedMs),
                Cell.Number(run.RangeMs?.Low), Cell.Number(run.RangeMs?.High), Signed(run.MeanError), Signed(run.P50Error),
                Signed(run.P90Error), Signed(run.P99Error), Percent(run.Each.MeanAbsolute));
        }

        return table;
    }

    private static IEnumerable<Table> Groups(ValidationResult result)
    {
        foreach ((string name, string key, Func<Comparison, string> of) in Dimensions)
        {
            IGrouping<string, Comparison>[] groups =
            [
                .. result.Comparisons.GroupBy(of, StringComparer.Ordinal).OrderByDescending(g => g.Count())
                    .ThenBy(g => g.Key, StringComparer.Ordinal),
            ];
            if (groups.Length > 1)
            {
                yield return Group(result, name, key, groups);
            }
        }
    }

    private static Table Group(ValidationResult result, string name, string key, IGrouping<string, Comparison>[] groups)
    {
        List<Column> columns =
        [
            Column.Text(name, key) with { IsRowName = true }, Column.Text("metric", "metric") with { IsRowName = true },
            Column.Number("figures", "count"), Column.Number("MAPE", "mape"), Column.Number("median", "median_absolute"),
            Column.Number("p90", "p90_absolute"), Column.Number("signed", "median_signed"),
        ];
        if (result.Baseline is not null)
        {
            columns.AddRange([Column.Number("its MAPE", "baseline_mape"), Column.Number("median", "baseline_median_absolute")]);
        }

        string other = result.Baseline is { } baseline ? $"; its: {baseline}" : "";
        Table table = new("by_" + key, $"Errors by {name}{other}", [.. columns]);
        foreach (IGrouping<string, Comparison> group in groups)
        {
            string label = group.Key.Length == 0 ? "not said" : group.Key[(group.Key.LastIndexOf('/') + 1)..];
            foreach (string metric in result.Metrics)
            {
                Comparison[] of = [.. group.Where(c => c.Metric.Equals(metric, StringComparison.Ordinal))];
                if (ErrorStatistics.Of(of) is { } s)
                {
                    table.Add([new Cell(label, group.Key), metric, .. Cells(s), .. result.Baseline is null ? [] : Others(of)]);
                }
            }
        }

        return table;

        static Cell[] Cells(ErrorStatistics s) =>
            [s.Count, Percent(s.MeanAbsolute), Percent(s.MedianAbsolute), Percent(s.P90Absolute), Signed(s.MedianSigned)];

        static Cell[] Others(Comparison[] of) => ErrorStatistics.OfBaseline(of) is { } s
            ? [Percent(s.MeanAbsolute), Percent(s.MedianAbsolute)]
            : [Cell.None, Cell.None];
    }

    private static Table Worst(ValidationResult result, int count)
    {
        Table table = new(
            "worst", "The worst rows", Column.Text("row", "id") with { IsRowName = true }, Column.Text("what ran", "label"),
            Column.Text("metric", "metric"), Column.Number("measured", "measured"), Column.Number("predicted", "predicted"),
            Column.Number("error", "relative_error"));
        foreach (string metric in result.Metrics)
        {
            // By the ratio: an error of -90 % is as bad as one of +900 %.
            foreach (Comparison c in result.Comparisons.Where(c => c.Metric.Equals(metric, StringComparison.Ordinal))
                .OrderByDescending(c => Math.Abs(Math.Log(c.Predicted / c.Measured))).Take(count))
            {
                table.Add(
                    c.Id, c.Label, c.Metric, Quantity(c.Measured, c.Unit), Quantity(c.Predicted, c.Unit), Signed(c.Error));
            }
        }

        return table;
    }

    private static Table LeftOut(ValidationResult result)
    {
        Table table = new(
            "left_out", "Rows left out", Column.Text("why", "reason") with { IsRowName = true }, Column.Number("rows", "count"),
            Column.Text("the first", "first"));
        foreach (LeftOut each in result.LeftOut)
        {
            table.Add(each.Reason, each.Count, each.First);
        }

        return table;
    }

    // A decimal more than shares have elsewhere: cost models are told apart by it.
    private static Cell Percent(double share) =>
        Cell.Number(share, share < 10 ? (100 * share).ToString("0.0", CultureInfo.InvariantCulture) + " %" : Numbers.Percent(share));

    private static Cell Quantity(double value, string unit) => Cell.Number(value, $"{Numbers.Short(value)} {unit}");

    private static Cell Signed(double share) => Cell.Number(share, (share > 0 ? "+" : "") + Numbers.Percent(share));
}
