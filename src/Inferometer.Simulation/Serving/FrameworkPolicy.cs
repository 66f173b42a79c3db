using Inferometer.Core.Frameworks;
using Inferometer.Core.Hardware;
using Inferometer.Scheduling;

namespace Inferometer.Simulation.Serving;

/// <summary>A framework's scheduler, as the catalog describes it, for the engine's scheduler to follow.</summary>
public static class FrameworkPolicy
{
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
                MaxTokensPerStep = size.BudgetTokens,
                MaxSequences = size.Running,
                MaxSequenceTokens = maxSequenceTokens,
                MaxQueueLength = int.MaxValue,
            },
            BlockSize = framework.BlockTokens,
            PrefixCaching = scheduler.PrefixCaching,
        };
    }
}
