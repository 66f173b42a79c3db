using Inferometer.Core.Catalog;
using Inferometer.Core.Deployments;
using Inferometer.Core.Hardware;
using Inferometer.Core.Models;
using Inferometer.Core.Weights;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Reports.Models;

/// <summary>What an undivided model takes in memory, as the simulator counts it.</summary>
public static class ModelMemory
{
    private static readonly WeightScheme Wide = WeightFormats.Of(Precision.Bf16, "memory of a model");

    // Weights and cache are the same on every machine; the figures of this one do not enter them.
    private static readonly HardwareSystem AnyMachine = InlineSystem.Create(1, 1, 1, 1, "memory of a model");

    /// <summary>Bytes that a token takes in a cache of 16 bits, before windows cap it.</summary>
    /// <param name="model">The model.</param>
    public static double KvBytesPerToken(ModelArchitecture model) => Of(model, 1, Wide, Precision.Bf16).KvBytesPerToken;

    /// <summary>
    /// Weights and KV cache of one sequence of <paramref name="tokens"/> tokens, bytes; and what one more token takes before windows cap
    /// it.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="tokens">Tokens of the sequence, at least 1.</param>
    /// <param name="weights">How the weights are stored: which tensors a format leaves wide is its own affair.</param>
    /// <param name="kv">Type of the cache.</param>
    public static (double WeightBytes, double KvBytes, double KvBytesPerToken) Of(
        ModelArchitecture model, int tokens, WeightScheme weights, Precision kv)
    {
        ArgumentNullException.ThrowIfNull(weights);
        EstimateRequest request = new()
        {
            Architecture = model,
            System = AnyMachine,
            Precisions = new PrecisionSet { Weights = weights.Main, KvCache = kv },
            WeightScheme = weights,
            Workload = new Workload { InputTokens = tokens, OutputTokens = 1 },
        };
        ICostPlan plan = CostModels.Find(CostModels.Default, "models").Prepare(request);
        MemoryTotals memory = plan.Memory(WorkloadPoint.From(request.Workload))!.Value;
        return (memory.WeightBytes, memory.KvCacheBytes, plan.KvBytesPerToken!.Value);
    }
}
