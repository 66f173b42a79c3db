using Inferometer.Core.Catalog;
using Inferometer.Core.Deployments;
using Inferometer.Core.Hardware;
using Inferometer.Core.Models;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Reports.Models;

/// <summary>What an undivided model takes in memory, as the simulator counts it.</summary>
public static class ModelMemory
{
    // Weights and cache are the same on every machine; the figures of this one do not enter them.
    private static readonly HardwareSystem AnyMachine = InlineSystem.Create(1, 1, 1, 1, "memory of a model");

    /// <summary>
    /// Weights and KV cache of one sequence of <paramref name="tokens"/> tokens, bytes; and what one more token takes before windows cap
    /// it.
    /// </summary>
    public static (
        double WeightBytes, double KvBytes, double KvBytesPerToken) Of(ModelArchitecture model, int tokens, Precision weights, Precision kv)
    {
        EstimateRequest request = new()
        {
            Architecture = model,
            System = AnyMachine,
            Precisions = new PrecisionSet { Weights = weights, KvCache = kv },
            Workload = new Workload { InputTokens = tokens, OutputTokens = 1 },
        };
        ICostPlan plan = CostModels.Find(CostModels.Default, "models").Prepare(request);
        MemoryTotals memory = plan.Memory(WorkloadPoint.From(request.Workload))!.Value;
        return (memory.WeightBytes, memory.KvCacheBytes, plan.KvBytesPerToken!.Value);
    }
}
