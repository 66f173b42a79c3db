using Inferometer.Reports.Documents;
using Inferometer.Reports.Estimates;
using Inferometer.Reports.Metrics;
using Inferometer.Simulation.Planning;
using Inferometer.Simulation.Serving;

namespace Inferometer.Reports.Serving;

/// <summary>Simulated services side by side: what differs between them, what came of each, and why some are impossible.</summary>
public static class ServiceComparisonPage
{
    private const string Overloaded = "overloaded";
    private const int MostWarnings = 3;

    private static readonly (Column Column, Func<ServedEstimate, Cell> Of)[] s_settings =
    [
        .. SettingMeasures.All.Where(m => m.Column.Key is not ("batch_size" or "beam_size"))
            .Select(m => (m.Column, new Func<ServedEstimate, Cell>(row => m.Of(row.Deployment)))),
        (Column.Number("users", "users"), row => row.Asked.Users > 0 ? row.Asked.Users : Cell.None),
        (Column.Number("requests/s", "request_rate"), row => row.Asked.Rate > 0 ? Cell.Number(row.Asked.Rate) : Cell.None),
    ];

    /// <summary>The best of services: among those that keep up with what they are asked, where any does.</summary>
    /// <param name="rows">The services.</param>
    /// <param name="objective">What the best is chosen by.</param>
    /// <returns>Its index, or -1 where none gives the value.</returns>
    public static int BestOf(IReadOnlyList<ServedEstimate> rows, Objective<ServiceResult> objective)
    {
        ArgumentNullException.ThrowIfNull(rows);
        ArgumentNullException.ThrowIfNull(objective);
        int keepsUp = objective.BestOf(rows.Select(row => row.Result is { Overload: null } result ? result : null));
        return keepsUp >= 0 ? keepsUp : objective.BestOf(rows.Select(row => row.Result));
    }

    /// <summary>The table for every format; title and footnotes for people alone.</summary>
    /// <param name="rows">The services.</param>
    /// <param name="objective">What the best row is chosen by; null = none is, as loads differ.</param>
    /// <param name="forPeople">With title, footnotes and the best row marked.</param>
    /// <param name="cut">Rows that were asked for and left out.</param>
    public static Document Of(IReadOnlyList<ServedEstimate> rows, Objective<ServiceResult>? objective, bool forPeople, int cut = 0)
    {
        ArgumentNullException.ThrowIfNull(rows);
        Estimate[] deployments = [.. rows.Select(row => row.Deployment)];
        List<string> errors = ComparisonPage.Errors(deployments);
        Table table = TableOf(rows, forPeople ? errors : []);
        if (!forPeople)
        {
            return new Document(table);
        }

        List<string> notes = [];
        if (rows.Count > 1 && objective is not null)
        {
            // Cost models differ in how much they leave out: the shortest time among several says nothing of the machines.
            bool comparable = rows.Select(row => row.Result?.Report.Model).OfType<string>().Distinct(StringComparer.Ordinal).Count() < 2;
            table.BestRow = comparable ? BestOf(rows, objective) : -1;
            notes.Add(comparable
                ? $"* best: {objective.Description}"
                : "No row is marked as best: what different cost models say cannot be compared.");
        }

        notes.AddRange(ComparisonPage.Notes([.. deployments.Where(d => d.Result is null)], errors, rows.Count));
        if (rows.Any(row => row.Result?.Overload is not null))
        {
            notes.Add($"{Overloaded}: requests pile up as long as they come, so that times depend on how many there are");
        }

        notes.Add("TTFT, TPOT and E2E in ms, median and 90th percentile; output/s: tokens generated a second while neither filling nor "
            + "emptying; batch: sequences in a step on average; KV use: at most");
        string[] warnings = [.. rows.SelectMany(row => row.Result?.Warnings ?? []).Distinct(StringComparer.Ordinal)];
        notes.AddRange(warnings.Take(MostWarnings).Select(warning => $"Warning: {warning}"));
        if (warnings.Length > MostWarnings)
        {
            notes.Add($"{warnings.Length - MostWarnings} more warnings: --format json");
        }

        if (cut > 0)
        {
            notes.Add($"{Numbers.Whole(cut)} more row{(cut == 1 ? "" : "s")} left out by --filter or --top");
        }

        Document page = new(table) { Title = Title(rows) };
        page.Blocks.Add(new Sentences("notes", null, notes) { Bulleted = false });
        return page;
    }

