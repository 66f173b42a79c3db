using Inferometer.Core;
using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Estimators;

/// <summary>The low-level calls: one phase of one fully resolved request, straight from a cost model. Thread-safe.</summary>
public static class PhaseModelling
{
    /// <summary>The step that reads the prompts.</summary>
    /// <param name="request">What runs where.</param>
    /// <param name="costModel">Prices the operators; null = roofline.</param>
    /// <exception cref="InferometerException">The request is impossible.</exception>
    public static PhaseEstimate PrefillModelling(EstimateRequest request, ICostModel? costModel = null) =>
        Prepare(request, costModel).EstimatePrefill();

    /// <summary>The average decode step.</summary>
    /// <param name="request">What runs where; with one output token, the step that yields the second.</param>
    /// <param name="costModel">Prices the operators; null = roofline.</param>
    /// <exception cref="InferometerException">The request is impossible.</exception>
    public static PhaseEstimate DecodeModelling(EstimateRequest request, ICostModel? costModel = null) =>
        Prepare(request, costModel).EstimateDecode();

    /// <summary>One mixed step of prompt chunks and decoding sequences.</summary>
    /// <param name="request">What runs where; its workload is ignored.</param>
    /// <param name="batch">The step.</param>
    /// <param name="costModel">Prices the operators; null = roofline.</param>
    /// <exception cref="InferometerException">The request is impossible or the batch empty.</exception>
    public static PhaseEstimate ChunkedModelling(EstimateRequest request, StepBatch batch, ICostModel? costModel = null) =>
        Prepare(request, costModel).EstimateStep(batch);

    private static ICostPlan Prepare(EstimateRequest request, ICostModel? costModel) =>
        (costModel ?? CostModels.Find(CostModels.Default, nameof(costModel))).Prepare(request);
}
