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
        int asked = point.InputTokens + point.OutputTokens - 1;
        int most = plan.Request.Architecture.MaxContextTokens;
        most = totals.Fits ? Math.Max(most, asked) : most; // what fits beyond what the model was made for has its warning
        int generated = point.OutputTokens - 1;
        int prompt = Largest(point.CachedPrefixTokens + 1, most - generated, input => Fits(plan, point with { InputTokens = input }));
        int batch = Largest(1, BatchLimit, size => Fits(plan, point with { BatchSize = size }));
        (double? tokens, double? requests) = Cache(plan, point, batch);
        return Sums(plan, totals) with
        {
            KvCapacityTokens = tokens,
            ConcurrentRequests = requests,
            LargestBatch = batch,
            LongestContextTokens = prompt == 0 ? 0 : prompt + generated,
        };
    }

    /// <summary>The totals alone.</summary>
    public static MemoryEstimate Sums(ICostPlan plan, in MemoryTotals totals) => new()
    {
        WeightBytes = totals.WeightBytes,
        KvCacheBytes = totals.KvCacheBytes,
        ActivationBytes = totals.ActivationBytes,
        ReservedBytes = totals.ReservedBytes,
        TotalBytes = totals.TotalBytes,
        CapacityBytes = totals.CapacityBytes,
        UsableBytes = totals.UsableBytes,
        NominalBytes = totals.NominalBytes,
        DeviceName = plan.Request.System.Devices.Count > 0 ? plan.Request.System.Devices[totals.Stage].Name : null,
        KvPoolBytes = totals.KvPoolBytes,
        OffloadedBytes = totals.OffloadedBytes,
        HostCapacityBytes = double.IsFinite(totals.HostCapacityBytes) ? totals.HostCapacityBytes : null,
        Fits = totals.Fits,
        LargestBatch = 0,
        LongestContextTokens = 0,
        KvBytesPerToken = plan.KvBytesPerToken ?? 0,
        Replicas = plan.Request.Parallelism.Data,
    };

    /// <summary>
    /// What the caches hold: the pool of the device that is fullest at the largest batch, over what one request of this length takes there.
    /// Nothing is shared between requests, so that it is what a service without common prompts can count on.
    /// </summary>
    private static (double? Tokens, double? Requests) Cache(ICostPlan plan, WorkloadPoint point, int batch)
    {
        int replicas = plan.Request.Parallelism.Data;
        int perReplica = Math.Max(1, batch / replicas);
        WorkloadPoint full = new(perReplica * replicas, point.InputTokens, point.OutputTokens);
        if (plan.Memory(full) is not { KvCacheBytes: > 0 } use)
        {
            return (null, null);
        }

        int block = plan.Request.Framework?.BlockTokens ?? 1;
        double length = point.InputTokens + point.OutputTokens - 1;
        double requests = Math.Max(0, use.KvPoolBytes) / (use.KvCacheBytes / perReplica);
        double tokens = Math.Floor(requests * length / block) * block;
        return (tokens, replicas * tokens / length);
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
