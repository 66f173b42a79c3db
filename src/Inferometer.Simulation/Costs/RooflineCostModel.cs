using Inferometer.Simulation.Requests;

namespace Inferometer.Simulation.Costs;

/// <summary>
/// Peak rates times fixed fractions: every operator takes the longest of its arithmetic, its memory traffic and its
/// offloaded traffic, plus the start of its kernels; operators follow one another. Formulas in docs/physics.md. Its plans
/// price a workload or a step in about a microsecond and allocate nothing unless rows are asked for.
/// </summary>
public sealed class RooflineCostModel : ICostModel
{
    /// <inheritdoc/>
    public string Name => "roofline";

    /// <inheritdoc/>
    public ICostPlan Prepare(EstimateRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        FrameworkUnknown.Refuse(request, Name);
        return new RooflinePlan(Name, request);
    }
}
