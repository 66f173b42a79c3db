using Inferometer.Core.Catalog;
using Inferometer.Core.Frameworks;

namespace Inferometer.Simulation.Costs;

/// <summary>Whose scheduler serves a deployment.</summary>
public static class PlanFramework
{
    /// <summary>The framework that a plan names or is calibrated for; the usual one where it says nothing.</summary>
    public static FrameworkProfile Framework(this ICostPlan plan)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return plan is CalibratedPlan calibrated
            ? calibrated.Match.Subject.Framework
            : plan.Request.Framework ?? FrameworkCatalog.Usual;
    }
}
