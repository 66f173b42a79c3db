using System.Globalization;
using Inferometer.Core;
using Inferometer.History.Comparison;
using Inferometer.History.Records;
using Inferometer.Reports.Documents;
using Inferometer.Reports.Metrics;

namespace Inferometer.Reports.Runs;

/// <summary>What is reported of one run, or of several beside each other, apart from the file it is written to.</summary>
public sealed class RunReport
{
    private const int MostRuns = 8;

    private readonly RunComparison[] _comparisons;

    private static readonly Lazy<Dictionary<string, string>> Definitions = new(() =>
    {
        Dictionary<string, string> all = new(StringComparer.Ordinal);
        foreach ((string key, string definition) in EstimateMetrics.All.Select(m => (m.Key, m.Definition))
            .Concat(ServiceMetrics.All.Select(m => (m.Key, m.Definition)))
            .Concat(ServingReportMetrics.All.Select(m => (m.Key, m.Definition))))
        {
            all.TryAdd(key, definition);
        }

        return all;
    });

    /// <summary>Makes a report.</summary>
    /// <param name="runs">The runs with their series, 1 to 8; later ones are set beside the first.</param>
    /// <exception cref="InferometerException">There is none, too many, or the same twice.</exception>
    public RunReport(IReadOnlyList<RunRecord> runs)
    {
        ArgumentNullException.ThrowIfNull(runs);
        if (runs.Count is 0 or > MostRuns)
        {
            throw new InferometerException(
                string.Create(CultureInfo.InvariantCulture, $"report: {runs.Count} runs; allowed is 1 to {MostRuns}."));
        }

        if (runs.GroupBy(r => r.Id, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            throw new InferometerException($"report: the run {twice.First().ShortId} is named twice.");
        }

        Runs = [.. runs.Select((r, i) => new ReportedRun(r, LabelOf(r, runs), i))];
        Plots = RunPlots.Of(Runs);
        _comparisons = [.. runs.Skip(1).Select(r => RunComparison.Of(runs[0], r))];
    }

    /// <summary>The runs.</summary>
    public IReadOnlyList<ReportedRun> Runs { get; }

    /// <summary>The plots.</summary>
    public IReadOnlyList<RunPlot> Plots { get; }

    /// <summary>What the report is of, one line.</summary>
    public string Title
    {
        get
        {
            RunRecord first = Runs[0].Record;
            string models = string.Join(", ", Runs.Select(r => r.Record.Model).Distinct(StringComparer.Ordinal));
            return Runs.Count == 1
                ? $"{Capital(RunWords.Of(first.Kind))}: {first.Model} on {first.On}"
                : $"{Numbers.Whole(Runs.Count)} runs compared: {models}";
        }
    }

    /// <summary>The runs, a row each.</summary>
    public Table RunTable()
    {
        Table table = new(
            "runs", "Runs", Column.Text("run", "run") with { IsRowName = true }, Column.Text("kind", "kind"), Column.Text("figures", "arm"),
            Column.Text("began", "at"), Column.Text("model", "model"), Column.Text("on", "on"), Column.Text("program", "product"),
            Column.Text("machine", "machine"), Column.Text("tree", "tree_commit"));
        foreach (ReportedRun run in Runs)
        {
            RunRecord r = run.Record;
            table.Add(
                new Cell(run.Label, r.Id), RunWords.Of(r.Kind), RunWords.Of(r.Arm),
                new Cell(
                    r.At.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture),
                    r.At.UtcDateTime.ToString("O", CultureInfo.InvariantCulture)),
                r.Model, r.On, Short(r.Product),
                r.Machine is { } m ? new Cell($"{m.Processor}, {Numbers.Whole(m.Cores)} cores, {m.System}", m.Processor) : Cell.None,
                r.TreeCommit is { } commit ? new Cell(commit[..10], commit) : Cell.None);
        }

        return table;
    }

    /// <summary>The figures, a row each; of several runs with how far they lie from the first.</summary>
    public Table Figures()
    {
        List<Column> columns = [Column.Text("figure", "metric") with { IsRowName = true }, Column.Text("unit", "unit")];
        foreach (ReportedRun run in Runs)
        {
            columns.Add(Column.Number(run.Label, $"run_{run.Colour + 1}"));
            if (run.Colour > 0)
            {
                columns.Add(Column.Number("change", $"change_{run.Colour + 1}"));
            }
        }

        Table table = new("figures", "Figures", [.. columns]);
        foreach (RunMetric metric in Runs.SelectMany(r => r.Record.Metrics).DistinctBy(m => m.Key, StringComparer.Ordinal))
        {
            List<Cell> cells = [new Cell(metric.Name, metric.Key), metric.Unit];
            foreach (ReportedRun run in Runs)
            {
                cells.Add(run.Record.Find(metric.Key) is { } figure
                    ? FigureCell.Of(figure) with { Tone = metric.IsHeadline ? Tone.Strong : Tone.Normal }
                    : Cell.None);
                if (run.Colour > 0)
                {
                    cells.Add(Change(_comparisons[run.Colour - 1].Find(metric.Key)));
                }
            }

            table.Add([.. cells]);
        }

        return table;
    }

