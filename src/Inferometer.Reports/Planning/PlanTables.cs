using System.Globalization;
using Inferometer.Planning;
using Inferometer.Planning.Answers;
using Inferometer.Planning.Demand;
using Inferometer.Planning.Launching;
using Inferometer.Planning.Screening;
using Inferometer.Planning.Trials;
using Inferometer.Reports.Documents;
using Inferometer.Serving;

namespace Inferometer.Reports.Planning;

/// <summary>The tables of a plan, for people and for machines.</summary>
public static class PlanTables
{
    // Below it a change saves nothing.
    private const double LeastShare = 5e-4;

    /// <summary>What a change costs that changes nothing.</summary>
    internal const string AsMuch = "as much";

    /// <summary>Everything under its key: answers, limits, changes, constraints, front.</summary>
    /// <param name="plan">The plan.</param>
    public static Document Full(PlanResult plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        Document document = new(new Facts(
            null,
            [
                new("Model", "model", plan.Model),
                new("Demand", "demand", plan.Request.Demand.ToString()),
                new("Level", "level", plan.Request.Level.ToString()),
                new("Deployments", "deployments", plan.Deployments),
                new("Simulations", "simulations", plan.Simulations),
                new("Head-room", "headroom_factor", Cell.Number(plan.Headroom?.Factor)),
                new("Remaining", "replicas_after_a_failure", Cell.Number(plan.Failure?.Remaining)),
                new("Kept", "level_kept_after_a_failure", plan.Failure is { } f ? (f.Trial?.Meets ?? !f.IsDown) : Cell.None),
                new("Nearest", "nearest", plan.Nearest is { } n ? $"{n.Rejection}; {n.Would}" : Cell.None),
            ]));
        document.Blocks.Add(Answers(plan));
        if (plan.Chosen is { } chosen)
        {
            document.Blocks.Add(Limits(chosen));
            document.Blocks.Add(Changes(plan, chosen));
        }

        document.Blocks.Add(Rejections(plan, int.MaxValue));
        document.Blocks.Add(Front(plan, int.MaxValue));
        document.Blocks.Add(new Sentences("assumptions", null, plan.Assumptions));
        return document;
    }

    /// <summary>What starts the chosen deployment, for machines: a row for each command, or the manifest as a text.</summary>
    /// <param name="launch">What starts it; null = nothing was chosen.</param>
    public static Block Launch(PlanLaunch? launch)
    {
        if (launch?.Manifest is { } manifest)
        {
            return new Facts(null, [new("Manifest", "manifest", manifest)]);
        }

        Table table = new(
            "launch",
            null,
            Column.Text("role", "role"),
            Column.Number("replicas", "replicas"),
            Column.Number("devices", "devices"),
            Column.Text("system", "system"),
            Column.Text("command", "command"));
        foreach (ReplicaCommand each in launch?.Commands ?? [])
        {
            table.Add(each.Command.Role is { } role ? role : Cell.None, each.Replicas, each.Devices, each.System, each.Command.ToShell());
        }

        if (launch?.Router is { } router)
        {
            table.Add("router", 1, 0, Cell.None, router.ToString());
        }

        return table;
    }

    /// <summary>The answers as rows.</summary>
    /// <param name="plan">The plan.</param>
    public static Table Answers(PlanResult plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        Table table = new(
            "answers",
            null,
            [Column.Text("answer", "answer"),
            Column.Text("system", "system"),
            Column.Number("devices", "devices"),
            Column.Number("replicas", "replicas"),
            Column.Number("prefill replicas", "prefill_replicas"),
            Column.Number("rented replicas", "rented_replicas"),
            Column.Number("TP", "tensor_parallel"),
            Column.Number("PP", "pipeline_parallel"),
            Column.Number("EP", "expert_parallel"),
            Column.Number("DP", "attention_data_parallel"),
            Column.Text("weights", "weights"),
            Column.Text("KV cache", "kv_cache"),
            Column.Text("framework", "framework"),
            Column.Number("sequences", "max_sequences"),
            Column.Number("step tokens", "max_step_tokens"),
            Column.Number("$/month", "usd_per_month"),
            Column.Number("$/M tokens", "usd_per_million_output_tokens"),
            Column.Number("J/token", "joules_per_output_token"),
            Column.Number("TTFT p50 ms", "median_ttft_ms"),
            Column.Number("TPOT p50 ms", "median_tpot_ms"),
            Column.Number("requests/s", "request_throughput"),
            Column.Number("tokens/s", "output_throughput"),
            Column.Number("tokens/s per device", "output_throughput_per_device"),
            Column.Number("attainment", "slo_attainment"),
            Column.Text("risk", "risk"),
            .. plan.Request.Level.Limits.Select(OfLimit)]);
        foreach ((string name, PlanAnswer? answer) in AnswersOf(plan))
        {
            if (answer is null)
            {
                continue;
            }

            var shape = answer.Deployment.Shape;
            table.Add([
                name,
                shape.System.Name,
                answer.Provision.Devices,
                answer.Replicas.Total,
                answer.Replicas.Prefill,
                answer.Provision.Replicas,
                shape.Parallelism.Tensor,
                shape.Parallelism.Pipeline,
                shape.Parallelism.Expert,
                shape.Parallelism.Data,
                shape.Weights,
                shape.KvCache,
                shape.Framework.Name,
                answer.Deployment.MaxSequences,
                answer.Deployment.StepTokens,
                Cell.Number(answer.Provision.DollarsPerMonth),
                Cell.Number(answer.DollarsPerMillionTokens),
                Cell.Number(answer.Trial.JoulesPerToken),
                Cell.Number(answer.Trial.TimeToFirstToken * 1000),
                Cell.Number(answer.Trial.TimePerOutputToken * 1000),
                Cell.Number(answer.RequestsPerSecond),
                Cell.Number(answer.OutputTokensPerSecond),
                Cell.Number(answer.TokensPerSecondPerDevice),
                Cell.Share(answer.Trial.Attainment),
                Words(answer.Trial.Limits.Max(l => l.Risk)),
                .. answer.Trial.Limits.Select(l => Cell.Number(l.Seconds * 1000))]);
        }

        return table;
    }

