using System.Globalization;
using Inferometer.Planning;
using Inferometer.Planning.Answers;
using Inferometer.Planning.Demand;
using Inferometer.Reports.Documents;
using Inferometer.Serving;

namespace Inferometer.Reports.Planning;

/// <summary>What a plan came to, as a page.</summary>
public static class PlanPage
{
    /// <summary>The page people read.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="top">Most rows of the tables of constraints and of the front.</param>
    public static Document Of(PlanResult plan, int top)
    {
        ArgumentNullException.ThrowIfNull(plan);
        Document page = new() { Title = $"{plan.Model} for {plan.Request.Demand}: {plan.Request.Level}" };
        if (plan.Chosen is { } chosen)
        {
            page.Blocks.Add(Answers(plan));
            page.Blocks.Add(PlanTables.Limits(chosen));
            page.Blocks.Add(Margins(plan, chosen));
            foreach (Block changes in Changes(plan, chosen))
            {
                page.Blocks.Add(changes);
            }

        }
        else
        {
            page.Blocks.Add(Nothing(plan));
        }

        page.Blocks.Add(PlanTables.Rejections(plan, top));
        if (plan.Front.Count > 0)
        {
            page.Blocks.Add(PlanTables.Front(plan, top));
        }

        page.Blocks.Add(new Sentences("assumptions", "Assumptions", [Looked(plan), .. plan.Assumptions]));
        return page;
    }

    private static IEnumerable<Block> Changes(PlanResult plan, PlanAnswer chosen)
    {
        Table savings = PlanTables.Savings(plan, chosen), costs = PlanTables.Costs(plan, chosen);
        if (savings.Rows.Count > 0)
        {
            yield return savings;
        }

        if (savings.Rows.Count == 0 && costs.Rows.Count > 0 && costs.Rows.All(r => r[2].Text is PlanTables.AsMuch))
        {
            yield return new Sentences("costs", null,
            [
                $"Nothing that was looked at would save anything: {string.Join(", ", costs.Rows.Select(r => r[0].Text))}.",
            ])
            { Bulleted = false };
        }
        else if (costs.Rows.Count > 0)
        {
            yield return costs;
            if (plan.Request.Demand.IsClosed && costs.Rows.Any(r => r[0].Text.StartsWith("answers", StringComparison.Ordinal)))
            {
                yield return new Sentences("costs_note", null,
                [
                    "Users ask again when they are answered: shorter answers bring more prompts, which hold up the answers of the others.",
                ])
                { Bulleted = false };
            }
        }
    }

    // What wins twice stands once.
    private static Table Answers(PlanResult plan)
    {
        List<(string Names, PlanAnswer Answer)> answers = [];
        foreach ((string name, PlanAnswer? answer) in PlanTables.AnswersOf(plan))
        {
            if (answer is null)
            {
                continue;
            }

            int same = answers.FindIndex(a => a.Answer.Deployment == answer.Deployment && a.Answer.Replicas == answer.Replicas);
            if (same >= 0)
            {
                answers[same] = ($"{answers[same].Names}, {name}", answer);
            }
            else
            {
                answers.Add((name, answer));
            }
        }

        Table table = new(
            "answers",
            null,
            [Column.Text("", "what") with { IsRowName = true }, .. answers.Select(a => Column.Text(a.Names, a.Names))]);
        void Row(string label, Func<PlanAnswer, string> of) =>
            table.Add([label, .. answers.Select(a => (Cell)of(a.Answer))]);
        Row("devices", a => Say($"{a.Provision.Devices} x {a.Deployment.Shape.System.Name}"));
        Row("replicas", Replicas);
        Row("each of", a => Say($"{a.Deployment.Shape.Devices} ({a.Deployment.Shape.Spread()})"));
        Row("formats", a => a.Deployment.Shape.Formats());
        Row("framework", a => a.Deployment.Shape.Framework.Name);
        Row("step at most", a => Say($"{a.Deployment.MaxSequences} seqs, {a.Deployment.StepTokens} tokens"));
        Row("a month", a => a.Provision.DollarsPerMonth is { } d ? Say($"${d:#,0}") : "-");
        Row("per M tokens out", a => a.DollarsPerMillionTokens is { } d ? Numbers.Dollars(d) : "-");
        Row("energy", a => a.Trial.JoulesPerToken is { } j ? $"{Numbers.Short(j)} J/token" : "-");
        foreach (SloLimit limit in plan.Request.Level.Limits)
        {
            Row(
                Say($"p{limit.Percentile} {SloLimit.NameOf(limit.Metric).ToUpperInvariant()}"),
                a => Numbers.Milliseconds(1000 * a.Trial.Limits.First(l => l.Limit.Metric == limit.Metric).Seconds));
        }

        Row("for a user", a => $"{Numbers.Short(a.TokensPerSecondPerUser)} tokens/s");
        Row("of a device", a => $"{Numbers.Short(a.TokensPerSecondPerDevice)} tokens/s");
        Row("may be missed", a => PlanTables.Words(a.Trial.Limits.Max(l => l.Risk)));
        return table;
    }

