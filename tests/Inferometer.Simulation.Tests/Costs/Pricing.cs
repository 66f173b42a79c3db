using Inferometer.Simulation.Costs;
using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Tests.Costs;

/// <summary>A request prepared and priced in one go: what most tests want.</summary>
internal static class Pricing
{
    public static EstimateReport Estimate(this ICostModel model, EstimateRequest request) => model.Prepare(request).Estimate();

    public static PhaseEstimate Prefill(this ICostModel model, EstimateRequest request) => model.Prepare(request).EstimatePrefill();

    public static PhaseEstimate Decode(this ICostModel model, EstimateRequest request) => model.Prepare(request).EstimateDecode();

    public static PhaseEstimate MixedStep(this ICostModel model, EstimateRequest request, StepBatch batch) =>
        model.Prepare(request).EstimateStep(batch);

    /// <summary>The roofline's plan.</summary>
    public static ICostPlan Plan(EstimateRequest request) => new RooflineCostModel().Prepare(request);

    /// <summary>Memory of a plan that knows it.</summary>
    public static MemoryTotals MemoryAt(this ICostPlan plan, WorkloadPoint point) => plan.Memory(point)!.Value;
}
