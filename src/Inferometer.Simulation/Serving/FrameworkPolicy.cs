using Inferometer.Core.Deployments;
using Inferometer.Core.Frameworks;
using Inferometer.Core.Hardware;
using Inferometer.Scheduling;
using Inferometer.Simulation.Costs;

namespace Inferometer.Simulation.Serving;

/// <summary>A framework's scheduler, as the catalog describes it, for the engine's scheduler to follow.</summary>
public static class FrameworkPolicy
{
    /// <summary>
    /// Options of a simulation of a deployment as a framework's scheduler serves it: what every command and endpoint begins with. What
    /// measured services show beside the times of steps comes from the plan.
    /// </summary>
    /// <param name="framework">The framework.</param>
    /// <param name="plan">The deployment; ranks of its data parallelism that share no layer are replicas.</param>
    public static ServingSimulationOptions OptionsFor(this FrameworkProfile framework, ICostPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        Parallelism parallelism = plan.Request.Parallelism;
        return framework.OptionsFor(plan.Request.System.Device, plan.Request.Architecture.MaxContextTokens) with
        {
            Replicas = parallelism.AttentionDataParallel ? 1 : parallelism.Data,
        };
    }

    /// <summary>Options of a simulation with a framework's scheduler as it comes.</summary>
    /// <param name="framework">The framework.</param>
    /// <param name="device">The device, whose memory some defaults follow.</param>
    /// <param name="maxSequenceTokens">Longest sequence.</param>
    public static ServingSimulationOptions OptionsFor(this FrameworkProfile framework, Device device, int maxSequenceTokens)
    {
        ArgumentNullException.ThrowIfNull(framework);
        FrameworkScheduler scheduler = framework.Scheduler;
        FrameworkSize size = framework.SizeOn(device);
        return new ServingSimulationOptions
        {
            Scheduler = new SchedulerOptions
            {
                Batching = scheduler.StaticBatches ? BatchingMode.Static : BatchingMode.Continuous,
                PrefillFirst = scheduler.PromptsFirst,
                ChunkedPrefill = scheduler.ChunksPrompts,
                ReserveForOutput = scheduler.ReservesOutput,
                AdmissionReserve = scheduler.AdmissionReserve,
                MaxTokensPerStep = StepTokens(scheduler, size),
                MaxSequences = size.Running,
                MaxSequenceTokens = maxSequenceTokens,
                MaxQueueLength = int.MaxValue,
            },
            BlockSize = framework.BlockTokens,
            PrefixCaching = scheduler.PrefixCaching,
            Slots = scheduler.StreamsPerSlot ? new SlotStreams(size.StepTokens, SharedAt: size.Running) : null,
        };
    }

    // A prompt that is read in one piece must fit beside all that decode, or it would wait until these are few: whoever serves so sets the
    // step's tokens to the longest prompt and the sequences together.
    private static int StepTokens(FrameworkScheduler scheduler, FrameworkSize size) =>
        scheduler is { ChunksPrompts: false, PromptsFirst: false, StaticBatches: false }
            ? size.BudgetTokens + size.Running
            : size.BudgetTokens;
}
