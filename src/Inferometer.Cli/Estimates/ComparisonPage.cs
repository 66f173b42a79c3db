using Inferometer.Cli.Output;
using Inferometer.Cli.Settings;
using Inferometer.Simulation.Results;

namespace Inferometer.Cli.Estimates;

/// <summary>Estimates side by side: what differs between them, what came of each, and why some are impossible.</summary>
internal static class ComparisonPage
{
    /// <summary>The table for every format; title and footnotes for people alone.</summary>
    public static Document Of(IReadOnlyList<Estimate> estimates, Objective objective, bool forPeople)
    {
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

        Document page = new(table) { Title = SettingMeasures.Describe([.. estimates.Select(e => e.Settings)]) };
        if (notes.Count > 0)
        {
            page.Blocks.Add(new Sentences("notes", null, notes) { Bulleted = false });
        }

        return page;
    }

    /// <summary>One estimate as one row; without <paramref name="settings"/> (they came from a file) its names and metrics alone.</summary>
    public static Document RowOf(SimulationResult result, EstimateSettings? settings)
    {
        if (settings is not null)
        {
            return new Document(TableOf("estimates", title: null, [new Estimate(settings, result, null)], []));
        }

        Estimate estimate = new(new EstimateSettings { Model = result.Model, System = result.System }, result, null);
        Measure[] measures = [.. SettingMeasures.All.Take(2), .. MetricMeasures.All];
        Table table = new("estimates", null, [.. measures.Select(m => m.Column)]);
        table.Add([.. measures.Select(m => m.Of(estimate))]);
        return new Document(table);
    }

    /// <summary>What went wrong, each reason once.</summary>
    public static List<string> Errors(IReadOnlyList<Estimate> estimates) =>
        [.. estimates.Where(e => e.Error is not null).Select(e => e.Error!).Distinct(StringComparer.Ordinal)];

    /// <summary>Footnotes for the reasons, numbered as the tables number them.</summary>
    public static List<string> Notes(IReadOnlyList<string> errors) => [.. errors.Select((error, i) => $"({i + 1}) {error}")];

    /// <summary>One table of estimates. Columns that say the same in every row, or nothing at all, are left to machines.</summary>
    /// <param name="key">Name in JSON.</param>
    /// <param name="title">Heading.</param>
    /// <param name="estimates">The rows.</param>
    /// <param name="footnotes">Reasons to refer to by number.</param>
    /// <param name="leading">Columns before all others; they stand for the settings, which then are left to machines.</param>
    public static Table TableOf(string key, string? title, IReadOnlyList<Estimate> estimates, List<string> footnotes, params Measure[] leading)
    {
        List<Measure> measures =
        [
            .. leading,
            .. SettingMeasures.All.Select(m => leading.Length == 0 && Varies(m) ? m : ForMachines(m)),
            .. MetricMeasures.All.Select(m => estimates.Any(e => m.Of(e).Value is not null) ? m : ForMachines(m)),
        ];
        Table table = new(key, title, [.. measures.Select(m => m.Column)]);
        foreach (Estimate estimate in estimates)
        {
            table.Add([.. measures.Select(m => CellOf(m, estimate))]);
        }

        return table;

        // Where the rate would stand, an impossible row refers to its reason.
        Cell CellOf(Measure measure, Estimate estimate) => estimate.Error is { } error && footnotes.Count > 0 && measure == MetricMeasures.Rate
            ? new Cell($"({footnotes.IndexOf(error) + 1})", null)
            : measure.Of(estimate);

        bool Varies(Measure measure) => estimates.Select(e => measure.Of(e).Text).Distinct(StringComparer.Ordinal).Skip(1).Any();
    }

    private static Measure ForMachines(Measure measure) => measure with { Column = measure.Column with { Audience = Audience.Machines } };
}
