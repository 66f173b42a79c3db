using System.Runtime.InteropServices;
using Inferometer.Planning.Demand;
using Inferometer.Planning.Deployments;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Planning.Screening;

/// <summary>What a replica's memory has room for.</summary>
/// <param name="Requests">Requests of the mean length that its caches hold at once; 0 = none.</param>
/// <param name="NeededBytes">Weights, activations and reserve of the fullest device.</param>
/// <param name="CapacityBytes">What these and the cache may fill of it.</param>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct KvRoom(int Requests, double NeededBytes, double CapacityBytes)
{
    private const int Most = 1 << 20;

    /// <summary>Weights, activations and reserve fit.</summary>
    public bool HoldsWeights => NeededBytes <= CapacityBytes;

    /// <summary>The room of a plan; that of a cost model without a notion of memory is without limit.</summary>
    public static KvRoom Of(ICostPlan plan, ServiceDemand demand) =>
        Of(plan.Memory(Full(plan, demand)), plan.Request.Parallelism.Data);

    /// <summary>The room of a plan under other limits of a step.</summary>
    public static KvRoom Of(ICostPlan plan, ServiceDemand demand, int maxSequences, int maxStepTokens, DeploymentPlans plans) =>
        plan is ILimitedMemory limited
            ? Of(limited.MemoryWithin(Full(plan, demand), maxSequences, maxStepTokens), plan.Request.Parallelism.Data)
            : Of(plans.WithLimits(plan, maxSequences, maxStepTokens), demand);

    // One request of the mean length on each rank.
    private static WorkloadPoint Full(ICostPlan plan, ServiceDemand demand) =>
        new(plan.Request.Parallelism.Data, demand.MeanInput, demand.MeanOutput);

    private static KvRoom Of(MemoryTotals? totals, int ranks)
    {
        if (totals is not { } memory)
        {
            return new KvRoom(Most, 0, double.PositiveInfinity);
        }

        double needed = memory.WeightBytes + memory.ActivationBytes + memory.ReservedBytes;
        double each = memory.KvCacheBytes;
        double fit = each > 0 ? Math.Max(0, Math.Floor(memory.KvPoolBytes / each)) : memory.KvPoolBytes >= 0 ? Most : 0;
        return new KvRoom((int)Math.Min(Most, ranks * fit), needed, memory.CapacityBytes);
    }
}
