using Inferometer.Reports.Documents;

namespace Inferometer.Reports.Metrics;

/// <summary>
/// The metrics as a document: what each is called, its unit and its definition. The tables of docs/metrics.md are this, as Markdown.
/// </summary>
public static class MetricsPage
{
    /// <summary>One table per kind of result.</summary>
    public static Document Create() => new(
        TableOf("estimate", "Of an estimate", EstimateMetrics.All),
        TableOf("phase", "Of each phase of an estimate: how much of the hardware it uses", PhaseMetrics.All),
        TableOf("service", "Of a simulated service", ServiceMetrics.All));

    private static Table TableOf<T>(string key, string title, IReadOnlyList<Metric<T>> metrics)
    {
        Table table = new(
            key, title, Column.Text("metric", "name"), Column.Text("key", "key"), Column.Text("unit", "unit"),
            Column.Text("better", "better"),
            Column.Text("definition", "definition"));
        foreach (Metric<T> metric in metrics)
        {
            table.Add(metric.Name, $"`{metric.Key}`", metric.Unit, Word(metric.Better), metric.Definition);
        }

        return table;
    }

    private static string Word(Direction better) => better switch
    {
        Direction.HigherIsBetter => "higher",
        Direction.LowerIsBetter => "lower",
        _ => "",
    };
}
