using System.Runtime.InteropServices;
using Inferometer.Scheduling;
using Inferometer.Scheduling.Blocks;

namespace Inferometer.Inference.Engine;

/// <summary>The scheduler's counts at the end of a step, copied so that other threads can read them without touching the loop.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct SchedulerSnapshot(
    SchedulerStatistics Steps, BlockPoolStatistics Pool, int UsedBlocks, int Waiting, int Running)
{
    public static SchedulerSnapshot Of(Scheduler scheduler) =>
        new(scheduler.Statistics, scheduler.Pool.Statistics, scheduler.Pool.UsedBlocks, scheduler.WaitingCount, scheduler.RunningCount);
}