    // What all have in common.
    private static string Title(IReadOnlyList<ServedEstimate> rows)
    {
        string[] formats = [.. rows.Select(row => SettingMeasures.FormatsOf(row.Deployment)).Distinct(StringComparer.Ordinal)];
        string[] asked = [.. rows.Select(row => row.Asked.Words).Distinct(StringComparer.Ordinal)];
        string said = SettingMeasures.Describe(
            [.. rows.Select(row => row.Deployment.Config)], formats.Length == 1 ? formats[0] : "", ofService: true);
        string lengths = SettingMeasures.LengthsOf([.. rows.Select(row => row.Deployment.Config)]);
        return string.Join(", ", new[] { said, asked.Length == 1 ? asked[0] : "", lengths }.Where(s => s.Length > 0));
    }

    private static Table TableOf(IReadOnlyList<ServedEstimate> rows, List<string> footnotes)
    {
        List<(Column Column, Func<ServedEstimate, Cell> Of)> measures =
        [
            .. s_settings.Select(m => Varies(m.Of) ? m with { Column = m.Column with { IsRowName = true } } : ForMachines(m)),
            .. ServiceMetrics.All.Select(m =>
            {
                (Column, Func<ServedEstimate, Cell>) measure = (m.Column, row => m.CellOf(row.Result));
                return rows.Any(row => measure.Item2(row).Value is not null) ? measure : ForMachines(measure);
            }),
            (Column.Text("", "state") with { Audience = rows.Any(IsOverloaded) ? Audience.Everyone : Audience.Machines }, StateOf),
            (Column.Text("warnings", "warnings") with { Audience = Audience.Machines },
                row => row.Result is { Warnings.Count: > 0 } result ? string.Join(' ', result.Warnings) : Cell.None),
            (Column.Text("error", "error") with { Audience = Audience.Machines },
                row => new Cell(Overflow.ReasonOf(row.Deployment) ?? "", Overflow.ReasonOf(row.Deployment))),
        ];
        Table table = new("services", null, [.. measures.Select(m => m.Column)]);
        foreach (ServedEstimate row in rows)
        {
            table.Add([.. measures.Select(m => CellOf(m.Column, m.Of, row))]);
        }

        return table;

        bool Varies(Func<ServedEstimate, Cell> of) => rows.Select(row => of(row).Text).Distinct(StringComparer.Ordinal).Skip(1).Any();

        // Where the rate would stand, an impossible row refers to its reason.
        Cell CellOf(Column column, Func<ServedEstimate, Cell> of, ServedEstimate row) =>
            footnotes.Count > 0 && column.Key is "sustained_output_throughput" && ComparisonPage.ReasonOf(row.Deployment) is { } reason
                ? new Cell($"({footnotes.IndexOf(reason) + 1})", null)
                : of(row);
    }

    private static Cell StateOf(ServedEstimate row) => row.Result switch
    {
        null => Cell.None,
        { Overload: null } => new Cell("", "ok"),
        _ => new Cell(Overloaded, Overloaded) { Tone = Tone.Bad },
    };

    private static bool IsOverloaded(ServedEstimate row) => row.Result?.Overload is not null;

    private static (Column Column, Func<ServedEstimate, Cell> Of) ForMachines((Column Column, Func<ServedEstimate, Cell> Of) measure) =>
        measure with { Column = measure.Column with { Audience = Audience.Machines } };
}
