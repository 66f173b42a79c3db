using Inferometer.Reports.Documents;
using Inferometer.Reports.Estimates;
using Inferometer.Simulation;
using Inferometer.Simulation.Configuration;
using Inferometer.Simulation.Planning;

namespace Inferometer.Reports.Showcase;

/// <summary>The tour's estimates as tables.</summary>
public static class ShowcasePage
{
    /// <summary>The page.</summary>
    /// <param name="tour">The scenarios.</param>
    /// <param name="estimates">Their estimates, in the order of the scenarios and their cases.</param>
    public static Document Of(IReadOnlyList<Scenario> tour, IReadOnlyList<Estimate> estimates)
    {
        ArgumentNullException.ThrowIfNull(tour);
        ArgumentNullException.ThrowIfNull(estimates);
        List<(Scenario, IReadOnlyList<Estimate>)> results = [];
        int taken = 0;
        foreach (Scenario scenario in tour)
        {
            results.Add((scenario, [.. estimates.Skip(taken).Take(scenario.Cases.Count)]));
            taken += scenario.Cases.Count;
        }

        SimulationConfig start = estimates[0].Config;
        string system = start.SimulationParams.Text("system_name", SimulationEngine.DefaultSystem);
        return new Document([.. Blocks(results)]) { Title = $"The metrics of {SettingMeasures.ShortName(start.Model)} on {system}" };
    }

    private static IEnumerable<Block> Blocks(IReadOnlyList<(Scenario Scenario, IReadOnlyList<Estimate> Estimates)> results)
    {
        Estimate[] all = [.. results.SelectMany(r => r.Estimates)];
        List<string> errors = ComparisonPage.Errors(all);
        foreach ((Scenario scenario, IReadOnlyList<Estimate> estimates) in results)
        {
            Dictionary<Estimate, string> labels = new(ReferenceEqualityComparer.Instance);
            for (int i = 0; i < estimates.Count; i++)
            {
                labels[estimates[i]] = scenario.Cases[i].Label;
            }

            Measure label = new(Column.Text("case", "case") with { IsRowName = true }, e => labels[e]);
            Measure[] leading = scenario.HasBaseline ? [label, .. Changes(Baseline(scenario, estimates))] : [label];
            Table table = ComparisonPage.TableOf(scenario.Key, scenario.Title, estimates, errors, leading);
            yield return table.WithoutForPeople(scenario.HasBaseline ? [.. LeftOut, .. OfDeployments] : OfDeployments);
        }

        if (ComparisonPage.Notes(all, errors) is { Count: > 0 } notes)
        {
            yield return new Sentences("notes", null, notes) { Bulleted = false };
        }
    }

    // Where changes are shown, these would only make the table too wide.
    private static readonly string[] LeftOut = ["joules_per_output_token", "memory_bytes"];

    // The tour is of one request; what a deployment costs and holds is told by a comparison.
    private static readonly string[] OfDeployments = ["usd_per_hour", "kv_capacity_tokens", "concurrent_requests"];

    // The optimisations list the plain case before the baseline, which is what serving engines do by default.
    private static Estimate Baseline(Scenario scenario, IReadOnlyList<Estimate> estimates) =>
        estimates[Math.Max(0, scenario.Cases.ToList().FindIndex(c => c.Label.Contains("baseline", StringComparison.Ordinal)))];

    private static Measure[] Changes(Estimate baseline) =>
    [
        new(Column.Number("E2E +/-", "e2e_change"), e => Change(e.Result?.Metrics.E2eMs, baseline.Result?.Metrics.E2eMs)),
        new(Column.Number("rate +/-", "throughput_change"), e => Change(e.Result?.Throughput, baseline.Result?.Throughput)),
    ];

    private static Cell Change(double? value, double? before)
    {
        if (value is not { } now || before is not { } then || then == 0)
        {
            return Cell.None;
        }

        double change = (now / then) - 1;
        return Cell.Number(change, Math.Abs(change) < 0.0005 ? "=" : (change > 0 ? "+" : "") + Numbers.Percent(change));
    }
}
