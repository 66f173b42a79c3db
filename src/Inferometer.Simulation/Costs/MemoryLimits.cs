using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Costs;

/// <summary>
/// How far a workload can grow until the fullest device is full. Memory grows with batch and context, so halving finds the
/// edge, in some forty steps that ask for bytes alone and price nothing.
/// </summary>
internal static class MemoryLimits
{
    private const int BatchLimit = 1 << 20;

    /// <summary>The totals with the limits beside them.</summary>
    public static MemoryEstimate Report(ICostPlan plan, WorkloadPoint point, MemoryTotals totals)
    {
        int most = Math.Max(plan.Request.Architecture.MaxContextTokens, point.InputTokens + point.OutputTokens - 1);
        int generated = point.OutputTokens - 1;
        int prompt = Largest(point.CachedPrefixTokens + 1, most - generated, input => Fits(plan, point with { InputTokens = input }));
        return new()
        {
            WeightBytes = totals.WeightBytes,
            KvCacheBytes = totals.KvCacheBytes,
            ActivationBytes = totals.ActivationBytes,
            ReservedBytes = totals.ReservedBytes,
            TotalBytes = totals.TotalBytes,
            CapacityBytes = totals.CapacityBytes,
            OffloadedBytes = totals.OffloadedBytes,
            Fits = totals.Fits,
            LargestBatch = Largest(1, BatchLimit, batch => Fits(plan, point with { BatchSize = batch })),
            LongestContextTokens = prompt == 0 ? 0 : prompt + generated,
            KvBytesPerToken = plan.KvBytesPerToken ?? 0,
        };
    }

    private static bool Fits(ICostPlan plan, in WorkloadPoint point) => plan.Memory(point) is { Fits: true };

    /// <summary>
    /// Largest value from <paramref name="low"/> to <paramref name="high"/> that fits, given that all below a fitting one fit; 0 = none.
    /// </summary>
    private static int Largest(int low, int high, Func<int, bool> fits)
    {
        if (!fits(low))
        {
            return 0;
        }

        while (low < high)
        {
            int middle = low + ((high - low + 1) / 2);
            if (fits(middle))
            {
                low = middle;
            }
            else
            {
                high = middle - 1;
            }
        }

        return low;
    }
}
