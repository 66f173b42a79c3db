using System.Globalization;
using Inferometer.Core;
using Inferometer.Core.Origins;
using Inferometer.Scheduling;
using Inferometer.Scheduling.Blocks;
using Inferometer.Serving;
using Inferometer.Serving.Arrivals;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Serving;

/// <summary>
/// One replica that serves an arrival trace on a virtual clock: the engine's own scheduler decides what each step computes, a plan says how
/// long that takes. Equal inputs give equal reports, to the last bit.
/// </summary>
public static class ServingSimulation
{
    /// <summary>Serves a trace to its end.</summary>
    /// <param name="trace">What is asked and when.</param>
    /// <param name="plan">The deployment; speculation is not simulated.</param>
    /// <param name="options">Scheduler, memory and what is recorded; null = the defaults, with as much KV cache as the device has room
    /// for.</param>
    /// <param name="cancellationToken">Ends the simulation between steps.</param>
    /// <returns>Latencies, rates and goodput, as an engine records them of itself.</returns>
    /// <exception cref="InferometerException">The deployment does not fit, or speculation was asked for.</exception>
    public static Predicted<ServingReport> Run(
        ArrivalTrace trace, ICostPlan plan, ServingSimulationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(trace);
        ArgumentNullException.ThrowIfNull(plan);
        options ??= new ServingSimulationOptions();
        if (plan.Request.Speculative is not null)
        {
            throw new InferometerException("serving simulation: speculative decoding is not simulated; leave the draft out.");
        }

        VirtualClock clock = new();
        ServingRecorder recorder = new(options.Recorder);
        BlockPool pool = new(new BlockPoolOptions
        {
            BlockCount = options.BlockCount ?? BlocksThatFit(plan, options),
            BlockSize = options.BlockSize,
            PrefixCaching = options.PrefixCaching,
        });
        Scheduler scheduler = new(options.Scheduler, pool, clock) { Observer = recorder };
        SimulatedStepExecutor executor = new(plan, clock);
        PromptSource prompts = new();
        int next = 0;
        while (next < trace.Count || scheduler.HasWork)
        {
            for (; next < trace.Count && trace[next].Seconds <= clock.Seconds; next++)
            {
                scheduler.TrySubmit(RequestOf(trace[next], prompts), out _, out _); // a refusal is in the report
            }

            if (!scheduler.HasWork)
            {
                clock.AdvanceTo(next < trace.Count ? trace[next].Seconds : clock.Seconds);
                continue;
            }

            scheduler.Step(executor, cancellationToken);
        }

        return recorder.Predicted(plan.CostModel);
    }

    /// <summary>Blocks of KV cache that the fullest device has room for beside weights and the activations of the largest step.</summary>
    /// <exception cref="InferometerException">There is room for none, or the cost model knows nothing of memory.</exception>
    public static int BlocksThatFit(ICostPlan plan, ServingSimulationOptions options)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(options);
        WorkloadPoint largestStep = new(1, options.Scheduler.MaxTokensPerStep, 1);
        if (plan.KvBytesPerToken is not > 0 || plan.Memory(largestStep) is not { } memory)
        {
            throw new InferometerException(
                $"serving simulation: the cost model '{plan.CostModel}' does not say what the KV cache takes; give the number of blocks.");
        }

        double free = memory.CapacityBytes - memory.WeightBytes - memory.ActivationBytes - memory.ReservedBytes;
        double blocks = Math.Floor(free / (plan.KvBytesPerToken.Value * options.BlockSize));
        return blocks >= 1 ? (int)Math.Min(blocks, int.MaxValue / options.BlockSize) : throw new InferometerException(string.Create(
            CultureInfo.InvariantCulture,
            $"{plan.Request.Architecture.Name} on {plan.Request.System.Name}: no room for a KV cache; "
                + $"{(memory.TotalBytes - memory.KvCacheBytes) / 1e9:0.0} "
                + $"of {memory.CapacityBytes / 1e9:0.0} GB are taken by weights, activations and reserve."));
    }

    private static SequenceRequest RequestOf(Arrival arrival, PromptSource prompts) => new()
    {
        Prompt = arrival.Prompt.IsEmpty ? prompts.PromptOf(arrival) : arrival.Prompt,
        MaxNewTokens = arrival.OutputTokens,
        ArrivalSeconds = arrival.Seconds,
        Priority = arrival.Priority,
    };
}
