using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Costs;

/// <summary>How far a workload can grow until the fullest device is full. Memory grows with batch and context, so halving finds the edge.</summary>
internal static class MemoryLimits
{
    private const int BatchLimit = 1 << 20;

    public static MemoryReport Report(EstimatePlan plan, WorkloadPoint point, MemoryUse use)
    {
        int most = Math.Max(plan.Request.Architecture.MaxContextTokens, point.InputTokens + point.OutputTokens - 1);
        int generated = point.OutputTokens - 1;
        int prompt = Largest(point.CachedPrefixTokens + 1, most - generated, input => plan.Memory(point with { InputTokens = input }).Fits);
        return new()
        {
            Use = use,
            KvBytesPerToken = plan.KvBytesPerToken(),
            LargestBatch = Largest(1, BatchLimit, batch => plan.Memory(point with { BatchSize = batch }).Fits),
            LongestContextTokens = prompt == 0 ? 0 : prompt + generated,
        };
    }

    /// <summary>Largest value from <paramref name="low"/> to <paramref name="high"/> that fits, given that all below a fitting one fit; 0 = none.</summary>
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
