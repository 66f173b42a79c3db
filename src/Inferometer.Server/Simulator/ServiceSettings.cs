using System.Globalization;
using Inferometer.Core.Catalog;
using Inferometer.Serving.Arrivals;

namespace Inferometer.Server.Simulator;

/// <summary>
/// All that can be said of a service to simulate, beside its deployment. Options that name files are left out: a client has none here.
/// </summary>
internal static class ServiceSettings
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<ServiceSetting> All { get; } =
    [
        new("rate", "X", "Open loop: requests a second, with turns conversations a second, whatever becomes of those before.")
        {
            IsAbove = true,
            Most = 1e9,
        },
        Whole("users", 1, SimulatorLimits.Users, "Closed loop: users, each of whom asks again when answered."),
        new("ramp", "SECONDS", "Closed loop: users begin one after the other over this time; 0: all at once. As long as a request is "
            + "expected to take where nothing is said.") { Most = 8.64e6 },
        new("arrivals", "SPREAD", "How arrivals at rate are spread: " + ArrivalProcess.Help + ".") { Default = "poisson" },
        new("think", ThinkTime.Help, "Time from an answer to the next question of the same user or conversation.") { Default = "0" },
        Whole("requests", 1, SimulatorLimits.Requests, "Requests in all; as many as duration brings, else 1000, or 10 for each in flight "
            + "up to 20000."),
        new("duration", "SECONDS", "Requests come for this long; those under way are served to their ends.")
        {
            IsAbove = true,
            Most = 8.64e6,
        },
        new("input", "LENGTH", "Prompt tokens of a request, or of each turn: N, uniform:MIN,MAX, normal:MEAN,SD, lognormal:MEAN,SD or "
            + "zipf:S,MIN,MAX.") { Default = "2048" },
        new("output", "LENGTH", "Generated tokens, as input.") { Default = "256" },
        new("turns", "LENGTH", "Conversations of so many turns, as input; each prompt holds what was said before."),
        Whole("shared-prefix", 0, 100_000_000, "Tokens that prompts begin with beside their own.") with { Default = "0" },
        Whole("shared-prefixes", 1, 1_000_000, "How many different such beginnings there are.") with { Default = "1" },
        Whole("seed", 0, int.MaxValue, "Equal seeds give equal requests, on every machine.") with { Default = "0" },
        new("policy", string.Join('|', FrameworkCatalog.Schedulers.Select(p => p.Name)),
            "Whose scheduler, with its own defaults; that of framework where nothing is said."),
        Whole("max-num-batched-tokens", 1, 100_000_000, "Tokens computed in one step; the policy's where nothing is said."),
        Whole("max-num-seqs", 1, 10_000_000, "Sequences running at once in a replica; the policy's where nothing is said."),
        Whole("block-size", 1, 65_536, "Tokens per block of KV cache; the policy's where nothing is said."),
        Whole("kv-tokens", 1, 1_000_000_000, "Tokens that the KV cache of a replica has room for; what the device has room for."),
        new("no-prefix-caching", "", "Nothing is reused between requests."),
        Whole("replicas", 1, SimulatorLimits.Replicas,
            "Equal replicas behind a router, each of the deployment described; dp multiplies them.") with { Default = "1" },
        new("router", "round-robin|least-tokens|prefix-affine", "Which replica a request goes to.") { Default = "round-robin" },
        Whole("prefill-replicas", 1, SimulatorLimits.Replicas,
            "So many of the replicas only compute prompts; keys and values then go to the others."),
        new("kv-link", "GBPS", "Link that keys and values cross, GB/s per device; the machine's link between nodes.")
        {
            IsAbove = true,
            Most = 1e6,
        },
        new("step-overhead", "MS", "What the framework spends on a step beside the network, ms.") { Most = 1e6, Default = "0" },
        new("sequence-overhead", "US", "The same for each sequence in it, us.") { Most = 1e6, Default = "0" },
        new("slo", "LIMITS", "Service level whose goodput is counted, such as ttft:500ms,tpot:40ms."),
        Whole("warm-up", 0, 100_000_000, "Requests that are served and not measured, the first ones; a tenth where nothing is said, in a "
            + "closed loop at least twice users."),
    ];

    /// <summary>One by name.</summary>
    public static ServiceSetting Find(string name) => All.First(s => string.Equals(s.Name, name, StringComparison.Ordinal));

    private static ServiceSetting Whole(string name, int least, int most, string description) =>
        new(name, "N", description) { Least = least, Most = most };

    /// <summary>What a number may be, in words.</summary>
    public static string AllowedOf(ServiceSetting setting) => string.Create(
        CultureInfo.InvariantCulture,
        $"a {(setting.IsWhole ? "whole " : "")}number {(setting.IsAbove ? "above" : "from")} {setting.Least} to {setting.Most}");
}
