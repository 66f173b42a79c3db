using Inferometer.Reports.Documents;
using Inferometer.Reports.Metrics;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Planning;
using Inferometer.Simulation.Results;

namespace Inferometer.Reports.Estimates;

/// <summary>Estimates side by side: what differs between them, what came of each, and why some are impossible.</summary>
public static class ComparisonPage
{
    private const string DoesNotFit = "does not fit";

    /// <summary>The table for every format; title and footnotes for people alone.</summary>
    /// <param name="estimates">The rows.</param>
    /// <param name="objective">What the best row is chosen by.</param>
    /// <param name="forPeople">With title, footnotes and the best row marked.</param>
    /// <param name="cut">Rows that were asked for and left out.</param>
    public static Document Of(IReadOnlyList<Estimate> estimates, Objective<SimulationResult> objective, bool forPeople, int cut = 0)
    {
        ArgumentNullException.ThrowIfNull(estimates);
        ArgumentNullException.ThrowIfNull(objective);
        List<string> errors = Errors(estimates);
        Table table = TableOf("estimates", title: null, estimates, forPeople ? errors : []);
        if (!forPeople)
        {
            return new Document(table);
        }

        List<string> notes = Notes(estimates, errors);
        if (estimates.Count > 1)
        {
            // Cost models differ in how much they leave out: the shortest time among several says nothing of the machines.
            bool comparable = estimates.Select(e => e.Result?.CostModel).OfType<string>().Distinct(StringComparer.Ordinal).Count() < 2;
            table.BestRow = comparable ? objective.BestOf(estimates.Select(e => e.Result)) : -1;
            notes.Insert(0, comparable
                ? $"* best: {objective.Description}"
                : "No row is marked as best: what different cost models say cannot be compared.");
        }

        if (estimates.Any(e => e.Result?.Metrics is { E2eMs: not null, TotalTokensPerSecond: not null } m
            && (m.CostPerMillionTokensUsd ?? m.EnergyPerTokenJoules) is not null))
        {
            notes.Add("tokens/s: of prompts and answers; $/Mtok and J/tok: per generated token");
        }

        if (cut > 0)
        {
            notes.Add($"{Numbers.Whole(cut)} more row{(cut == 1 ? "" : "s")} left out by --filter or --top");
        }

        string[] formats = [.. estimates.Select(SettingMeasures.FormatsOf).Distinct(StringComparer.Ordinal)];
        Document page = new(table)
        {
            Title = SettingMeasures.Describe([.. estimates.Select(e => e.Config)], formats.Length == 1 ? formats[0] : ""),
        };
        if (notes.Count > 0)
        {
            page.Blocks.Add(new Sentences("notes", null, notes) { Bulleted = false });
        }

        return page;
    }

    /// <summary>One estimate as one row, with the columns of a comparison.</summary>
    /// <param name="config">What was asked.</param>
    /// <param name="result">What came of it.</param>
    public static Document RowOf(SimulationConfig config, SimulationResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return new(
            TableOf("estimates", title: null, [new Estimate(SettingMeasures.Named(config, result.Model, result.System), result)], []));
    }

    /// <summary>What went wrong, each reason once; all that does not fit is one.</summary>
    internal static List<string> Errors(IReadOnlyList<Estimate> estimates) =>
        [.. estimates.Select(ReasonOf).OfType<string>().Distinct(StringComparer.Ordinal)];

    /// <summary>Footnotes for the reasons, numbered as the tables number them, and the warnings of the rest.</summary>
    internal static List<string> Notes(IReadOnlyList<Estimate> estimates, IReadOnlyList<string> errors, int? of = null)
    {
        MemoryEstimate[] overflows = [.. estimates.Select(e => e.Overflow).OfType<MemoryEstimate>()];
        IEnumerable<string> warnings = estimates.SelectMany(e => e.Result?.Warnings ?? []).Distinct(StringComparer.Ordinal);
        return
        [
            .. errors.Select((error, i) => $"({i + 1}) {InFull(error)}"),
            .. warnings.Select(warning => $"Warning: {warning}"),
        ];

        string InFull(string error) =>
            string.Equals(error, DoesNotFit, StringComparison.Ordinal) ? Overflow.Brief(overflows, of ?? estimates.Count) : error;
    }

    internal static string? ReasonOf(Estimate estimate) => estimate.Overflow is null ? estimate.Error : DoesNotFit;

    /// <summary>One table of estimates. Columns that say the same in every row, or nothing at all, are left to machines.</summary>
    /// <param name="key">Name in JSON.</param>
    /// <param name="title">Heading.</param>
    /// <param name="estimates">The rows.</param>
    /// <param name="footnotes">Reasons to refer to by number.</param>
    /// <param name="leading">Columns before all others; they stand for the settings, which then are left to machines.</param>
    internal static Table TableOf(
        string key, string? title, IReadOnlyList<Estimate> estimates, List<string> footnotes, params Measure[] leading)
    {
        List<Measure> measures =
        [
            .. leading,
            .. SettingMeasures.All.Select(
                m => leading.Length == 0 && Varies(m) ? m with { Column = m.Column with { IsRowName = true } } : ForMachines(m)),
            .. MetricMeasures.All.Select(m => estimates.Any(e => m.Of(e).Value is not null) ? m : ForMachines(m)),
        ];
        Table table = new(key, title, [.. measures.Select(m => m.Column)]);
        foreach (Estimate estimate in estimates)
        {
            table.Add([.. measures.Select(m => CellOf(m, estimate))]);
        }

        return table;

        // Where the rate would stand, an impossible row refers to its reason.
        Cell CellOf(Measure measure, Estimate estimate) =>
            footnotes.Count > 0 && ReasonOf(estimate) is { } reason
            && string.Equals(measure.Column.Key, EstimateMetrics.Throughput.Key, StringComparison.Ordinal)
                ? new Cell($"({footnotes.IndexOf(reason) + 1})", null)
                : measure.Of(estimate);

        bool Varies(Measure measure) => estimates.Select(e => measure.Of(e).Text).Distinct(StringComparer.Ordinal).Skip(1).Any();
    }

    private static Measure ForMachines(Measure measure) => measure with { Column = measure.Column with { Audience = Audience.Machines } };
}