    /// <summary>Rates of sweeps and drifts of watches, a table for each run that has some.</summary>
    public IReadOnlyList<Table> Parts() =>
    [
        .. Runs.Select(r => RunParts.Of(r.Record, [], Runs.Count > 1 ? r.Label : null)).OfType<Table>().Where(t => t.Rows.Count > 0),
    ];

    /// <summary>What the figures mean, a sentence each.</summary>
    public Sentences Meanings() => new("definitions", "Definitions",
    [
        .. Runs.SelectMany(r => r.Record.Metrics).DistinctBy(m => m.Key, StringComparer.Ordinal)
            .Where(m => Definitions.Value.ContainsKey(m.Key))
            .GroupBy(m => (Name: m.Name.Split(',')[0], Definition: Definitions.Value[m.Key]))
            .Select(g => $"{(g.Count() > 1 ? g.Key.Name : g.First().Name)}: {g.Key.Definition}."),
        .. Runs.Count > 1
            ? [$"Change: the figure over that of {Runs[0].Label}, less one; in brackets where it lies at 95 % (bootstrap over the values "
                + "behind both). Coloured where 0 is not among that."]
            : (string[])[],
        .. _comparisons.SelectMany((c, i) => c.Warnings.Select(w => $"{Runs[i + 1].Label} beside {Runs[0].Label}: {w}")),
    ]);

    /// <summary>The command lines that make the runs again.</summary>
    public Sentences Commands() => new("commands", "Made again by",
    [
        .. Runs.Where(r => r.Record.CommandLine.Count > 0)
            .Select(r => $"{r.Label}: inferometer {string.Join(' ', r.Record.CommandLine.Select(Quoted))}"),
        .. Runs.Any(r => r.Record.CommandLine.Count == 0)
            ? [$"Not known of {string.Join(", ", Runs.Where(r => r.Record.CommandLine.Count == 0).Select(r => r.Label))}."]
            : (string[])[],
    ]);

    /// <summary>The report as a page, for Markdown and terminals.</summary>
    public Document ToDocument()
    {
        return new Document([RunTable(), Figures(), .. Parts(), Meanings(), Commands()]) { Title = Title };
    }

    /// <summary>A word of a command line as a shell reads it.</summary>
    internal static string Quoted(string word) =>
        word.Length > 0 && word.All(c => char.IsAsciiLetterOrDigit(c) || "-_./:,=+@%~".Contains(c, StringComparison.Ordinal))
            ? word
            : $"'{word.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    // A difference that chance alone would make has no tone.
    private static Cell Change(MetricDifference? difference)
    {
        if (difference?.Relative is not { } change)
        {
            return Cell.None;
        }

        string range = difference.RelativeInterval is { } interval ? $" ({Signed(interval.Low)} to {Signed(interval.High)})" : "";
        return Cell.Number(change, Signed(change) + range) with
        {
            Tone = difference.Verdict switch { Verdict.Better => Tone.Good, Verdict.Worse => Tone.Bad, _ => Tone.Normal },
        };
    }

    private static string Signed(double share) =>
        share is not 0 and > -0.0005 and < 0.0005 ? "0.0 %" : (share > 0 ? "+" : "") + Numbers.Percent(share);

    // Names where all have different ones; two runs of one name are told apart by their digits.
    private static string LabelOf(RunRecord run, IReadOnlyList<RunRecord> all) => run.Name is { } name
        && all.Count(r => string.Equals(r.Name, name, StringComparison.Ordinal)) == 1
            ? name
            : run.Name is { } shared ? $"{shared} {run.ShortId}" : run.ShortId;

    private static string Short(string product)
    {
        int plus = product.IndexOf('+', StringComparison.Ordinal);
        return plus > 0 && product.Length > plus + 11 ? product[..(plus + 11)] : product;
    }

    private static string Capital(string word) => char.ToUpperInvariant(word[0]) + word[1..];
}
