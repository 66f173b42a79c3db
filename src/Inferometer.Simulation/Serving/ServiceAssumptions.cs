using System.Globalization;
using Inferometer.Core.Frameworks;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Costs;

namespace Inferometer.Simulation.Serving;

/// <summary>What a simulated service rests on, said in sentences.</summary>
public static class ServiceAssumptions
{
    /// <summary>The sentences: those of the plan, and those of the service.</summary>
    /// <param name="policy">The policy whose options they are, or from which they were made.</param>
    /// <param name="options">How the service was run.</param>
    /// <param name="plan">The deployment of a replica.</param>
    /// <param name="made">How its requests are made up; null = they come from elsewhere.</param>
    public static IEnumerable<string> Of(
        FrameworkProfile policy, ServingSimulationOptions options, ICostPlan plan, TrafficOptions? made = null)
    {
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(plan);
        return made is { KeepsStep: true } ? All(policy, options, plan).Prepend(InStep) : All(policy, options, plan);
    }

    private const string InStep =
        "all requests are of one length, so that users who began together end together and ask together again: times to first token are "
            + "then longer than in a service whose requests differ, such as --input uniform:800,1200 instead of 1000";

    private static IEnumerable<string> All(FrameworkProfile policy, ServingSimulationOptions options, ICostPlan plan)
    {
        yield return $"scheduler: {policy.Scheduler.Description}";
        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"steps of at most {options.Scheduler.MaxTokensPerStep:#,0} tokens and {options.Scheduler.EffectiveMaxSequences:#,0} "
                + $"sequences; blocks of "
                + $"{options.BlockSize} tokens; prefix cache {(options.PrefixCaching ? "on" : "off")}");
        if (options.BlockCount is { } said && plan.KvBytesPerToken is > 0)
        {
            long room = (long)ServingSimulation.BlocksOf(plan, options, out _) * options.BlockSize;
            long tokens = (long)said * options.BlockSize;
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"the KV cache of a replica holds {tokens:#,0} tokens, as said; "
                    + $"{(tokens > room ? "that is more than there is room for, " : "there is room for ")}{room:#,0}");
        }

        if (options.Overhead.SecondsPerStep != 0 || options.Overhead.SecondsPerSequence != 0)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"framework: {options.Overhead.SecondsPerStep * 1e3:0.###} ms a step and {options.Overhead.SecondsPerSequence * 1e6:0.###} "
                    + $"us a sequence beside the cost model");
        }

        ServiceCoefficients beside = options.Coefficients ?? plan.Service;
        if (beside.PromptShare != 1)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"of what a prompt adds to a step, those that decode in it wait for {beside.PromptShare:0.00}, as in measured services, "
                    + $"and its own first token for {beside.OwnPromptShare:0.00} of the step; no step beats the datasheet's peak");
        }

        yield return beside.Admits
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"a request takes {beside.AdmissionSeconds * 1e3:0.0} ms, {beside.AdmissionSteps:0.0} steps and "
                    + $"{beside.AdmissionSecondsPerSequence * 1e3:0.00} ms per request in flight on the way to its first token, "
                    + $"beside queue and prompt, as in measured services")
            : "no tokenisation, no HTTP";
        if (options.Slots is { } slots)
        {
            yield return slots.Divide(options.Scheduler.EffectiveMaxSequences)
                ? string.Create(
                    CultureInfo.InvariantCulture,
                    $"each of {options.Scheduler.EffectiveMaxSequences:#,0} slots has keys and values of its own: a step takes one pass "
                        + $"over the weights for every stretch of neighbouring slots with equally many tokens")
                : "all slots share their keys and values: a step is one pass";
        }

        if (options.Disaggregation is { } apart)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"prefill on {apart.PrefillReplicas} of {options.Replicas} replicas; keys and values cross "
                    + $"{apart.BandwidthBytesPerSecond / 1e9:0.#} GB/s per device, "
                    + $"each request's by itself");
        }

        if (plan.Request.Speculative is { } speculative)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"speculation: {speculative.DraftTokens} drafted tokens a round, each accepted with probability "
                    + $"{speculative.AcceptanceRate:0.###} where those "
                    + $"before it were");
        }

        if (plan.Request.Parallelism.AttentionDataParallel)
        {
            yield return "attention data parallelism: sequences are dealt out to the ranks in turn, the limits of a step hold for each "
                + "rank, and the slowest rank sets the pace of a step";
        }

        foreach (string assumption in plan.Assumptions)
        {
            yield return assumption;
        }
    }
}