    // What a limit is about, under the key that a service's metric has: p90_ttft_ms.
    private static Column OfLimit(SloLimit limit)
    {
        string metric = limit.Metric is LatencyMetric.EndToEnd ? "e2el" : SloLimit.NameOf(limit.Metric);
        string percentile = string.Create(CultureInfo.InvariantCulture, $"p{limit.Percentile ?? 100:0.###}");
        return Column.Number($"{SloLimit.NameOf(limit.Metric).ToUpperInvariant()} {percentile} ms", $"{percentile}_{metric}_ms");
    }

    /// <summary>How the limits are kept, and where measurements may lie.</summary>
    /// <param name="answer">The answer.</param>
    public static Table Limits(PlanAnswer answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        Table table = new(
            "limits",
            "The limits, ms, and where measurements may lie",
            Column.Text("limit", "limit") with { IsRowName = true },
            Column.Number("median", "median_ms"),
            Column.Number("predicted", "predicted_ms"),
            Column.Number("1 in 4 above", "upper_quarter_ms"),
            Column.Number("1 in 20 above", "upper_twentieth_ms"),
            Column.Text("missed by", "risk"));
        foreach (LimitOutcome limit in answer.Trial.Limits)
        {
            table.Add(
                ServiceLevel.Words(limit.Limit),
                Cell.Number(limit.MedianSeconds * 1000),
                Cell.Number(limit.Seconds * 1000),
                Cell.Number(limit.Half?.High * 1000),
                Cell.Number(limit.NineTenths?.High * 1000),
                new Cell((limit.IsAtRisk ? "at risk: " : "") + Words(limit.Risk), Words(limit.Risk))
                {
                    Tone = limit.IsAtRisk ? Tone.Bad : Tone.Good,
                });
        }

        return table;
    }

    /// <summary>What changes of the question would save, or cost.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="chosen">Its answer.</param>
    public static Table Changes(PlanResult plan, PlanAnswer chosen)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(chosen);
        Table table = new(
            "changes",
            "What to change first",
            Column.Text("change", "change") with { IsRowName = true },
            Column.Number("$ a month", "usd_per_month"),
            Column.Number("saves", "saved_share"),
            Column.Number("devices", "devices"),
            Column.Text("deployment", "deployment") with { Audience = Audience.Machines });
        foreach (Sensitivity change in plan.Sensitivities)
        {
            table.Add(
                change.Change,
                change.Deployment is null ? new Cell("nothing does", null) : Dollars(change.Provision.DollarsPerMonth),
                Cell.Number(SavedBy(change, chosen)),
                change.Deployment is null ? Cell.None : change.Provision.Devices,
                change.Deployment is { } d ? d.ToString() : Cell.None);
        }

