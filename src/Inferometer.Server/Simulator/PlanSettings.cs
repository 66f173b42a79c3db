using Inferometer.Planning.Launching;
using Inferometer.Planning.Programs;
using Inferometer.Serving.Arrivals;

namespace Inferometer.Server.Simulator;

/// <summary>
/// All that can be said of a plan beside its model, as the options of <c>plan</c> of those names say it. Those that name files, or say how
/// a table is printed, are left out.
/// </summary>
internal static class PlanSettings
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<ServiceSetting> All { get; } =
    [
        new("slo", "LIMITS", "Service level that must be kept, such as ttft:500ms,tpot:40ms; also p99 ttft, itl, e2e."),
        Whole("users", 1, SimulatorLimits.PlannedUsers, "Closed loop: users, each of whom asks again when answered."),
        new("rate", "X", "Open loop: requests a second, whatever becomes of those before.") { IsAbove = true, Most = 1e9 },
        new("arrivals", "SPREAD", "How arrivals at rate are spread: " + ArrivalProcess.Help + ".") { Default = "poisson" },
        new("think", ThinkTime.Help, "Time from an answer to the same user's next question.") { Default = "0" },
        new("input", "LENGTH", "Prompt tokens, as simulate has them; around a single number they vary by a fifth.") { Default = "2048" },
        new("output", "LENGTH", "Generated tokens, as input.") { Default = "256" },
        Whole("shared-prefix", 0, 100_000_000, "Tokens that all prompts begin with beside their own.") with { Default = "0" },
        new("percentile", "pN", "Percentile of the requests that must keep a limit which names none, above p0 up to p100.")
        {
            Default = "p90",
        },
        new("confidence", "50|75|95", "Percent of such services that should keep the level though predictions err: 50 as predicted, 75 and "
            + "95 by the errors that were seen.") { Default = "50" },
        new("on", "SYSTEM,...", "Machines of the catalog to choose from, or with a number before them the devices that are there: "
            + "h100,8xmi300x; all that have a price where nothing is said."),
        new("framework", string.Join('|', ServingPrograms.All.Select(p => p.Framework)) + ",...",
            "Frameworks to choose from; vllm, sglang and trtllm, or llama.cpp where these do not run."),
        new("weights", "FORMAT,...", "Formats of the weights to choose from; published is the checkpoint's own."),
        new("kv", "FORMAT|q8|q4|low|med|high|FILE[:LEVEL],...",
            "Formats of the KV cache to choose from: published, a format, q8 or q4. Profiles lie in files, which are not taken here."),
        new("tp", "N,...", "Degrees of tensor parallelism to choose from; powers of two up to a node.") { Least = 1, Most = 1024 },
        new("pp", "N,...", "Degrees of pipeline parallelism to choose from; up to 4 nodes, 2 within one.") { Least = 1, Most = 1024 },
        new("max-num-seqs", "N,...", "Batch limits to choose from; those usual with the framework.") { Least = 1, Most = 1_000_000 },
        new("max-num-batched-tokens", "N,...", "Budgets of a step to choose from, tokens; those usual with the framework.")
        {
            Least = 1,
            Most = 100_000_000,
        },
        new("modes", "both|aggregated|disaggregated", "Prompts and answers on the same replicas (aggregated), or on replicas of their own.")
        {
            Default = "both",
        },
        Whole("max-devices", 1, 1 << 20, "Most devices in all; any number where nothing is said."),
        new("budget", "USD", "Most US dollars a month; any sum where nothing is said.") { IsAbove = true, Most = 1e12 },
        Whole("spares", 0, 10_000, "Replicas beyond those that the load takes, for failures.") with { Default = "0" },
        new("spot", "SHARE", "Share of the replicas that may be on spot, for machines whose price on spot is known.")
        {
            Most = 1,
            Default = "0",
        },
        Whole("seed", 0, int.MaxValue, "Equal seeds give equal plans, on every machine.") with { Default = "0" },
        new("pools", "", "Also plan two pools, short prompts and long ones, each with deployments of its own; needs rate and lengths that "
            + "vary."),
        new("emit", string.Join('|', PlanLaunch.Kinds), "Also give what starts the cheapest deployment: the commands of this framework, "
            + "with which alone is planned, or a Kubernetes manifest."),
    ];

    /// <summary>Those that say nothing where no load is given, and what there is is looked at.</summary>
    public static IReadOnlyList<string> OfLoads { get; } =
        ["arrivals", "think", "modes", "max-devices", "budget", "spares", "spot", "seed", "pools", "emit"];

    private static ServiceSetting Whole(string name, int least, int most, string description) =>
        new(name, "N", description) { Least = least, Most = most };
}
