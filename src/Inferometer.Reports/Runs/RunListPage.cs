using System.Globalization;
using Inferometer.History.Records;
using Inferometer.Reports.Documents;

namespace Inferometer.Reports.Runs;

/// <summary>Runs of the history, a row each.</summary>
public static class RunListPage
{
    private const int Headlines = 2;

    /// <summary>The list.</summary>
    /// <param name="runs">The runs, the latest first.</param>
    public static Document Of(IReadOnlyList<RunRecord> runs)
    {
        ArgumentNullException.ThrowIfNull(runs);
        Table table = new(
            "runs", null, Column.Text("run", "short_id") with { IsRowName = true },
            Column.Text("", "id") with { Audience = Audience.Machines },
            Column.Text("when", "at"), Column.Text("kind", "kind"), Column.Text("", "arm") with { Audience = Audience.Machines },
                Column.Text("model", "model"),
            Column.Text("on", "on"), Column.Text("name, tags", "name"),
            Column.Text("", "tags") with { Audience = Audience.Machines },
            Column.Text("figures", "figures") with { Audience = Audience.People, IsOneLine = true },
            Column.Text("", "config_hash") with { Audience = Audience.Machines },
            Column.Text("", "product") with { Audience = Audience.Machines },
            Column.Text("", "tree_commit") with { Audience = Audience.Machines },
            Column.Text("", "processor") with { Audience = Audience.Machines },
            Column.Text("", "command_line") with { Audience = Audience.Machines });
        foreach (RunRecord run in runs)
        {
            string labels = string.Join(", ", run.Tags.Prepend(run.Name).OfType<string>());
            table.Add(
                run.ShortId, run.Id, When(run.At), RunWords.Of(run.Kind), RunWords.Of(run.Arm),
                new Cell(run.Model[(run.Model.LastIndexOf('/') + 1)..], run.Model), run.On,
                new Cell(labels, run.Name), Cell.List(run.Tags), Figures(run), run.Config.Hash, run.Product, new Cell("", run.TreeCommit),
                new Cell("", run.Machine?.Processor), Cell.List(run.CommandLine));
        }

        return new Document(table);
    }

    /// <summary>A figure with its unit: 12.3 ms.</summary>
    internal static string Short(RunMetric metric) => $"{FigureCell.Of(metric).Text} {metric.Unit}".TrimEnd();

    /// <summary>A moment: people read it in the zone of their machine, machines as ISO 8601 in UTC.</summary>
    internal static Cell When(DateTimeOffset at) => new(
        at.ToLocalTime().ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture),
        at.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));

    private static string Figures(RunRecord run)
    {
        RunMetric[] headlines = [.. run.Metrics.Where(m => m.IsHeadline)];
        string more = headlines.Length > Headlines ? string.Create(CultureInfo.InvariantCulture, $" (+{headlines.Length - Headlines})")
            : "";
        return string.Join("; ", headlines.Take(Headlines).Select(m => $"{Label(m.Key)} {Short(m)}")) + more;
    }

    // median_ttft_ms, whose unit stands behind the figure: median ttft
    private static string Label(string key) => (key switch
    {
        "throughput_tokens_per_s" => "throughput",
        RecordedSweep.Knee => "keeps up to",
        _ when key.EndsWith("_ms", StringComparison.Ordinal) => key[..^3],
        _ => key,
    }).Replace('_', ' ');
}
