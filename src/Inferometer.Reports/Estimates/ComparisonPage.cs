using Inferometer.Reports.Documents;
using Inferometer.Reports.Metrics;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Planning;
using Inferometer.Simulation.Results;

namespace Inferometer.Reports.Estimates;

/// <summary>Estimates side by side: what differs between them, what came of each, and why some are impossible.</summary>
public static class ComparisonPage
{
    /// <summary>The table for every format; title and footnotes for people alone.</summary>
    /// <param name="estimates">The rows.</param>
    /// <param name="objective">What the best row is chosen by.</param>
    /// <param name="forPeople">With title, footnotes and the best row marked.</param>
    public static Document Of(IReadOnlyList<Estimate> estimates, Objective objective, bool forPeople)
    {
        ArgumentNullException.ThrowIfNull(estimates);
        ArgumentNullException.ThrowIfNull(objective);
        List<string> errors = Errors(estimates);
        Table table = TableOf("estimates", title: null, estimates, forPeople ? errors : []);
        if (!forPeople)
        {
            return new Document(table);
        }

        List<string> notes = Notes(errors);
        if (estimates.Count > 1)
        {
            table.BestRow = objective.BestOf(estimates);
            notes.Insert(0, $"* best: {objective.Description}");
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

    /// <summary>What went wrong, each reason once.</summary>
    internal static List<string> Errors(IReadOnlyList<Estimate> estimates) =>
        [.. estimates.Select(Overflow.ReasonOf).OfType<string>().Distinct(StringComparer.Ordinal)];

    /// <summary>Footnotes for the reasons, numbered as the tables number them.</summary>
    internal static List<string> Notes(IReadOnlyList<string> errors) => [.. errors.Select((error, i) => $"({i + 1}) {error}")];

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
            footnotes.Count > 0 && Overflow.ReasonOf(estimate) is { } reason
            && string.Equals(measure.Column.Key, EstimateMetrics.Throughput.Key, StringComparison.Ordinal)
                ? new Cell($"({footnotes.IndexOf(reason) + 1})", null)
                : measure.Of(estimate);

        bool Varies(Measure measure) => estimates.Select(e => measure.Of(e).Text).Distinct(StringComparer.Ordinal).Skip(1).Any();
    }

    private static Measure ForMachines(Measure measure) => measure with { Column = measure.Column with { Audience = Audience.Machines } };
}