    private static string Replicas(PlanAnswer answer)
    {
        string spot = answer.Provision.Spot > 0 ? Say($", {answer.Provision.Spot} on spot") : "";
        int spares = answer.Provision.Replicas - answer.Replicas.Total;
        string more = spares > 0 ? Say($" + {spares}") : "";
        return answer.Replicas.Prefill > 0
            ? Say($"{answer.Replicas.Prefill} prefill, {answer.Replicas.Decode} decode{more}{spot}")
            : Say($"{answer.Replicas.Total}{more}{spot}");
    }

    private static Sentences Margins(PlanResult plan, PlanAnswer chosen)
    {
        ServiceDemand demand = plan.Request.Demand;
        string Load(double load) => demand.IsClosed ? Say($"{load:#,0} users") : Say($"{load:0.##} requests/s");
        List<string> lines = [];
        if (plan.Headroom is { } room)
        {
            lines.Add(room.Factor <= 1.0001
                ? $"Head-room: none; the level is kept up to {Load(room.Load)}."
                : Say($"Head-room: the level is kept up to {(room.IsMore ? "more than " : "")}{Load(room.Load)}, ")
                    + Say($"{(room.Factor - 1) * 100:0} % more."));
        }

        double kv = chosen.Trial.PeakKvUse;
        lines.Add(Say(
            $"At most {kv * 100:0} % of the KV cache is in use; replicas are busy {chosen.Trial.BusyShare * 100:0} % of the time."));
        lines.Add(plan.Failure switch
        {
            null => "",
            { Trial: null, Remaining: > 0 } f => $"When a replica dies, {Left(f, "keep")} the level: there are spares.",
            { IsDown: true } when chosen.Replicas.Prefill > 0 =>
                "When the replica that decodes dies, nothing is answered until it is back; --spares 1 keeps one more.",
            { IsDown: true } => "When the replica dies, nothing is answered until it is back; --spares 1 keeps one more.",
            { Trial: null } => "",
            // What a load that says nothing of the limits has as their times is no property of the service.
            { Trial.Fault: { } fault } f => $"When a replica dies, {Left(f, "do")} not keep the level: {fault.TrimEnd('.')}.",
            { Trial: { } trial } f =>
                $"When a replica dies, {(trial.Meets ? $"{Left(f, "keep")} the level still" : $"{Left(f, "do")} not keep the level")}: "
                    + string.Join(
                        ", ", trial.Limits.Select(l => $"{ServiceLevel.Words(l.Limit)} is at {Numbers.Milliseconds(l.Seconds * 1000)}"))
                    + ".",
        });
        return new Sentences("margins", null, [.. lines.Where(l => l.Length > 0)]);
    }

    // The replicas that are left, with what they do, a verb of several.
    private static string Left(FailureOutcome failure, string verb) => failure.Remaining == 1
        ? $"the one that is left {verb}{(verb.EndsWith('o') ? "es" : "s")}"
        : Say($"the {failure.Remaining} that are left {verb}");

    private static Sentences Nothing(PlanResult plan)
    {
        List<string> lines = ["Nothing keeps this level."];
        if (plan.Nearest is { } nearest)
        {
            lines.Add($"What binds: {nearest.Rejection}.");
            lines.Add($"Nearest: {nearest.Rejection.Deployment.Shape}; {nearest.Would}.");
        }

        return new Sentences("nothing", null, lines) { Bulleted = false };
    }

    private static string Looked(PlanResult plan) =>
        Say($"{plan.Deployments:#,0} deployments were looked at; the best by an analytic model were simulated, ")
            + Say($"{plan.Simulations} times in all.");

    private static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