        return table;
    }

    /// <summary>The changes of the question that save something, for people.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="chosen">Its answer.</param>
    internal static Table Savings(PlanResult plan, PlanAnswer chosen)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(chosen);
        return Compared(
            "savings", "What to change first", "saves", plan.Sensitivities.Where(c => SavedBy(c, chosen) >= LeastShare),
            c => Percent(SavedBy(c, chosen)!.Value));
    }

    /// <summary>The changes of the question that save nothing, with what they cost, for people.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="chosen">Its answer.</param>
    internal static Table Costs(PlanResult plan, PlanAnswer chosen)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(chosen);
        return Compared(
            "costs", "What would save nothing", "costs", plan.Sensitivities.Where(c => !(SavedBy(c, chosen) >= LeastShare)),
            c => SavedBy(c, chosen) switch
            {
                null => "-",
                <= -LeastShare and var more => $"{Percent(-more)} more",
                _ => AsMuch,
            });
    }

    /// <summary>Why the others are not the answer.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="top">Most rows.</param>
    public static Table Rejections(PlanResult plan, int top)
    {
        ArgumentNullException.ThrowIfNull(plan);
        Table table = new(
            "rejections",
            plan.Chosen is null ? "Why none of them does" : "Why the others are not it",
            Column.Number("deployments", "deployments") with { IsRowName = true },
            Column.Text("the nearest of them", "nearest"),
            Column.Text("which is", "deployment"),
            Column.Text("reason", "reason") with { Audience = Audience.Machines },
            Column.Text("binding", "binding") with { Audience = Audience.Machines });
        foreach (RejectionGroup group in plan.Rejections.Where(g => g.Reason != RejectionReason.Dominated || top == int.MaxValue).Take(top))
        {
            table.Add(
                group.Count,
                group.Nearest.ToString(),
                group.Nearest.Deployment.Shape + (group.Nearest.Deployment.IsDisaggregated ? ", prompts apart" : ""),
                Key(group.Reason.ToString()),
                group.Binding is { } binding ? Rejection.Words(binding) : Cell.None);
        }

        return table;
    }

    /// <summary>Throughput of a device against speed for a user.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="top">Most rows; of more, some are left out evenly.</param>
    public static Table Front(PlanResult plan, int top)
    {
        ArgumentNullException.ThrowIfNull(plan);
        Table table = new(
            "front",
            "Speed for a user against throughput of a device (analytic, means)",
            Column.Number("tokens/s of a user", "tokens_per_s_per_user") with { IsRowName = true },
            Column.Number("of a device", "tokens_per_s_per_device"),
            Column.Number("at once", "sequences"),
            Column.Number("TTFT ms", "ttft_ms"),
            Column.Number("$/M tokens", "usd_per_million_output_tokens"),
            Column.Text("level", "keeps_level"),
            Column.Text("replica", "deployment"));
        foreach (ParetoPoint point in Thinned(plan.Front, top))
        {
            table.Add(
                Cell.Number(point.TokensPerSecondPerUser),
                Cell.Number(point.TokensPerSecondPerDevice),
                point.Sequences,
                Cell.Number(point.TimeToFirstTokenSeconds * 1000),
                point.DollarsPerMillionTokens is { } d ? Cell.Number(d, Numbers.Dollars(d)) : Cell.None,
                new Cell(point.KeepsLevel ? "kept" : "missed", point.KeepsLevel) { Tone = point.KeepsLevel ? Tone.Good : Tone.Dim },
                point.Deployment.Shape.ToString());
        }

        return table;
    }

    /// <summary>A risk in words.</summary>
    public static string Words(Risk risk) => risk switch
    {
        Risk.LessThanOneInTwenty => "less than 1 in 20",
        Risk.UpToOneInFour => "1 in 20 to 1 in 4",
        Risk.MoreThanOneInFour => "more than 1 in 4",
        Risk.Missed => "most",
        _ => "unknown",
    };

    internal static IEnumerable<(string Name, PlanAnswer? Answer)> AnswersOf(PlanResult plan) =>
        [("cheapest", plan.Cheapest), ("smallest", plan.Smallest), ("fastest", plan.Fastest)];

    private static IEnumerable<ParetoPoint> Thinned(IReadOnlyList<ParetoPoint> points, int top)
    {
        int count = Math.Min(points.Count, top);
        for (int i = 0; i < count; i++)
        {
            yield return points[count == 1 ? 0 : (int)Math.Round((double)i * (points.Count - 1) / (count - 1))];
        }
    }

    private static Table Compared(
        string key, string title, string heading, IEnumerable<Sensitivity> changes, Func<Sensitivity, string> compared)
    {
        Table table = new(
            key,
            title,
            Column.Text("change", "change") with { IsRowName = true },
            Column.Number("$ a month", "usd_per_month"),
            Column.Number(heading, "share"),
            Column.Number("devices", "devices"));
        foreach (Sensitivity change in changes)
        {
            bool none = change.Deployment is null;
            table.Add(
                change.Change, none ? new Cell("nothing does", null) : Dollars(change.Provision.DollarsPerMonth), compared(change),
                none ? Cell.None : change.Provision.Devices);
        }

        return table;
    }

    // Of what the answer costs; where no price is known, of its devices. Null = nothing keeps the level then.
    private static double? SavedBy(Sensitivity change, PlanAnswer chosen) => change.Deployment is null
        ? null
        : 1 - ((change.Provision.DollarsPerHour ?? change.Provision.Devices)
            / (chosen.Provision.DollarsPerHour ?? chosen.Provision.Devices));

    private static string Percent(double share) =>
        (share * 100).ToString(share < 0.1 ? "0.#" : "0", CultureInfo.InvariantCulture) + " %";

    private static Cell Dollars(double? value) => value is { } d
        ? Cell.Number(d, string.Create(CultureInfo.InvariantCulture, $"{d:#,0}"))
        : Cell.None;

    private static string Key(string name) =>
        string.Concat(name.Select((c, i) => char.IsUpper(c) ? (i > 0 ? "_" : "") + char.ToLowerInvariant(c) : c.ToString()));
}
