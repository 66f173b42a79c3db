using System.Globalization;
using Inferometer.Core;
using Inferometer.Core.Origins;
using Inferometer.Serving;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Serving;

/// <summary>
/// A service on a virtual clock: the engine's own scheduler decides what each step computes, a plan says how long that takes. Equal inputs
/// give equal results, to the last bit.
/// </summary>
public static class ServingSimulation
{
    /// <summary>Serves a trace to its end.</summary>
    /// <param name="trace">What is asked and when.</param>
    /// <param name="plan">The deployment of a replica.</param>
    /// <param name="options">How it is run; null = the defaults, with as much KV cache as the device has room for.</param>
    /// <param name="cancellationToken">Ends the simulation between steps.</param>
    /// <returns>Latencies, rates and goodput, as an engine records them of itself.</returns>
    /// <exception cref="InferometerException">The deployment does not fit, or an option is out of range.</exception>
    public static Predicted<ServingReport> Run(
        ArrivalTrace trace, ICostPlan plan, ServingSimulationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(trace);
        return Serve(trace.ToSource(), plan, options, cancellationToken).Report;
    }

    /// <summary>Serves all that a source asks.</summary>
    /// <param name="source">What is asked and when; used up.</param>
    /// <param name="plan">The deployment of a replica.</param>
    /// <param name="options">How it is run; null = the defaults, with as much KV cache as the device has room for.</param>
    /// <param name="cancellationToken">Ends the simulation between steps.</param>
    /// <exception cref="InferometerException">The deployment does not fit, or an option is out of range.</exception>
    public static ServiceResult Serve(
        IArrivalSource source, ICostPlan plan, ServingSimulationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(plan);
        options ??= new ServingSimulationOptions();
        options.Validate();
        if (options.Disaggregation is not null && plan.KvBytesPerToken is not > 0)
        {
            throw new InferometerException(
                $"disaggregation: the cost model '{plan.CostModel}' does not say what keys and values take, which cross the link.");
        }

        int blocks = options.BlockCount ?? BlocksThatFit(plan, options);
        Service service = new(source, plan, options, blocks, options.DraftPlan ?? DraftOf(plan));
        service.Run(cancellationToken);
        return ServiceSummary.Of(service, plan);
    }

    /// <summary>
    /// The same of what can be asked again. Looking for prompts that begin alike takes most of the time and memory where none do. Without
    /// them the cache of prefixes is of use to a request that was preempted alone, which finds its own beginning; where there is one, all
    /// is done again as it was asked.
    /// </summary>
    /// <param name="source">What is asked and when, anew at each call.</param>
    /// <param name="mayBeginAlike">Whether prompts may share a beginning.</param>
    /// <param name="plan">The deployment of a replica.</param>
    /// <param name="options">How it is run.</param>
    /// <param name="cancellationToken">Ends the simulation between steps.</param>
    /// <exception cref="InferometerException">The deployment does not fit, or an option is out of range.</exception>
    public static ServiceResult Serve(
        Func<IArrivalSource> source, bool mayBeginAlike, ICostPlan plan, ServingSimulationOptions options,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(options);
        if (options.PrefixCaching && !mayBeginAlike)
        {
            ServiceResult plain = Serve(source(), plan, options with { PrefixCaching = false, KeepOutcomes = true }, cancellationToken);
            if (plain.Outcomes.All(o => o.Preemptions == 0))
            {
                return options.KeepOutcomes ? plain : plain with { Outcomes = [] };
            }
        }

        return Serve(source(), plan, options, cancellationToken);
    }

    /// <summary>Blocks of KV cache that the fullest device has room for beside weights and the activations of the largest step.</summary>
    /// <exception cref="InferometerException">There is room for none, or the cost model knows nothing of memory.</exception>
    public static int BlocksThatFit(ICostPlan plan, ServingSimulationOptions options)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(options);
        int blocks = BlocksOf(plan, options, out MemoryTotals memory);
        return blocks >= 1 ? blocks : throw new InferometerException(string.Create(
            CultureInfo.InvariantCulture,
            $"{plan.Request.Architecture.Name} on {plan.Request.System.Name}: no room for a KV cache; "
                + $"{(memory.TotalBytes - memory.KvCacheBytes) / 1e9:0.0} "
                + $"of {memory.CapacityBytes / 1e9:0.0} GB are taken by weights, activations and reserve. More devices "
                + $"(tensor_parallel, --tp) or narrower weights (bits, --bits) make room; an estimate of the same says which do."));
    }

    /// <summary>The same as <see cref="BlocksThatFit"/>; 0 where there is room for none.</summary>
    /// <exception cref="InferometerException">The cost model knows nothing of memory.</exception>
    internal static int BlocksOf(ICostPlan plan, ServingSimulationOptions options, out MemoryTotals memory)
    {
        WorkloadPoint largestStep = new(1, options.Scheduler.MaxTokensPerStep, 1);
        if (plan.KvBytesPerToken is not > 0 || plan.Memory(largestStep) is not { } totals)
        {
            throw new InferometerException(
                $"serving simulation: the cost model '{plan.CostModel}' does not say what the KV cache takes; give the number of blocks.");
        }

        memory = totals;
        int ranks = plan.Request.Parallelism.AttentionDataParallel ? plan.Request.Parallelism.Data : 1; // each has a cache of its own
        double free = memory.CapacityBytes - memory.WeightBytes - memory.ActivationBytes - memory.ReservedBytes;
        double blocks = ranks * Math.Floor(free / (plan.KvBytesPerToken.Value * options.BlockSize));
        return (int)Math.Clamp(blocks, 0, int.MaxValue / options.BlockSize);
    }

    private static ICostPlan? DraftOf(ICostPlan plan) => plan.Request.Speculative?.Draft is { } draft
        ? CostModels.Find(plan.CostModel, "draft model").Prepare(DraftDeployment.RequestOf(plan.Request, draft))
        : null;
}
