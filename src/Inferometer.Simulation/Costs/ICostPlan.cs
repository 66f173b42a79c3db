using Inferometer.Core;
using Inferometer.Simulation.Operators;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Costs;

/// <summary>
/// A deployment of a network, prepared by an <see cref="ICostModel"/>. These few members are all that a cost model must
/// answer; whole workloads, reports and metrics follow from them in <see cref="CostPlanEstimates"/>, so that a cost model
/// that corrects another one wraps its plan, changes the totals, and everything behind them follows.
/// Not safe to share between threads: plans reuse their buffers.
/// </summary>
public interface ICostPlan
{
    /// <summary>Name of the cost model that prepared it.</summary>
    string CostModel { get; }

    /// <summary>What the plan was made of.</summary>
    EstimateRequest Request { get; }

    /// <summary>What the figures rest on and how far measurements may lie from them; null where the cost model does not know.</summary>
    EstimateBasis? Basis => null;

    /// <summary>What is assumed, one sentence each.</summary>
    EquatableList<string> Assumptions { get; }

    /// <summary>
    /// KV bytes one more context token of one sequence takes on the fullest device, before windows cap it; null where the cost model has no
    /// notion of memory.
    /// </summary>
    double? KvBytesPerToken { get; }

    /// <summary>
    /// From the end of a step until its tokens are with those who asked, and what they ask next is with the engine, seconds; 0 where the
    /// cost model knows of none.
    /// </summary>
    double HandOverSeconds => 0;

    /// <summary>What measured services of this deployment show beside the times of steps.</summary>
    ServiceCoefficients Service => ServiceCoefficients.None;

    /// <summary>What the weights of the fullest device are made of; empty where the cost model has no notion of memory.</summary>
    IReadOnlyList<WeightUse> Weights => [];

    /// <summary>Prices the step that reads the prompts and yields the first tokens.</summary>
    /// <param name="point">The workload.</param>
    /// <param name="rows">Where to add the operators, one row per distinct layer; null = the sums alone, which allocates nothing where the
    /// cost model says so.</param>
    /// <exception cref="InferometerException">The workload is impossible.</exception>
    PhaseTotals Prefill(in WorkloadPoint point, ICollection<OperatorRow>? rows = null);

    /// <summary>
    /// Prices the average decode step over the positions of the generated tokens 2 to N (speculative: a round); where one output token is
    /// asked for, the step that yields the second.
    /// </summary>
    /// <param name="point">The workload.</param>
    /// <param name="rows">Where to add the operators; null = the sums alone.</param>
    /// <exception cref="InferometerException">The workload is impossible.</exception>
    PhaseTotals Decode(in WorkloadPoint point, ICollection<OperatorRow>? rows = null);

    /// <summary>
    /// Prices one step over any mixture of prompt chunks and decoding sequences, of one replica. Where a draft network
    /// proposes tokens, the step is the target's alone: the draft is a deployment of its own.
    /// </summary>
    /// <param name="prefill">Prompt chunks.</param>
    /// <param name="decode">Decoding sequences, each with one token or, where drafted tokens are checked, several.</param>
    /// <param name="rows">Where to add the operators; null = the sums alone.</param>
    /// <exception cref="InferometerException">The batch is empty or a part of it is impossible.</exception>
    PhaseTotals Step(ReadOnlySpan<PrefillChunk> prefill, ReadOnlySpan<DecodeGroup> decode, ICollection<OperatorRow>? rows = null);

    /// <summary>
    /// Memory of the fullest device when all requests have reached their full length; null where the cost model has no notion of it.
    /// </summary>
    /// <param name="point">The workload.</param>
    /// <param name="activationBytes">Most that the activations of a step take, where it is known from pricing the phases; null = worked out
    /// here, without pricing any time.</param>
    /// <exception cref="InferometerException">The workload is impossible.</exception>
    MemoryTotals? Memory(in WorkloadPoint point, double? activationBytes = null);
}
